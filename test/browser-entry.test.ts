// Walks what a browser would load for `import "deep-rnn"` and finds neither Node modules nor packages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const dist = resolve(dirname(fileURLToPath(import.meta.url)), "../src");
const importLine = /^\s*import\b[^;"'`]*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']/gm;
const reExport = /^export\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm;
// Import lines stand above all code; below they are text, as in the README of a saved model.
const firstCode = /^(?:export )?(?:const|let|function|async|class|var)\b/m;
const lazyImport = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

// Follows static imports and lazy ones alike; what is imported as #node/… is a refusal in a browser.
function walk(entry: string): { readonly files: ReadonlySet<string>; readonly foreign: readonly string[] } {
  const files = new Set<string>();
  const foreign: string[] = [];
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    const text = readFileSync(file, "utf8");
    const code = text.search(firstCode);
    const head = code < 0 ? text : text.slice(0, code);
    const statics = [...head.matchAll(importLine), ...text.matchAll(reExport)].map((match) => match[1] ?? match[2] ?? "");
    const lazies = [...text.matchAll(lazyImport)].map((match) => match[1] ?? "").filter((to) => !to.startsWith("#node/"));
    for (const to of [...statics, ...lazies]) {
      if (to.startsWith(".")) queue.push(resolve(dirname(file), to));
      else foreign.push(`${relative(dist, file)} imports ${to}`);
    }
  }
  return { files, foreign };
}

test("the browser entry reaches no node: module and no package", () => {
  const { files, foreign } = walk(resolve(dist, "index.js"));
  assert.ok(files.size > 20, `only ${files.size} files were found: the walk itself is broken`);
  assert.deepEqual(foreign, []);
});

test("no *-node.js file is loaded unless asked for", () => {
  const loaded = [...walk(resolve(dist, "index.js")).files].filter((file) => file.endsWith("-node.js"));
  assert.deepEqual(
    loaded.map((file) => relative(dist, file)),
    [],
  );
});
