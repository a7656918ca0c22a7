// Answers cases with CQL: node run_cql.mjs FILE.cql… < cases.jsonl > answers.jsonl
// A case is one line of JSON, [library, {parameter: value}] or [library, {…}, [definition…]]; an answer is one
// line, {definition: answer}, of all definitions or of those named, or {"error": words}. Seconds for compiling and for answering go to stderr, as JSON.
import { readFileSync } from "node:fs";
import { SystemModelInfoProvider } from "@cqframework/cql/cql";
import { CqlTranslator, LibraryManager, ModelManager } from "@cqframework/cql/cql-to-elm";
import cql from "cql-execution";

const models = new ModelManager();
models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
const libraries = {};
const started = performance.now();
for (const file of process.argv.slice(2)) {
  const translator = CqlTranslator.fromText(readFileSync(file, "utf8"), new LibraryManager(models));
  const faults = translator.errors?.asJsReadonlyArrayView?.() ?? [];
  if (faults.length) {
    console.error(file, faults.map((fault) => fault.message ?? String(fault)).join("\n"));
    process.exit(1);
  }
  const library = new cql.Library(JSON.parse(translator.toJson()));
  libraries[library.source.library.identifier.id] = library;
}
const compiled = performance.now();
const none = { currentPatient: () => undefined, nextPatient: () => undefined };
const answers = [];
for (const line of readFileSync(0, "utf8").split("\n")) {
  if (!line) continue;
  const [name, parameters, wanted] = JSON.parse(line);
  try {
    const found = await new cql.Executor(libraries[name], undefined, parameters).exec(none);
    const results = found.unfilteredResults;
    answers.push(JSON.stringify(wanted ? Object.fromEntries(wanted.map((each) => [each, results[each]])) : results));
  } catch (error) {
    answers.push(JSON.stringify({ error: String(error) }));
  }
}
process.stdout.write(answers.join("\n") + "\n");
console.error(JSON.stringify({ compile: (compiled - started) / 1000, answer: (performance.now() - compiled) / 1000 }));
