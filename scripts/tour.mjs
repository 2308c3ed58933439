// Runs the programs of the tour and writes their pictures, code and printed results into docs/tour. `node scripts/tour.mjs [NAME]...`
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { shownCode, withBlocks } from "../dist/examples/tour/support/page.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const programs = readdirSync(join(root, "examples", "tour")).filter((name) => name.endsWith(".ts"));
const wanted = process.argv.slice(2);
for (const file of programs.filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))) {
  const name = file.replace(/\.ts$/, "");
  const runner = join(root, "dist", "examples", "tour", "support", "run.js");
  const { printed, picture } = JSON.parse(execFileSync(process.execPath, [runner, name], { encoding: "utf8" }));
  writeFileSync(join(root, "docs", "tour", "images", `${name}.svg`), picture);
  const page = join(root, "docs", "tour", `${name}.md`);
  const code = shownCode(readFileSync(join(root, "examples", "tour", file), "utf8"));
  if (existsSync(page)) {
    writeFileSync(page, withBlocks(readFileSync(page, "utf8"), { [`examples/tour/${file}`]: code, "what it prints": printed }));
  }
  process.stdout.write(`${name}\n${printed}`);
}
const index = join(root, "docs", "tour", "README.md");
if (existsSync(index)) {
  const tasks = readFileSync(join(root, "examples", "tour", "support", "tasks.ts"), "utf8");
  const measure = readFileSync(join(root, "examples", "tour", "support", "measure.ts"), "utf8");
  writeFileSync(
    index,
    withBlocks(readFileSync(index, "utf8"), { "examples/tour/support/tasks.ts": tasks, "examples/tour/support/measure.ts": measure }),
  );
}
