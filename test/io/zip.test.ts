// Stored ZIP archives: round trips, damage, and archives that something else made.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DataError } from "../../src/base/errors.js";
import { readZip, writeZip } from "../../src/io/zip.js";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const files: ReadonlyMap<string, Uint8Array> = new Map([
  ["model.json", text('{"a":1}')],
  ["größe.txt", text("x".repeat(300))],
  ["empty", new Uint8Array()],
]);

test("what is written is read back", () => {
  const read = readZip(writeZip(files));
  assert.deepEqual([...read], [...files]);
});

test("equal contents give equal bytes", () => {
  assert.deepEqual(writeZip(files), writeZip(new Map(files)));
});

test("an archive cut at any length is refused", () => {
  const bytes = writeZip(files);
  for (let length = 0; length < bytes.length; length++) assert.throws(() => readZip(bytes.subarray(0, length)), DataError, String(length));
});

test("a changed content is noticed by its checksum", () => {
  const bytes = writeZip(files);
  const edited = bytes.slice();
  const at = 30 + "model.json".length;
  edited[at] = edited[at]! ^ 1;
  assert.throws(() => readZip(edited, "a.drnn"), {
    code: "zip_checksum",
    message: 'a.drnn is damaged: the checksum of "model.json" does not match.',
  });
});

test("no change of one byte is an error other than DataError", () => {
  const bytes = writeZip(files);
  for (let at = 0; at < bytes.length; at++) {
    const edited = bytes.slice();
    edited[at] = edited[at]! ^ 0xff;
    try {
      readZip(edited);
    } catch (error) {
      assert.ok(error instanceof DataError, `byte ${at}: ${String(error)}`);
    }
  }
});

test("a compressed entry is refused with what to do", () => {
  const bytes = writeZip(new Map([["a", text("abc")]]));
  const view = new DataView(bytes.buffer);
  const central = 30 + 1 + 3;
  view.setUint16(central + 10, 8, true);
  assert.throws(() => readZip(bytes), { code: "zip_compressed" });
});
