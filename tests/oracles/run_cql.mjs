// Compiles a CQL library and answers cases with it: node run_cql.mjs LIBRARY.cql DEFINITION… < cases.jsonl > answers.jsonl
// A case is one line of JSON: parameter name to value. An answer is one line: definition name to answer.
import { readFileSync } from "node:fs";
import { SystemModelInfoProvider } from "@cqframework/cql/cql";
import { CqlTranslator, LibraryManager, ModelManager } from "@cqframework/cql/cql-to-elm";
import cql from "cql-execution";

const [file, ...wanted] = process.argv.slice(2);
const models = new ModelManager();
models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
const translator = CqlTranslator.fromText(readFileSync(file, "utf8"), new LibraryManager(models));
const faults = translator.errors?.asJsReadonlyArrayView?.() ?? [];
if (faults.length) {
  console.error(faults.map((fault) => fault.message ?? String(fault)).join("\n"));
  process.exit(1);
}
const library = new cql.Library(JSON.parse(translator.toJson()));
const none = { currentPatient: () => undefined, nextPatient: () => undefined };
const answers = [];
for (const line of readFileSync(0, "utf8").split("\n")) {
  if (!line) continue;
  const executor = new cql.Executor(library, undefined, JSON.parse(line));
  const found = (await executor.exec(none)).unfilteredResults;
  answers.push(JSON.stringify(Object.fromEntries(wanted.map((name) => [name, found[name]]))));
}
process.stdout.write(answers.join("\n") + "\n");
