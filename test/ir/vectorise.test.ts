// Vectorising rules of the table: one call over a leading axis of rows equals a loop over the rows, to the bit.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Dim, symbolDim } from "../../src/base/dim.js";
import { inputNode, makeGraph, makeNode } from "../../src/ir/core/build.js";
import { evaluateOp, interpret } from "../../src/ir/core/interpret.js";
import type { ExactValue } from "../../src/ir/core/primitive.js";
import { primitives } from "../../src/ir/core/table.js";
import { verify } from "../../src/ir/core/verify.js";
import { allCases, caseName, drawInputs, type LoneOp, type OpCase } from "../support/op-cases.js";
import { assertSame, floats, ints, valueFrom } from "../support/values.js";

const numRows = 3;

/** Values of one row after another under a leading axis. */
function stack(rows: readonly ExactValue[]): ExactValue {
  const { dtype, shape } = rows[0]!;
  return valueFrom(
    dtype,
    [rows.length, ...shape],
    rows.flatMap(({ data }) => Array.from(data)),
  );
}

/** Integers of each row differ from those of the first, but stay valid indices: they are rotated. */
function rowsOfInput(example: OpCase, index: number): ExactValue[] {
  return Array.from({ length: numRows }, (_, row) => {
    const value = drawInputs(example, 100 + row)[index]!;
    if (value.dtype === "float32") return value;
    const values = Array.from(value.data);
    return valueFrom(value.dtype, value.shape, [...values.slice(row), ...values.slice(0, row)].slice(0, values.length));
  });
}

/** All ways to choose at least one of `count` inputs. */
function choices(count: number): boolean[][] {
  return Array.from({ length: 2 ** count - 1 }, (_, mask) => Array.from({ length: count }, (_unused, i) => ((mask + 1) >> i) % 2 === 1));
}

function checkRows<K extends LoneOp>(example: OpCase<K>, varies: readonly boolean[], rows: Dim): void {
  const perInput = example.inputs.map((_, index) => rowsOfInput(example, index));
  const fed = perInput.map((values, index) => (varies[index] ? stack(values) : values[0]!));
  const inputs = example.inputs.map(({ shape, dtype }, index) =>
    inputNode(`x${index}`, { shape: varies[index] ? [rows, ...shape] : shape, dtype }),
  );
  const single = makeNode(
    example.op,
    example.inputs.map(({ shape, dtype }, index) => inputNode(`row${index}`, { shape, dtype })),
    example.attrs,
  );
  const rule = primitives[example.op].vectorise;
  assert.ok(rule !== null);
  const node = rule(
    inputs.map((input, index) => ({ node: input, varies: varies[index]! })),
    single,
  );
  const graph = verify(makeGraph("rows", inputs, [node]));
  const [result] = interpret(graph, new Map(inputs.map((input, index) => [input, fed[index]!])));
  const wanted = stack(
    Array.from({ length: numRows }, (_, row) => {
      const own = perInput.map((values, index) => (varies[index] ? values[row]! : values[0]!));
      return evaluateOp(example.op, example.attrs, own);
    }),
  );
  assertSame(result!, wanted, `${caseName(example)} varying ${varies.join(" ")}`);
}

describe("vectorising rules", () => {
  for (const example of allCases().filter(({ inputs }) => inputs.length > 0)) {
    it(`${caseName(example)} over rows equals the loop over rows`, () => {
      for (const varies of choices(example.inputs.length)) {
        checkRows(example, varies, numRows);
        checkRows(example, varies, symbolDim("R"));
      }
    });
  }
  it("an index outside one row's table never reads the neighbour's", () => {
    const table = inputNode("table", { shape: [2, 3], dtype: "float32" });
    const index = inputNode("index", { shape: [2, 1], dtype: "int32" });
    const single = makeNode(
      "gather",
      [inputNode("t", { shape: [3], dtype: "float32" }), inputNode("i", { shape: [1], dtype: "int32" })],
      null,
      "tokens",
    );
    const node = primitives.gather.vectorise!(
      [
        { node: table, varies: true },
        { node: index, varies: true },
      ],
      single,
    );
    const run = (entry: number): ExactValue[] =>
      interpret(
        makeGraph("g", [table, index], [node]),
        new Map([
          [table, floats([2, 3], [1, 2, 3, 4, 5, 6])],
          [index, ints([2, 1], [entry, -1])],
        ]),
      );
    assertSame(run(2)[0]!, floats([2, 1], [3, 0]));
    for (const entry of [3, 5, -2, -4]) assert.throws(() => run(entry), { code: "index_out_of_range", where: "tokens" });
  });
});
