// A file is read in less memory than it takes on the disk: neither its text nor a string per cell is ever kept.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const megabyte = 1024 * 1024;
const series = 300;
const rows = 3000;

function writeLarge(path: string): void {
  const file = openSync(path, "w");
  writeSync(file, "id,ds,y,price,note\n");
  const times = Array.from({ length: rows }, (_, i) =>
    new Date(Date.UTC(2020, 0, 1) + i * 3_600_000).toISOString().slice(0, 19).replace("T", " "),
  );
  for (let k = 0; k < series; k++) {
    const lines = times.map(
      (time, i) => `store_${k},${time},${((i * 7919 + k * 31) % 100_000) / 100},${(i % 500) / 4},"${i % 7 === 0 ? "sale, today" : ""}"`,
    );
    writeSync(file, `${lines.join("\n")}\n`);
  }
  closeSync(file);
}

test("a table is read with a third of the file's size, beside what reading itself needs, and laid out with 8 bytes per value", async () => {
  const folder = mkdtempSync(join(tmpdir(), "large-"));
  const path = join(folder, "large.csv");
  try {
    writeLarge(path);
    const size = statSync(path).size;
    assert.ok(size > 35 * megabyte);
    const child = fileURLToPath(new URL("memory-child.js", import.meta.url));
    // A young generation of fixed size: V8 would let garbage grow as far as memory goes.
    const { stdout } = await promisify(execFile)(process.execPath, ["--max-semi-space-size=2", child, path]);
    const found = JSON.parse(stdout) as { rows: number; series: number; start: number; read: number; laid: number };
    assert.deepEqual([found.rows, found.series], [series * rows, series]);
    const reading = 60 * megabyte;
    assert.ok(found.read - found.start < size / 3 + reading, `reading ${size} bytes took ${found.read - found.start}`);
    assert.ok(found.laid - found.start < size / 3 + reading + 8 * 1.5 * found.rows, `laying out took ${found.laid - found.start}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
