// Holds the arrows between the rooms of src/ by reading import lines, and the size and first line of every file.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const src = join(root, "src");

// base <- ir <- {trace, autodiff, passes, lower, backends} <- engine <- ops <- nn <- train <- tasks <- cli; train stores models through io.
const middle = ["trace", "autodiff", "passes", "lower", "backends"];
const upTo = { ir: ["base"], engine: ["base", "ir", ...middle], ops: ["base", "ir", ...middle, "engine"] };
const nn = [...upTo.ops, "ops"];
const train = [...nn, "nn", "io"];
const tasks = [...train, "train", "index.ts", "data"];
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  ...upTo,
  ...Object.fromEntries(middle.map((room) => [room, ["base", "ir"]])),
  nn,
  train,
  data: ["base"],
  io: ["base"],
  inspect: train.concat("train"),
  "index.ts": train.concat("train"),
  tasks,
  exchange: train.concat("train"),
  cli: [...tasks, "tasks", "inspect", "exchange"],
};
const edges = new Set(["data", "io", "inspect", "tasks", "exchange", "cli"]);

const files = readdirSync(src, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".ts"));
const importLine = /^\s*(?:import|export)\b[^;"]*?\bfrom\s+"([^"]+)"|^\s*import\s+"([^"]+)"|(\bimport)\(\s*"([^"]+)"\s*\)/gm;
const imports = files.flatMap((file) =>
  [...readFileSync(join(src, file), "utf8").matchAll(importLine)].map((match) => {
    const written = match[1] ?? match[2] ?? match[4] ?? "";
    // "#node/io/folder" is io/folder-node.js in Node and a refusal elsewhere, see "imports" in package.json.
    const to = written.replace(/^#node\/(.*)$/, (_, name: string) => `./${relative(dirname(file), `${name}-node.js`)}`);
    return { file, lazy: match[3] !== undefined, written, to };
  }),
);
const roomOf = (file: string): string => file.split(/[\\/]/)[0] ?? "";

test("every import follows an arrow", () => {
  assert.ok(imports.length > 100, "the reading of import lines is broken");
  const wrong = imports.filter(({ file, to }) => {
    if (!to.startsWith(".")) return false;
    const target = roomOf(relative(src, resolve(src, dirname(file), to.replace(/\.js$/, ".ts"))));
    return target !== roomOf(file) && !(allowed[roomOf(file)] ?? []).includes(target);
  });
  assert.deepEqual(wrong, []);
});

test("from base to train nothing needs Node or a package, except files named *-node.ts that are loaded lazily", () => {
  const engine = imports.filter(({ file }) => !edges.has(roomOf(file)) && !file.endsWith("-node.ts"));
  assert.deepEqual(
    engine.filter(({ to, lazy }) => !to.startsWith(".") || (to.endsWith("-node.js") && !lazy)),
    [],
  );
});

test("a lazily loaded *-node.ts file is named by #node/, so that bundlers for browsers leave it out, and exists", () => {
  const lazy = imports.filter(({ file, to, lazy: isLazy }) => isLazy && to.endsWith("-node.js") && roomOf(file) !== "cli");
  assert.ok(lazy.length > 5);
  assert.deepEqual(
    lazy.filter(
      ({ file, written, to }) => !written.startsWith("#node/") || !existsSync(resolve(src, dirname(file), to.replace(/\.js$/, ".ts"))),
    ),
    [],
  );
});

test("no file is longer than 400 lines, tables excepted, and each begins by saying its one idea", () => {
  const isTable = (text: string): boolean => /^\/\/.*\b(table|generated)\b/i.test(text);
  const texts = files.map((file) => ({ file, text: readFileSync(join(src, file), "utf8") }));
  assert.deepEqual(
    texts.filter(({ text }) => text.split("\n").length > 401 && !isTable(text)).map(({ file }) => file),
    [],
  );
  assert.deepEqual(
    texts.filter(({ text }) => !/^\/\/ \S/.test(text)).map(({ file }) => file),
    [],
  );
});

test("every public door exists, with its types", () => {
  const doors = (
    JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: Record<string, string | Record<string, string>> }
  ).exports;
  assert.deepEqual(
    Object.keys(doors).filter((door) => door !== "./package.json"),
    [".", "./data", "./tasks", "./inspect", "./io"],
  );
  const paths = Object.values(doors).flatMap((door) => (typeof door === "string" ? [door] : Object.values(door)));
  assert.deepEqual(
    paths.filter((path) => !existsSync(join(root, path))),
    [],
  );
});
