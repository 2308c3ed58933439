// Every op's exact evaluation against values worked out by hand or by plain loops.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { symbolDim } from "../../src/base/dim.js";
import type { DType } from "../../src/base/dtype.js";
import { keyAt, uniformAt } from "../../src/base/random.js";
import { evaluateOp } from "../../src/ir/core/interpret.js";
import type { OpAttributes, OpName } from "../../src/ir/core/node.js";
import type { ExactValue } from "../../src/ir/core/primitive.js";
import { allCases, caseName, casesOf, drawInputs, type LoneOp } from "../support/op-cases.js";
import { assertSame, bools, floats, ints } from "../support/values.js";

const plainUnary = {
  neg: (x: number) => -x,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  floor: Math.floor,
} as const;

const plainBinary = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  min: Math.min,
  max: Math.max,
  lt: (a: number, b: number) => Number(a < b),
  le: (a: number, b: number) => Number(a <= b),
  eq: (a: number, b: number) => Number(a === b),
} as const;

/** The element of `value` that broadcasting puts at this index of the result. */
function elementAt({ shape, data }: ExactValue, index: readonly number[]): number {
  const own = index.slice(index.length - shape.length).map((i, axis) => (shape[axis] === 1 ? 0 : i));
  return data[own.reduce((at, i, axis) => at * shape[axis]! + i, 0)]!;
}

function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>((found, size) => found.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])), [[]]);
}

function evaluate<K extends OpName>(op: K, attrs: OpAttributes[K], ...inputs: ExactValue[]): ExactValue {
  return evaluateOp(op, attrs, inputs);
}

describe("elementwise ops", () => {
  for (const [op, plain] of Object.entries(plainUnary) as [keyof typeof plainUnary, (x: number) => number][]) {
    it(`${op} is Math's for every element`, () => {
      for (const example of casesOf(op).filter(({ inputs }) => inputs[0]!.dtype === "float32")) {
        const [x] = drawInputs(example, 1);
        assertSame(evaluate(op, null, x!), floats(x!.shape, Array.from(x!.data, plain)));
      }
    });
  }
  for (const [op, plain] of Object.entries(plainBinary) as [keyof typeof plainBinary, (a: number, b: number) => number][]) {
    it(`${op} broadcasts like numpy`, () => {
      for (const example of casesOf(op).filter(({ inputs }) => inputs[0]!.dtype === "float32")) {
        const [a, b] = drawInputs(example, 2);
        const result = evaluate(op, null, a!, b!);
        const expected = indicesOf(result.shape).map((index) => plain(elementAt(a!, index), elementAt(b!, index)));
        assert.deepEqual(Array.from(result.data), expected, caseName(example));
      }
    });
  }
  it("integers wrap at 32 bits", () => {
    const [a, b] = [ints([3], [2147483647, -2147483648, 123456789]), ints([3], [1, 1, 987654321])];
    assertSame(evaluate("add", null, a, b), ints([3], [-2147483648, -2147483647, 1111111110]));
    assertSame(evaluate("sub", null, a, b), ints([3], [2147483646, 2147483647, -864197532]));
    assertSame(evaluate("mul", null, a, b), ints([3], [2147483647, -2147483648, -67153019]));
    assertSame(evaluate("neg", null, a), ints([3], [-2147483647, -2147483648, -123456789]));
    assertSame(evaluate("abs", null, a), ints([3], [2147483647, -2147483648, 123456789]));
  });
  it("select broadcasts its three inputs", () => {
    const result = evaluate("select", null, bools([2, 1], [1, 0]), floats([3], [1, 2, 3]), floats([], [9]));
    assertSame(result, floats([2, 3], [1, 2, 3, 9, 9, 9]));
  });
  it("cast truncates and saturates to int32 and asks for non-zero to bool", () => {
    const x = floats([6], [1.9, -1.9, 3e9, -3e9, Number.NaN, 0.2]);
    assertSame(evaluate("cast", { dtype: "int32" }, x), ints([6], [1, -1, 2147483647, -2147483648, 0, 0]));
    assertSame(evaluate("cast", { dtype: "bool" }, x), bools([6], [1, 1, 1, 1, 1, 1]));
    assertSame(evaluate("cast", { dtype: "float32" }, bools([2], [0, 1])), floats([2], [0, 1]));
  });
  it("stop and tap pass values on", () => {
    const x = floats([2], [-0, Number.NaN]);
    assertSame(evaluate("stop", null, x), x);
    assertSame(evaluate("tap", { name: "gate" }, x), x);
  });
});

