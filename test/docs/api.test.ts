// Every public name explains itself: docstring and example are there, examples compile and give what they say, and docs/api shows them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { compilePrograms, root } from "./compile.js";

interface Entry {
  readonly name: string;
  readonly kind: string;
  readonly doc: string;
  readonly file: string;
}
interface Reader {
  readonly doors: readonly string[];
  readDoor(door: string): readonly Entry[];
  partsOf(doc: string): { readonly text: string; readonly examples: readonly string[] };
}

let reader: Reader;
let entries: readonly (Entry & { readonly door: string })[];

before(async () => {
  reader = (await import(pathToFileURL(join(root, "scripts", "read-declarations.mjs")).href)) as Reader;
  entries = reader.doors.flatMap((door) => reader.readDoor(door).map((entry) => ({ ...entry, door })));
});

test("every public name says what it is, and what can be called shows how", () => {
  assert.ok(entries.length > 350);
  const silent = entries.filter(({ doc }) => reader.partsOf(doc).text === "");
  const isCallable = ({ kind }: Entry): boolean => kind !== "interface" && kind !== "type";
  const unshown = entries.filter((entry) => isCallable(entry) && reader.partsOf(entry.doc).examples.length === 0);
  const places = (list: readonly Entry[]): string[] => list.map(({ name, file }) => `${name} in src/${file}`);
  assert.deepEqual([places(silent), places(unshown)], [[], []]);
});

test("docs/api is what the docstrings say", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts", "api.mjs"), "--check"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

// What examples speak of without making it.
const given = `
declare const model: Model, key: Key, units: number, trainingSeries: Float64Array;
declare const x: Tensor, y: Tensor, xs: Tensor, W: Tensor, U: Tensor, predicted: Tensor, inputs: Tensor, targets: Tensor;
declare const p: { readonly W: Tensor; readonly gain: Tensor; readonly bias: Tensor };
declare const weights: { readonly a: Tensor }, grads: { readonly a: Tensor };
declare const step: (batch: { x: Tensor; y: Tensor }) => Promise<Tensor>;
declare const layerNormLstm: ReturnType<typeof defineCell>;
declare const energy: (U: Tensor, xs: Tensor) => Tensor;
declare const sales: Series, table: Table, w: Windows, preprocess: SavedPreprocess;
`;

test("every example compiles, and those that show a value give it", () => {
  const owners = new Map<string, string>();
  for (const { name, door } of entries) if (!owners.has(name)) owners.set(name, door);
  const imports = reader.doors.map((door) => {
    const names = [...owners].filter(([, owner]) => owner === door).map(([name]) => name);
    return `import { ${names.join(", ")} } from "${door}";`;
  });
  const own = entries.filter(({ name, door }) => owners.get(name) === door);
  const examples = own.flatMap(({ name, doc }) => reader.partsOf(doc).examples.map((code, index) => ({ name, index, code })));
  const functions = examples.map(({ name, index, code }) => `export async function ${name}_example_${index}() {\n${code}\n}`);
  const shown = examples.flatMap(({ name, code }) =>
    [...code.matchAll(/^(.+?);? +\/\/ → (.+)$/gm)].map(([, expression = "", value = ""]) => ({ name, expression, value })),
  );
  const values = shown.map(({ expression }) => `(${expression}).toArray()`);
  const { complaints, folder } = compilePrograms(
    "examples",
    new Map([
      ["examples", [...imports, 'import { readFile, writeFile } from "node:fs/promises";', given, ...functions].join("\n")],
      ["values", [imports[0], `console.log(JSON.stringify([${values.join(",\n")}]));`].join("\n")],
    ]),
  );
  assert.equal(complaints, "");
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, "values.js")], { encoding: "utf8" });
  assert.equal(stderr, "");
  const found = JSON.parse(stdout) as readonly unknown[];
  assert.ok(found.length > 60);
  for (const [index, { name, expression, value }] of shown.entries()) {
    assert.ok(isClose(found[index], JSON.parse(value)), `${name}: ${expression} is ${JSON.stringify(found[index])}, not ${value}`);
  }
});

/** Equal as far as four digits behind the point show. */
function isClose(found: unknown, said: unknown): boolean {
  if (Array.isArray(found) && Array.isArray(said)) return found.length === said.length && found.every((one, i) => isClose(one, said[i]));
  return Math.abs(Number(found) - Number(said)) < 1e-4;
}
