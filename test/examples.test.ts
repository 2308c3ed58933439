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
  "pure-functions.js": (text) => assert.match(text, /^energy 0\.\d+\ngradient 8x8, second 8x8\n$/),
};

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
