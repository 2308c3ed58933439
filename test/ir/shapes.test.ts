// Shape rules: what does not fit is refused with the op, both shapes and the layer.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Dim, symbolDim } from "../../src/base/dim.js";
import type { DType } from "../../src/base/dtype.js";
import { atPlace, inputNode, makeNode } from "../../src/ir/core/build.js";
import type { Node, OpAttributes, OpName } from "../../src/ir/core/node.js";

const B = symbolDim("B");

function value(shape: readonly Dim[], dtype: DType = "float32"): Node {
  return inputNode("x", { shape, dtype });
}

function refused<K extends OpName>(
  op: K,
  inputs: readonly Node[],
  attrs: OpAttributes[K],
  code: string,
  ...shown: readonly string[]
): void {
  const make = (): Node => atPlace("encoder/lstm-1", () => makeNode(op, inputs, attrs));
  assert.throws(make, (error: unknown) => {
    assert.ok(error instanceof Error && "code" in error);
    assert.equal(error.code, code);
    for (const part of [`${op}: `, 'in layer "encoder/lstm-1"', "during trace", `[${code}]`, ...shown]) {
      assert.ok(error.message.includes(part), `"${error.message}" does not say ${part}`);
    }
    return true;
  });
}

describe("shape errors", () => {
  it("name both shapes of operands that do not broadcast", () => {
    refused("add", [value([2, 3]), value([4])], null, "shapes_do_not_broadcast", "[2, 3] float32", "[4] float32", "3 against 4");
    refused("mul", [value([B, 3]), value([2, 3])], null, "shapes_do_not_broadcast", "[B, 3]", "[2, 3]");
    refused("select", [value([5], "bool"), value([2]), value([2])], null, "shapes_do_not_broadcast", "[5] bool", "[2] float32");
  });
  it("name both element types", () => {
    refused("add", [value([2]), value([2], "int32")], null, "dtypes_differ", "[2] float32", "[2] int32");
    refused("tanh", [value([2], "int32")], null, "wrong_dtype", "[2] int32", "float32");
    refused("div", [value([2], "int32"), value([2], "int32")], null, "wrong_dtype", "[2] int32");
    refused("sum", [value([2], "int32")], { axes: [0] }, "wrong_dtype", "[2] int32");
    refused("select", [value([2]), value([2]), value([2])], null, "condition_not_bool", "[2] float32");
    refused("gather", [value([2, 3]), value([4])], null, "wrong_dtype", "[4] float32", "int32");
  });
  it("name both shapes of a product", () => {
    const attrs = { aBatch: [], bBatch: [], aContract: [1], bContract: [0] };
    refused("dot", [value([B, 100]), value([128, 512])], attrs, "dot_sizes", "[B, 100] float32", "[128, 512] float32", "100", "128");
    refused("dot", [value([2, 3]), value([3])], { ...attrs, bContract: [] }, "unpaired_axes", "[2, 3]", "[3]");
    refused("dot", [value([2, 3]), value([3])], { ...attrs, aContract: [2] }, "bad_axis", "axis 2 of [2, 3]");
  });
  it("name both shapes of movements", () => {
    refused("reshape", [value([B, 3])], { shape: [B, 4] }, "element_count", "[B, 3]", "[B, 4]", "3*B", "4*B");
    refused("transpose", [value([2, 3])], { permutation: [0, 0] }, "not_a_permutation", "[0, 0]", "[2, 3]");
    refused("broadcast", [value([2, 3])], { shape: [2, 4] }, "cannot_broadcast", "[2, 3]", "[2, 4]");
    refused("slice", [value([2, 3])], { axis: 1, start: 2, size: 2 }, "slice_range", "2 entries from 2", "axis 1 of [2, 3]");
    refused("pad", [value([2])], { axis: 0, before: -1, after: 0 }, "negative_padding", "-1", "[2]");
    refused("concat", [value([2, 3]), value([2, 4])], { axis: 0 }, "cannot_concat", "[2, 3]", "[2, 4]");
    refused("maxOf", [value([2])], { axis: 1 }, "bad_axis", "axis 1 of [2]");
    refused("sum", [value([2, 3])], { axes: [1, 0] }, "axes_order", "[1, 0]", "[2, 3]");
  });
  it("name both shapes of indexing", () => {
    refused("scatterAdd", [value([2, 3]), value([4], "int32")], { rows: 5 }, "index_shape", "[2, 3]", "[4]");
    refused("gather", [value([]), value([4], "int32")], null, "table_without_axis", "[] float32");
    refused("random", [value([3], "int32"), value([4], "int32")], { kind: "uniform" }, "not_a_key", "[3]");
  });
});

describe("shape rules with sizes known at run time", () => {
  it("equal expressions meet, sizes of 1 expand", () => {
    assert.deepEqual(makeNode("add", [value([B, 3]), value([B, 1])], null).shape, [B, 3]);
    assert.deepEqual(makeNode("mul", [value([1]), value([B])], null).shape, [B]);
  });
  it("pad, concat and reshape compute with symbols", () => {
    const show = (node: Node): string => node.shape.map((dim) => (typeof dim === "number" ? dim : dim.key)).join(" ");
    assert.equal(show(makeNode("pad", [value([B, 2])], { axis: 0, before: 1, after: B })), "2*B+1 2");
    assert.equal(show(makeNode("concat", [value([B, 2]), value([3, 2])], { axis: 0 })), "B+3 2");
    assert.equal(show(makeNode("reshape", [value([B, 2, 3])], { shape: [2, B, 3] })), "2 B 3");
  });
});
