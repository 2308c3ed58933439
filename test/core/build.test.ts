// Building the addon without a compiler, with a failing one and with a working one: one line, no stale file, no work done twice.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "deep-rnn-build-"));
const addon = join(copy, "dist/native/core.node");
for (const folder of ["native", "scripts"]) cpSync(join(root, folder), join(copy, folder), { recursive: true, dereference: true });
mkdirSync(join(copy, "dist/native"), { recursive: true });
after(() => rmSync(copy, { recursive: true, force: true }));

/** Runs the addon's build in the copy. */
function build(environment: Readonly<Record<string, string>>): { lines: string[]; code: number | null } {
  const env = { ...process.env, ...environment };
  const ran = spawnSync(process.execPath, ["scripts/build-native.mjs"], { cwd: copy, env, encoding: "utf8" });
  return { lines: (ran.stdout + ran.stderr).split("\n").filter((line) => line !== ""), code: ran.status };
}

function assertGaveUp({ lines, code }: { lines: string[]; code: number | null }): void {
  assert.equal(code, 0);
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0] ?? "", /WebAssembly is used instead/);
  assert.ok(!existsSync(addon));
}

test("without a compiler one line says so, and a stale addon is removed", () => {
  writeFileSync(addon, "stale");
  assertGaveUp(build({ CXX: "no-such-compiler" }));
});

test("a compiler that fails gives one line and leaves no addon", () => {
  writeFileSync(addon, "stale");
  // Node answers --version and then fails on compiler flags.
  assertGaveUp(build({ CXX: process.execPath }));
});

const own = join(root, "dist/native/core.node");
test("an addon is built again only for other sources", { skip: !existsSync(own) && "no C++ compiler here" }, () => {
  // Built by the same script when this checkout was.
  cpSync(own, addon);
  cpSync(`${own}.hash`, `${addon}.hash`);
  const built = statSync(addon).mtimeMs;
  assert.deepEqual(build({}), { lines: [], code: 0 });
  assert.equal(statSync(addon).mtimeMs, built);
  writeFileSync(join(copy, "native/kernel.cpp"), "#error other sources\n");
  const again = build({});
  assertGaveUp(again);
  assert.match(again.lines[0] ?? "", /other sources/);
});
