// Special values: every claim of the table's `special` column, to the sign of zero.

import { describe, it } from "node:test";
import { evaluateOp } from "../../src/ir/core/interpret.js";
import type { OpName } from "../../src/ir/core/node.js";
import { assertSame, bools, floats, ints } from "../support/values.js";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

type Unary = "neg" | "abs" | "exp" | "log" | "log1p" | "sqrt" | "sin" | "cos" | "tanh" | "sigmoid" | "floor";
type Binary = "add" | "sub" | "mul" | "div" | "min" | "max";
type Comparison = "lt" | "le" | "eq";

// Pairs of input and result; NaN → NaN is tested for all.
const unary: Readonly<Record<Unary, readonly (readonly [number, number])[]>> = {
  neg: [
    [0, -0],
    [-0, 0],
    [inf, -inf],
    [-inf, inf],
  ],
  abs: [
    [-0, 0],
    [0, 0],
    [inf, inf],
    [-inf, inf],
  ],
  exp: [
    [inf, inf],
    [-inf, 0],
    [0, 1],
    [-0, 1],
  ],
  log: [
    [inf, inf],
    [0, -inf],
    [-0, -inf],
    [-1, nan],
    [-inf, nan],
  ],
  log1p: [
    [inf, inf],
    [-1, -inf],
    [-2, nan],
    [0, 0],
    [-0, -0],
  ],
  sqrt: [
    [inf, inf],
    [-1, nan],
    [-inf, nan],
    [0, 0],
    [-0, -0],
  ],
  sin: [
    [inf, nan],
    [-inf, nan],
    [0, 0],
    [-0, -0],
  ],
  cos: [
    [inf, nan],
    [-inf, nan],
    [0, 1],
    [-0, 1],
  ],
  tanh: [
    [inf, 1],
    [-inf, -1],
    [0, 0],
    [-0, -0],
  ],
  sigmoid: [
    [inf, 1],
    [-inf, 0],
    [0, 0.5],
    [-0, 0.5],
    [-80, Math.exp(-80)],
    [-745, Math.exp(-745)],
  ],
  floor: [
    [inf, inf],
    [-inf, -inf],
    [0, 0],
    [-0, -0],
    [-0.5, -1],
  ],
};

const binary: Readonly<Record<Binary, readonly (readonly [number, number, number])[]>> = {
  add: [
    [inf, -inf, nan],
    [-0, -0, -0],
    [0, -0, 0],
    [inf, 1, inf],
  ],
  sub: [
    [inf, inf, nan],
    [0, 0, 0],
    [-0, 0, -0],
    [1, inf, -inf],
  ],
  mul: [
    [0, inf, nan],
    [-inf, 0, nan],
    [-0, 2, -0],
    [-inf, 2, -inf],
    [-0, -2, 0],
  ],
  div: [
    [0, 0, nan],
    [inf, inf, nan],
    [1, 0, inf],
    [1, -0, -inf],
    [-1, inf, -0],
  ],
  min: [
    [-0, 0, -0],
    [0, -0, -0],
    [inf, 1, 1],
    [-inf, 1, -inf],
  ],
  max: [
    [-0, 0, 0],
    [0, -0, 0],
    [inf, 1, inf],
    [-inf, 1, 1],
  ],
};

const comparisons: Readonly<Record<Comparison, readonly (readonly [number, number, number])[]>> = {
  lt: [
    [-0, 0, 0],
    [nan, 1, 0],
    [1, nan, 0],
    [nan, nan, 0],
    [-inf, inf, 1],
    [inf, inf, 0],
  ],
  le: [
    [0, -0, 1],
    [nan, 1, 0],
    [1, nan, 0],
    [nan, nan, 0],
    [inf, inf, 1],
  ],
  eq: [
    [-0, 0, 1],
    [nan, nan, 0],
    [nan, 1, 0],
    [inf, inf, 1],
    [inf, -inf, 0],
  ],
};

