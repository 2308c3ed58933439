// The tour: every program runs and shows what its page says; pages and pictures are what the programs make.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { shownCode, withBlocks } from "../examples/tour/support/page.js";
import type { TourRun } from "../examples/tour/support/run.js";
import { claims } from "./tour-claims.js";

const root = resolve(fileURLToPath(import.meta.url), "../../..");
const pages = join(root, "docs", "tour");
const read = (...path: string[]): string => readFileSync(join(root, ...path), "utf8");
const programs = readdirSync(join(root, "examples", "tour"))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -3));

async function run(name: string): Promise<TourRun> {
  const runner = join(root, "dist", "examples", "tour", "support", "run.js");
  const { stdout } = await promisify(execFile)(process.execPath, [runner, name], { maxBuffer: 16e6 });
  return JSON.parse(stdout) as TourRun;
}

test("every program of the tour has a page, a claim, and a place in the index", () => {
  const names = readdirSync(pages).filter((name) => name.endsWith(".md") && name !== "README.md");
  assert.deepEqual(names, programs.map((name) => `${name}.md`).sort());
  assert.deepEqual(Object.keys(claims).sort(), [...programs].sort());
  const index = read("docs", "tour", "README.md");
  for (const name of programs) assert.ok(index.includes(`(${name}.md)`), name);
});

test("the index shows the files that the programs share", () => {
  const index = read("docs", "tour", "README.md");
  const shared = ["examples/tour/support/tasks.ts", "examples/tour/support/measure.ts"];
  assert.equal(index, withBlocks(index, Object.fromEntries(shared.map((path) => [path, read(path)]))));
});

for (const name of programs) {
  test(`the page ${name} is true, and current`, async () => {
    const page = read("docs", "tour", `${name}.md`);
    const code = shownCode(read("examples", "tour", `${name}.ts`));
    assert.equal(page, withBlocks(page, { [`examples/tour/${name}.ts`]: code }), "run: node scripts/tour.mjs");
    assert.ok(page.includes(`(images/${name}.svg)`));
    const { printed, picture, figures } = await run(name);
    claims[name]?.(figures);
    assertAlike(/<!-- what it prints -->\n```text\n([\s\S]*?)```/.exec(page)?.[1] ?? "", printed);
    const shown = read("docs", "tour", "images", `${name}.svg`);
    assert.deepEqual(words(shown), words(picture), "run: node scripts/tour.mjs");
  });
}

const number = /-?\d+(?:\.\d+)?(?:e[+-]\d+)?/g;
const words = (svg: string): string[] => [...svg.matchAll(/<(?:text|title)[^>]*>([^<]*[a-z][^<]*)</g)].map(([, text = ""]) => text);

// Training carries a last bit that another processor, or a better engine, rounds otherwise into the digits that a page shows. The words
// must be the same; each number within 0.1 or a factor of 10. What matters is in the claims.
function assertAlike(page: string, run: string): void {
  assert.equal(page.replace(number, "#"), run.replace(number, "#"), "run: node scripts/tour.mjs");
  const [onPage, now] = [page, run].map((text) => [...text.matchAll(number)].map(([digits]) => Number(digits)));
  for (const [i, value] of onPage!.entries()) {
    const other = now![i]!;
    const isNear = Math.abs(value - other) <= 0.1 || Math.abs(Math.log10(value / other)) < 1;
    assert.ok(isNear, `the page says ${value}, the program ${other}; run: node scripts/tour.mjs`);
  }
}
