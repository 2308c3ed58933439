// Every example runs as it stands, and what it prints shows that it did what it says.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = resolve(fileURLToPath(import.meta.url), "../../examples");
const run = promisify(execFile);

/** What each example must print; numbers are read, not compared to the digit. */
const printed: Readonly<Record<string, (text: string) => void>> = {
  "article.js": (text) => {
    const [, value = "", truth = ""] = /continued by (\S+), the wave goes on with (\S+)/.exec(text) ?? [];
    assert.ok(Math.abs(Number(value) - Number(truth)) < 0.3, text);
  },
  "custom-cell.js": (text) => assert.ok(falls(text), text),
  "manual-loop.js": (text) => assert.ok(falls(text) && text.startsWith("40 steps"), text),
  "streaming.js": (text) => {
    const [, value = "", truth = ""] = /next value is (\S+), the wave goes on with (\S+)/.exec(text) ?? [];
    assert.ok(Math.abs(Number(value) - Number(truth)) < 0.2, text);
    assert.match(text, /the moved stream gives the same value\n10000 steps later/);
  },
  "classify-lengths.js": (text) => {
    assert.ok(number(text, /accuracy (\S+) on 40/) >= 0.9, text);
    assert.ok(number(text, /bump first: (\S+)/) > 0.7 && number(text, /bump first: \S+ and (\S+)/) < 0.3, text);
  },
  "characters.js": (text) => {
    assert.ok(number(text, /perplexity \S+ -> (\S+)/) < 1.5, text);
    const written = /"(.*)"/.exec(text)?.[1] ?? "";
    const words = written.split(/[ ,.]+/).slice(0, -1);
    assert.ok(written.length > 60 && words.every((word) => /^(the|rain|falls|on|plain|sun|shines|drinks|and|dries)$/.test(word)), text);
  },
  "reverse-attention.js": (text) => assert.match(text, /3 1 4 1 5 2 backwards is 2 5 1 4 1 3/),
  "two-outputs.js": (text) => {
    assert.match(text, /^interrupted in epoch 7\n(early|done) after \d+ epochs/);
    assert.ok(number(text, /mae (\S+),/) < 0.1 && number(text, /accuracy (\S+)/) > 0.95, text);
  },
  "missing-values.js": (text) => {
    assert.ok(number(text, /curve (\S+)/) > 0.9, text);
    assert.ok(number(text, /mean error of (\S+);/) < 0.7 * number(text, /zeros have (\S+)/), text);
  },
  "table.js": (text) => {
    assert.match(text, /144 rows, target Passengers/);
    assert.ok(number(text, /network .* MASE (\S+),/) < number(text, /last year .* MASE (\S+),/), text);
  },
  "pure-functions.js": (text) => assert.match(text, /^energy 0\.\d+\ngradient 8x8, second 8x8\n$/),
};

const number = (text: string, place: RegExp): number => Number(place.exec(text)?.[1]);

const falls = (text: string): boolean => {
  const [, from = "", to = ""] = /loss (\S+) -> (\S+)/.exec(text) ?? [];
  return Number(to) < 0.7 * Number(from);
};

test("every example is checked", () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".js"));
  assert.deepEqual(files.sort(), Object.keys(printed).sort());
});

for (const [name, check] of Object.entries(printed)) {
  test(`${name} runs and does what it says`, async () => {
    const env = { ...process.env };
    delete env.NODE_TEST_CONTEXT;
    const { stdout } = await run(process.execPath, [join(folder, name)], { env });
    check(stdout);
  });
}
