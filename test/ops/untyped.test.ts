// What plain JavaScript may pass to an op: refused by name, never turned into other numbers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { batches, cast, init, pad, reshape, slice, tensor, zeros } from "../../src/index.js";

const x = zeros([4, 3]);

function untyped(value: unknown): never {
  return value as never;
}

test("types and shapes that do not exist are refused", () => {
  assert.throws(() => tensor([1], { dtype: untyped("float64") }), { code: "bad_dtype", message: /float32, int32, bool/ });
  assert.throws(() => cast(x, untyped("float16")), { code: "bad_dtype" });
  assert.throws(() => zeros([1], { dtype: untyped("f32") }), { code: "bad_dtype" });
  for (const shape of ["3", null, [undefined], [1.5], [-1], ["2"]]) assert.throws(() => zeros(untyped(shape)), { code: "bad_shape" });
  assert.throws(() => reshape(x, untyped(undefined)), { code: "bad_shape" });
  assert.throws(() => tensor(untyped(new BigInt64Array(2))), { code: "not_a_number" });
});

test("options that are left out are named", async () => {
  assert.throws(() => slice(x, untyped(undefined)), { code: "bad_option", message: /slice: the option axis/ });
  assert.throws(() => slice(x, untyped({ axis: 0, start: 0, end: 1 })), { code: "bad_option", message: /the option size/ });
  assert.throws(() => pad(x, untyped({})), { code: "bad_option", message: /axis/ });
  assert.throws(() => [...batches({ x, y: x }, untyped({ batchSize: 2 }))], { code: "bad_option", message: /seed/ });
  await assert.rejects(init(untyped(null)), { code: "bad_option" });
  await assert.rejects(init(untyped({ thread: 2 })), { code: "unknown_option", message: /backend, threads/ });
});

test("whole numbers saturate wherever they come from", () => {
  const values = [3e9, -3e9, 1.7, -1.7, Number.NaN];
  const expected = [2147483647, -2147483648, 1, -1, 0];
  assert.deepEqual(tensor(values, { dtype: "int32" }).toArray(), expected);
  assert.deepEqual(cast(tensor(values), "int32").toArray(), expected);
});
