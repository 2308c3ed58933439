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

/** An archive of one file with this name. */
function named(name: string): Uint8Array {
  return writeZip(new Map([[name, text("x")]]));
}

test("names that lead out of a folder, or could on some system, are refused", () => {
  for (const name of [
    "../model.json",
    "a/../../b",
    "/etc/passwd",
    "C:\\x",
    "C:/x",
    "a\\..\\b",
    "a//b",
    "./a",
    "..",
    "a\u0000b",
    "a\nb",
    "",
  ]) {
    assert.throws(
      () => readZip(named(name), "a.drnn"),
      (error: unknown) => {
        assert.ok(error instanceof DataError);
        assert.equal(error.code, "zip_path");
        assert.match(error.message, /^a\.drnn is refused: its entry ".*" is not a plain path inside the archive\.$/);
        return true;
      },
      JSON.stringify(name),
    );
  }
  assert.deepEqual([...readZip(named("assets/words.txt")).keys()], ["assets/words.txt"]);
});

test("a symbolic link, an encrypted entry and two names for one entry are refused", () => {
  const central = 30 + 1 + 1;
  const edited = (change: (view: DataView) => void): Uint8Array => {
    const bytes = named("a");
    change(new DataView(bytes.buffer));
    return bytes;
  };
  assert.throws(() => readZip(edited((view) => view.setUint16(central + 40, 0xa1ff, true))), { code: "zip_path" });
  assert.throws(() => readZip(edited((view) => view.setUint16(central + 8, 1, true))), { code: "zip_encrypted" });
  assert.throws(() => readZip(edited((view) => view.setUint8(30, "b".charCodeAt(0)))), { code: "zip_entry" });
});

test("entries that share bytes are refused: a small archive cannot stand for a large one", () => {
  // The second entry's content is a whole entry of its own, and a third line of the directory points into it.
  const inner = writeZip(new Map([["c", text("y".repeat(50))]])).subarray(0, 30 + 1 + 50);
  const outer = writeZip(new Map([["a", inner]]));
  const directory = 30 + 1 + inner.length;
  const line = writeZip(new Map([["c", text("y".repeat(50))]])).slice(inner.length, inner.length + 47);
  new DataView(line.buffer).setUint32(42, 31, true);
  const bytes = Buffer.concat([outer.subarray(0, directory + 47), line, outer.subarray(directory + 47)]);
  const end = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  end.setUint16(bytes.length - 22 + 10, 2, true);
  assert.throws(() => readZip(bytes, "a.drnn"), { code: "zip_entry", message: 'a.drnn is damaged: "c" overlaps something else.' });
});

test("a directory that counts too few or too many entries is refused", () => {
  for (const count of [0, 1, 2, 4, 65535]) {
    const bytes = writeZip(files);
    new DataView(bytes.buffer).setUint16(bytes.length - 22 + 10, count, true);
    assert.throws(() => readZip(bytes), { code: "zip_directory" }, String(count));
  }
});