describe("sources", () => {
  it("constant, iota and sizeOf give their values", () => {
    const data = Float64Array.of(-0, Number.NaN, 1e-320);
    assertSame(evaluate("constant", { data, shape: [3], dtype: "float32" }), floats([3], [-0, Number.NaN, 1e-320]));
    assertSame(evaluate("iota", { size: 4 }), ints([4], [0, 1, 2, 3]));
    const B = symbolDim("B");
    assertSame(evaluateOp("sizeOf", { dim: B }, [], "", new Map([["B", 6]])), ints([], [6]));
  });
  it("random broadcasts the key's leading axes against the counter", () => {
    const keys = ints([2, 1, 2], [1, 2, 3, 4]);
    const result = evaluate("random", { kind: "uniform" }, keys, ints([3], [0, 5, -1]));
    const expected = [1, 3].flatMap((word) => [0, 5, -1].map((counter) => uniformAt(word, word + 1, counter)));
    assertSame(result, floats([2, 3], expected));
  });
  it("random derives keys of two words", () => {
    const result = evaluate("random", { kind: "key" }, ints([2], [8, 9]), ints([2], [0, 7]));
    assertSame(result, ints([2, 2], [...keyAt(8, 9, 0), ...keyAt(8, 9, 7)]));
  });
});

describe("movement", () => {
  const x = floats([2, 3], [1, 2, 3, 4, 5, 6]);
  it("reshape keeps row-major order", () => assertSame(evaluate("reshape", { shape: [3, 2] }, x), floats([3, 2], [1, 2, 3, 4, 5, 6])));
  it("transpose moves axes", () => {
    assertSame(evaluate("transpose", { permutation: [1, 0] }, x), floats([3, 2], [1, 4, 2, 5, 3, 6]));
    const cube = floats([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]);
    assertSame(evaluate("transpose", { permutation: [2, 0, 1] }, cube), floats([2, 2, 2], [0, 2, 4, 6, 1, 3, 5, 7]));
  });
  it("broadcast repeats", () => {
    assertSame(evaluate("broadcast", { shape: [2, 2] }, floats([2, 1], [7, 8])), floats([2, 2], [7, 7, 8, 8]));
  });
  it("slice takes consecutive entries", () => {
    assertSame(evaluate("slice", { axis: 1, start: 1, size: 2 }, x), floats([2, 2], [2, 3, 5, 6]));
  });
  it("pad puts zeros around", () => {
    assertSame(evaluate("pad", { axis: 1, before: 1, after: 0 }, x), floats([2, 4], [0, 1, 2, 3, 0, 4, 5, 6]));
    assertSame(evaluate("pad", { axis: 0, before: 0, after: 1 }, bools([1], [1])), bools([2], [1, 0]));
  });
  it("concat puts values one after another", () => {
    assertSame(evaluate("concat", { axis: 1 }, x, floats([2, 1], [8, 9])), floats([2, 4], [1, 2, 3, 8, 4, 5, 6, 9]));
  });
});

describe("reductions", () => {
  const x = floats([2, 3], [1, 5, 3, 4, 2, 6]);
  it("sum removes the axes", () => {
    assertSame(evaluate("sum", { axes: [0] }, x), floats([3], [5, 7, 9]));
    assertSame(evaluate("sum", { axes: [1] }, x), floats([2], [9, 12]));
    assertSame(evaluate("sum", { axes: [0, 1] }, x), floats([], [21]));
  });
  it("sum adds from left to right", () => {
    const terms = [1e16, 1, -1e16, 1];
    assertSame(evaluate("sum", { axes: [0] }, floats([4], terms)), floats([], [1]));
    assertSame(evaluate("sum", { axes: [0] }, floats([4, 1], terms)), floats([1], [1]));
  });
  it("maxOf and argmax agree on the first maximum", () => {
    assertSame(evaluate("maxOf", { axis: 1 }, x), floats([2], [5, 6]));
    assertSame(evaluate("argmax", { axis: 1 }, x), ints([2], [1, 2]));
    assertSame(evaluate("argmax", { axis: 0 }, floats([3, 2], [1, 7, 4, 7, 4, 0])), ints([2], [1, 0]));
  });
  it("nothing sums to 0, has maximum -Infinity and argmax 0", () => {
    const nothing = floats([2, 0], []);
    assertSame(evaluate("sum", { axes: [1] }, nothing), floats([2], [0, 0]));
    assertSame(evaluate("maxOf", { axis: 1 }, nothing), floats([2], [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]));
    assertSame(evaluate("argmax", { axis: 1 }, nothing), ints([2], [0, 0]));
  });
});

