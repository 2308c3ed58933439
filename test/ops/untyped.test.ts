// What plain JavaScript may pass to an op: refused by name, never turned into other numbers.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  argmax,
  batches,
  cast,
  concat,
  init,
  logSoftmax,
  logSumExp,
  max,
  mean,
  min,
  pad,
  reshape,
  slice,
  softmax,
  split,
  stack,
  sum,
  tensor,
  variance,
  zeros,
} from "../../src/index.js";

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
  for (const [op, given, code] of [
    [sum, { axes: [0] }, "unknown_option"],
    [sum, 0, "unknown_option"],
    [mean, { axis: 0, keepdims: true }, "unknown_option"],
    [max, 1, "unknown_option"],
    [min, { axes: 0 }, "unknown_option"],
    [variance, { dim: 0 }, "unknown_option"],
    [argmax, { dim: 0 }, "unknown_option"],
    [softmax, 1, "unknown_option"],
    [logSoftmax, { dim: 1 }, "unknown_option"],
    [logSumExp, { dim: 1 }, "unknown_option"],
  ] as const)
    assert.throws(() => op(x, untyped(given)), { code, message: new RegExp(`${op.name}: .*axis: 0`) });
  assert.throws(() => concat([x, x], untyped(1)), {
    code: "unknown_option",
    message: /concat: there is no option "1"\. As in \{ axis: 0 \}\./,
  });
  assert.throws(() => stack([x, x], untyped({ dim: 1 })), { code: "unknown_option", message: /stack: there is no option "dim"/ });
  assert.throws(() => split(x, 3, untyped(1)), { code: "unknown_option" });
  await assert.rejects(init(untyped(null)), { code: "bad_option" });
  await assert.rejects(init(untyped({ thread: 2 })), { code: "unknown_option", message: /backend, threads/ });
});

test("whole numbers saturate wherever they come from", () => {
  const values = [3e9, -3e9, 1.7, -1.7, Number.NaN];
  const expected = [2147483647, -2147483648, 1, -1, 0];
  assert.deepEqual(tensor(values, { dtype: "int32" }).toArray(), expected);
  assert.deepEqual(cast(tensor(values), "int32").toArray(), expected);
});