describe("special values", () => {
  for (const [op, pairs] of Object.entries(unary) as [Unary, (typeof unary)[Unary]][]) {
    it(`${op} of NaN, infinities and signed zeros`, () => {
      const all = [[nan, nan] as const, ...pairs];
      const result = evaluateOp(op, null, [
        floats(
          [all.length],
          all.map(([x]) => x),
        ),
      ]);
      const wanted = floats(
        [all.length],
        all.map(([, y]) => y),
      );
      assertSame(result, wanted);
    });
  }
  for (const [op, triples] of [...Object.entries(binary), ...Object.entries(comparisons)] as [
    Binary | Comparison,
    (typeof binary)[Binary],
  ][]) {
    it(`${op} of NaN, infinities and signed zeros`, () => {
      const sides = Object.hasOwn(binary, op)
        ? ([
            [nan, 1, nan],
            [1, nan, nan],
            [nan, inf, nan],
            [0, nan, nan],
          ] as const)
        : [];
      const all = [...sides, ...triples];
      const column = (which: 0 | 1 | 2): number[] => all.map((triple) => triple[which]);
      const result = evaluateOp(op, null, [floats([all.length], column(0)), floats([all.length], column(1))]);
      const wanted = result.dtype === "bool" ? bools([all.length], column(2)) : floats([all.length], column(2));
      assertSame(result, wanted);
    });
  }
  it("select ignores the side not taken", () => {
    const result = evaluateOp("select", null, [bools([4], [1, 0, 1, 0]), floats([4], [1, nan, -0, inf]), floats([4], [nan, 2, nan, -0])]);
    assertSame(result, floats([4], [1, 2, -0, -0]));
  });
  it("cast saturates infinities, makes NaN 0 as int32 and true as bool", () => {
    const x = floats([5], [nan, inf, -inf, 0, -0]);
    assertSame(evaluateOp("cast", { dtype: "int32" }, [x]), ints([5], [0, 2147483647, -2147483648, 0, 0]));
    assertSame(evaluateOp("cast", { dtype: "bool" }, [x]), bools([5], [1, 1, 1, 0, 0]));
  });
  it("sum keeps NaN, makes NaN of opposite infinities and 0 of minus zeros", () => {
    const x = floats([4, 2], [nan, 1, inf, -inf, -0, -0, inf, 1]);
    assertSame(evaluateOp("sum", { axes: [1] }, [x]), floats([4], [nan, nan, 0, inf]));
  });
  it("maxOf keeps NaN and prefers 0 to -0", () => {
    const x = floats([3, 2], [nan, inf, inf, nan, -0, 0]);
    assertSame(evaluateOp("maxOf", { axis: 1 }, [x]), floats([3], [nan, nan, 0]));
  });
  it("argmax takes the first NaN, else the first maximum; -0 equals 0", () => {
    const x = floats([5, 3], [1, nan, nan, inf, nan, 0, -0, 0, -1, -inf, -inf, -inf, 2, 3, 3]);
    assertSame(evaluateOp("argmax", { axis: 1 }, [x]), ints([5], [1, 1, 0, 0, 1]));
  });
  it("dot makes NaN of 0 times infinity and 0 of no terms", () => {
    const attrs = { aBatch: [], bBatch: [], aContract: [1], bContract: [0] };
    const result = evaluateOp("dot", attrs, [floats([3, 2], [0, 1, nan, 0, 1, 1]), floats([2, 1], [inf, 1])]);
    assertSame(result, floats([3, 1], [nan, nan, inf]));
    assertSame(evaluateOp("dot", attrs, [floats([1, 0], []), floats([0, 2], [])]), floats([1, 2], [0, 0]));
  });
  it("gather of -1 is 0 over a table of NaN, and no row leaks into another", () => {
    const table = floats([2, 1], [nan, 3]);
    assertSame(evaluateOp("gather", null, [table, ints([3], [-1, 1, 0])]), floats([3, 1], [0, 3, nan]));
  });
  it("scatterAdd drops NaN with its index and keeps it in its own entry", () => {
    const result = evaluateOp("scatterAdd", { rows: 3 }, [floats([4], [nan, nan, inf, 2]), ints([4], [-1, 1, 0, 2])]);
    assertSame(result, floats([3], [inf, nan, 2]));
  });
  it("movement ops pass NaN, infinities and signed zeros on", () => {
    const values = [nan, inf, -inf, -0];
    const x = floats([2, 2], values);
    const moved: readonly [OpName, ReturnType<typeof floats>][] = [
      ["reshape", evaluateOp("reshape", { shape: [4] }, [x])],
      ["transpose", evaluateOp("transpose", { permutation: [0, 1] }, [x])],
      ["broadcast", evaluateOp("broadcast", { shape: [1, 2, 2] }, [x])],
      ["slice", evaluateOp("slice", { axis: 0, start: 0, size: 2 }, [x])],
      ["concat", evaluateOp("concat", { axis: 0 }, [x])],
    ];
    for (const [op, result] of moved) assertSame(result, floats(result.shape, values), op);
    assertSame(evaluateOp("pad", { axis: 0, before: 0, after: 1 }, [floats([1], [-0])]), floats([2], [-0, 0]));
  });
});