describe("dot", () => {
  for (const example of casesOf("dot")) {
    it(`${caseName(example)} is the sum over index pairs`, () => {
      const [a, b] = drawInputs(example, 3);
      const { aBatch, bBatch, aContract, bContract } = example.attrs;
      const aFree = [...a!.shape.keys()].filter((axis) => !aBatch.includes(axis) && !aContract.includes(axis));
      const bFree = [...b!.shape.keys()].filter((axis) => !bBatch.includes(axis) && !bContract.includes(axis));
      const result = evaluate("dot", example.attrs, a!, b!);
      const contracted = indicesOf(aContract.map((axis) => a!.shape[axis]!));
      const expected = indicesOf(result.shape).map((index) => {
        const [aIndex, bIndex]: [number[], number[]] = [[], []];
        aBatch.forEach((axis, i) => {
          aIndex[axis] = index[i]!;
          bIndex[bBatch[i]!] = index[i]!;
        });
        aFree.forEach((axis, i) => {
          aIndex[axis] = index[aBatch.length + i]!;
        });
        bFree.forEach((axis, i) => {
          bIndex[axis] = index[aBatch.length + aFree.length + i]!;
        });
        return contracted.reduce((total, k) => {
          k.forEach((value, i) => {
            aIndex[aContract[i]!] = value;
            bIndex[bContract[i]!] = value;
          });
          return total + elementAt(a!, aIndex) * elementAt(b!, bIndex);
        }, 0);
      });
      assert.deepEqual(Array.from(result.data), expected);
    });
  }
});

describe("indexing", () => {
  it("gather reads table entries, and zeros for -1", () => {
    const table = floats([3, 2], [1, 2, 3, 4, Number.NaN, 6]);
    assertSame(evaluate("gather", null, table, ints([3], [2, -1, 0])), floats([3, 2], [Number.NaN, 6, 0, 0, 1, 2]));
    assertSame(evaluate("gather", null, ints([2], [5, 6]), ints([2, 1], [1, 0])), ints([2, 1], [6, 5]));
  });
  it("scatterAdd adds in index order and drops -1", () => {
    const source = floats([4], [1e16, 5, 1, -1e16]);
    assertSame(evaluate("scatterAdd", { rows: 2 }, source, ints([4], [0, -1, 0, 0])), floats([2], [0, 0]));
    assertSame(evaluate("scatterAdd", { rows: 2 }, source, ints([4], [0, 1, 1, -1])), floats([2], [1e16, 6]));
  });
  it("wide entries move like narrow ones", () => {
    const width = 64;
    const table = floats(
      [2, width],
      Array.from({ length: 2 * width }, (_, i) => i),
    );
    const wide = evaluate("gather", null, table, ints([2], [1, -1]));
    assertSame(
      wide,
      floats(
        [2, width],
        Array.from({ length: 2 * width }, (_, i) => (i < width ? width + i : 0)),
      ),
    );
  });
  for (const index of [-2, 3, 2147483647]) {
    it(`index ${index} of 3 entries stops the run and names the layer`, () => {
      const named = { code: "index_out_of_range", where: "encoder/tokens", message: new RegExp(`index ${index} in a table of 3`) };
      const table = floats([3], [1, 2, 3]);
      assert.throws(() => evaluateOp("gather", null, [table, ints([1], [index])], "encoder/tokens"), named);
      assert.throws(() => evaluateOp("scatterAdd", { rows: 3 }, [floats([1], [1]), ints([1], [index])], "encoder/tokens"), named);
    });
  }
});

describe("the table", () => {
  it("has a case, a doc line and words on special values for every op", async () => {
    const { primitives } = await import("../../src/ir/core/table.js");
    const covered = new Set<string>(allCases().map(({ op }: { op: LoneOp }) => op));
    for (const [op, row] of Object.entries(primitives)) {
      if (!["input", "part", "scan", "affineScan"].includes(op)) assert.ok(covered.has(op), `${op} has no case`);
      assert.match(row.doc, /\.$/, op);
      assert.ok(row.special.length > 5, op);
    }
    assert.ok(Object.keys(primitives).length <= 45);
  });
  it("computes what its type rule announces", () => {
    for (const example of allCases()) {
      const inputs = drawInputs(example, 5);
      const result = evaluateOp(example.op, example.attrs, inputs);
      const dtype: DType = result.dtype;
      assert.equal(
        result.data.constructor.name,
        { float32: "Float64Array", int32: "Int32Array", bool: "Uint8Array" }[dtype],
        caseName(example),
      );
    }
  });
});
