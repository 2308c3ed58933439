// The page of layers names every layer, activation and initialiser that there is.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { activations } from "../../src/nn/activations.js";

const page = readFileSync("docs/layers.md", "utf8"); // tests run in the repository root

test("docs/layers.md names every layer that files can hold", () => {
  const maker = readFileSync("src/nn/layers/from-config.ts", "utf8");
  const kinds = [...maker.matchAll(/case "(\w+)":/g)].map(([, kind]) => kind!);
  assert.ok(kinds.length > 15);
  for (const kind of kinds) assert.ok(page.includes(`\`${kind}`), kind);
});

test("docs/layers.md names every activation and every recurrent option", () => {
  for (const name of Object.keys(activations)) assert.ok(page.includes(`\`${name}\``), name);
  const options = readFileSync("src/nn/layers/recurrent.ts", "utf8").match(/const kinds: OptionKinds = \{([^}]*)\}/)?.[1] ?? "";
  const names = [...options.matchAll(/(\w+): "/g)].map(([, name]) => name!);
  assert.ok(names.length > 8);
  for (const name of names) assert.ok(page.includes(`\`${name}\``), name);
});
