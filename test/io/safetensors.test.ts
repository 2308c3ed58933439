// The safetensors reader: round trips, and one clear sentence for every kind of damage.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DataError } from "../../src/base/errors.js";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../../src/io/safetensors.js";

const small: ReadonlyMap<string, StoredTensor> = new Map<string, StoredTensor>([
  ["lstm-1/W", { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, -0, 3.5, NaN, Infinity, 1e-40) }],
  ["ids", { dtype: "int32", shape: [2], data: Int32Array.of(-1, 2147483647) }],
  ["seen", { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ["scalar", { dtype: "float32", shape: [], data: Float32Array.of(7) }],
  ["empty", { dtype: "float32", shape: [0, 4], data: new Float32Array() }],
]);

function refused(bytes: Uint8Array, code: string): void {
  assert.throws(
    () => readSafetensors(bytes, "w.safetensors"),
    (error: unknown) => {
      assert.ok(error instanceof DataError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, /^w\.safetensors is damaged: .+\.$/);
      return true;
    },
  );
}

/** A file with this header text and this many zero bytes behind it. */
function withHeader(header: unknown, dataBytes: number, announced?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

test("what is written is read back to the bit", () => {
  const { tensors, metadata } = readSafetensors(writeSafetensors(small, { format: "deep-rnn" }));
  assert.deepEqual(metadata, { format: "deep-rnn" });
  assert.deepEqual([...tensors.keys()].sort(), [...small.keys()].sort());
  for (const [name, { dtype, shape, data }] of small) {
    const read = tensors.get(name)!;
    assert.equal(read.dtype, dtype);
    assert.deepEqual(read.shape, shape);
    assert.deepEqual(
      new Uint8Array(read.data.buffer, read.data.byteOffset, read.data.byteLength),
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
  }
});

test("arrays start at a multiple of 8 bytes", () => {
  const bytes = writeSafetensors(small);
  const headerSize = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assert.equal(headerSize % 8, 0);
});

test("a file cut at any length is refused", () => {
  const bytes = writeSafetensors(small);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readSafetensors(bytes.subarray(0, length)), DataError, `${length} of ${bytes.length} bytes`);
  }
});

test("bytes behind the end are refused", () => {
  const bytes = writeSafetensors(small);
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  refused(longer, "safetensors_truncated");
});

test("no change of one byte of the header is an error other than DataError", () => {
  const bytes = writeSafetensors(small);
  const end = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  for (let at = 0; at < end; at++) {
    for (const flip of [1, 0x20, 0x80]) {
      const edited = bytes.slice();
      edited[at] = edited[at]! ^ flip;
      try {
        readSafetensors(edited);
      } catch (error) {
        assert.ok(error instanceof DataError, `byte ${at}: ${String(error)}`);
      }
    }
  }
});

test("a header that claims more than the file or the limit is refused before anything is read", () => {
  refused(withHeader({}, 0, 3n), "safetensors_truncated");
  refused(withHeader({}, 0, 16_000_001n), "safetensors_header_size");
  refused(withHeader({}, 0, 0xffff_ffff_ffff_ffffn), "safetensors_header_size");
});

test("headers that are not an object of entries are refused", () => {
  refused(withHeader("[1, 2]", 0), "safetensors_header");
  refused(withHeader("{", 0), "safetensors_header");
  refused(withHeader({ a: 3 }, 0), "safetensors_entry");
  refused(withHeader({ __metadata__: { a: 1 } }, 0), "safetensors_metadata");
});

test("overlapping offsets, gaps and offsets outside the file are refused", () => {
  const entry = (begin: number, end: number): unknown => ({ dtype: "F32", shape: [(end - begin) / 4], data_offsets: [begin, end] });
  refused(withHeader({ a: entry(0, 8), b: entry(4, 12) }, 12), "safetensors_offsets");
  refused(withHeader({ a: entry(0, 4), b: entry(8, 12) }, 12), "safetensors_offsets");
  refused(withHeader({ a: entry(0, 4), b: entry(0, 4) }, 8), "safetensors_offsets");
  refused(withHeader({ a: entry(0, 16) }, 12), "safetensors_truncated");
  refused(withHeader({ a: { dtype: "F32", shape: [1], data_offsets: [4, 0] } }, 4), "safetensors_offsets");
});

test("wrong element types, sizes that do not fit, and sizes that are no whole numbers are refused", () => {
  refused(withHeader({ a: { dtype: "F64", shape: [1], data_offsets: [0, 8] } }, 8), "safetensors_dtype");
  refused(withHeader({ a: { dtype: 4, shape: [1], data_offsets: [0, 4] } }, 4), "safetensors_dtype");
  refused(withHeader({ a: { dtype: "F32", shape: [3], data_offsets: [0, 4] } }, 4), "safetensors_size");
  refused(withHeader({ a: { dtype: "F32", shape: [2 ** 40, 2 ** 40], data_offsets: [0, 4] } }, 4), "safetensors_size");
  for (const size of [-1, 1.5, null, "4", [4]]) {
    refused(withHeader({ a: { dtype: "F32", shape: [size], data_offsets: [0, 4] } }, 4), "safetensors_shape");
    refused(withHeader({ a: { dtype: "F32", shape: [1], data_offsets: [0, size] } }, 4), "safetensors_offsets");
  }
  refused(withHeader('{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}', 4), "safetensors_header");
  refused(withHeader('{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}', 4), "safetensors_shape");
});

test("a name such as __proto__ is a name like any other", () => {
  const tensors = new Map<string, StoredTensor>([["__proto__", { dtype: "float32", shape: [1], data: Float32Array.of(5) }]]);
  const read = readSafetensors(writeSafetensors(tensors)).tensors;
  assert.equal(read.get("__proto__")?.data[0], 5);
});

test("a name that appears twice, deep nesting and a header of nothing but lists are refused", () => {
  const entry = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
  refused(withHeader(`{"a":${entry},"a":${entry}}`, 4), "safetensors_header");
  refused(withHeader(`{"a":${entry},"\\u0061":${entry}}`, 4), "safetensors_header");
  refused(withHeader(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, 0), "safetensors_header");
  refused(withHeader(`{"a":[${"[],".repeat(3_000_000)}[]]}`, 0), "safetensors_header");
});
