// Writes src/gql/: the types of the operations in src/, from schema.graphql. With --check it writes nothing and fails where they differ.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import { preset } from "@graphql-codegen/client-preset";
import { buildASTSchema, parse, validate, visit } from "graphql";

const folder = "src/gql/";
const isCheck = process.argv.includes("--check");
const text = readFileSync("../../schema.graphql", "utf8");
// Without descriptions: the types change when something is renamed, not when a sentence is.
const schema = visit(parse(text), { enter: (node) => (node.description ? { ...node, description: undefined } : undefined) });
const schemaAst = buildASTSchema(schema);

/** Each text of graphql(`…`) with the file that it stands in. */
function documentsOf(path) {
  const found = readFileSync(path, "utf8").matchAll(/\bgraphql\(`([^`]*)`\)/g);
  return [...found].map(([, rawSDL]) => ({ location: path, document: parse(rawSDL), rawSDL }));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

const sources = readdirSync("src", { recursive: true }).filter((name) => /\.tsx?$/.test(name) && !name.startsWith("gql"));
const documents = sources.sort().flatMap((name) => documentsOf(`src/${name}`));
const whole = { kind: "Document", definitions: documents.flatMap(({ document }) => document.definitions) };
const errors = validate(schemaAst, whole);
if (errors.length) fail(errors.map((error) => `${error.message}\n${error.nodes?.[0]?.loc?.source.body ?? ""}`).join("\n"));

const config = {
  enumsAsTypes: true,
  useTypeImports: true,
  scalars: { DateTime: "string", Duration: "string", JSON: "unknown", Rate: "string" },
};
const outputs = await preset.buildGeneratesSection({
  baseOutputDir: folder,
  schema,
  schemaAst,
  documents,
  config,
  presetConfig: { fragmentMasking: false },
  plugins: [],
  pluginMap: {},
  pluginContext: {},
});
for (const output of outputs) {
  const made = await codegen({ ...output, schemaAst: output.schemaAst ?? schemaAst });
  if (!isCheck) writeFileSync(output.filename, made);
  else if (readFileSync(output.filename, "utf8") !== made) fail(`${output.filename} is not what schema.graphql makes. Run: make schema`);
}
