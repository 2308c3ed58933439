// The package as its users get it: packed, installed, compiled strictly, run, bundled for browsers, and asked about by two linters.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

interface Checked {
  readonly package: { readonly bytes: number; readonly files: number };
  readonly runs: readonly { readonly node: string; readonly found: Readonly<Record<string, unknown>> | null }[];
  readonly browser: { readonly gzipBytes: number; readonly assets: readonly string[] };
  readonly faults: readonly string[];
}

test("the packed tarball compiles, runs every documented block, and bundles for browsers below 150 kB", () => {
  const { stdout, stderr } = spawnSync(process.execPath, ["scripts/check-package.mjs", "--link"], { cwd: root, encoding: "utf8" });
  assert.match(stdout, /^\{/, stderr);
  const checked = JSON.parse(stdout) as Checked;
  assert.deepEqual(checked.faults, []);
  assert.ok(checked.browser.gzipBytes < 150_000, `${checked.browser.gzipBytes} bytes of JavaScript, compressed`);
  assert.ok(checked.browser.assets.some((name) => name.endsWith(".wasm")));
  assert.ok(checked.package.bytes < 2_000_000, `${checked.package.bytes} bytes`);
  const { backend, ...found } = checked.runs[0]?.found ?? {};
  assert.ok(backend === "native" || backend === "wasm", String(backend));
  const [columns, square] = [
    [12, 2],
    [8, 8],
  ];
  assert.deepEqual(found, {
    article: [columns, 2, true],
    shop: [
      [12, 1],
      [12, 1],
    ],
    cells: [columns, 2, true],
    stream: [[1, 2], true],
    loop: [60, true],
    saved: [true, "This model uses cell layer-norm-lstm; pass it in cells. loadModel(path, { cells: [layerNormLstm] }) [missing_cell]"],
    torch: [true],
    callbacks: ["early", 1],
    data: [["mae", "mase", "rmse", "smape"], 3, "number", "function"],
    pure: [square, square],
  });
});
