// Gradient rules of the table: every op and case against central differences in float64.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { constantNode, inputNode, makeGraph, makeNode } from "../../src/ir/core/build.js";
import { mul, sum, sumTo } from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import type { Node } from "../../src/ir/core/node.js";
import { primitives } from "../../src/ir/core/table.js";
import { verify } from "../../src/ir/core/verify.js";
import { checkGradient } from "../support/gradient.js";
import { allCases, caseName, drawInputs, type LoneOp, type OpCase } from "../support/op-cases.js";
import { assertSame, drawsFrom, floats } from "../support/values.js";

interface Differentiated {
  readonly inputs: readonly Node<"input">[];
  readonly loss: Node;
  readonly gradients: readonly (Node | null)[];
}

/** The loss is a weighted sum of the op's values; gradients come from its row alone. */
function differentiate<K extends LoneOp>(example: OpCase<K>): Differentiated | null {
  const row = primitives[example.op];
  const inputs = example.inputs.map(({ shape, dtype }, index) => inputNode(`x${index}`, { shape, dtype }));
  const node = makeNode(example.op, inputs, example.attrs);
  if (row.vjp === null || node.dtype !== "float32") return null;
  const draws = drawsFrom(77);
  const shape = node.shape.map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  const weights = constantNode(
    Float64Array.from({ length: count }, () => 2 * draws() - 1),
    shape,
    "float32",
  );
  const loss = sum(mul(node, weights), [...shape.keys()]);
  const gradients = row.vjp(node, weights).map((gradient, index) => gradient && sumTo(gradient, inputs[index]!.shape));
  return { inputs, loss, gradients };
}

describe("gradient rules", () => {
  for (const example of allCases()) {
    const made = differentiate(example);
    if (made === null) continue;
    it(`${caseName(example)} agrees with central differences`, () => {
      const { inputs, loss, gradients } = made;
      const values = drawInputs(example, 11);
      const feeds = new Map(inputs.map((input, index) => [input, values[index]!]));
      const real = inputs.map((_, index) => index).filter((index) => inputs[index]!.dtype === "float32");
      for (const gradient of gradients) if (gradient !== null) verify(makeGraph("gradient", inputs, [gradient]));
      const expectsNone = example.op === "stop";
      checkGradient({
        loss,
        wrt: expectsNone ? [] : real.map((index) => inputs[index]!),
        gradients: expectsNone ? [] : real.map((index) => gradients[index] ?? null),
        feeds,
      });
      inputs.forEach((input, index) => {
        if (input.dtype !== "float32") assert.equal(gradients[index], null, `${input.dtype} inputs have no cotangent`);
      });
    });
  }
  it("only floor, stop, comparisons, integers and draws are without a rule", () => {
    const without = Object.entries(primitives).flatMap(([op, { vjp }]) => (vjp === null ? [op] : []));
    const structural = ["input", "part", "scan"];
    const flat = ["constant", "sizeOf", "iota", "random", "floor", "stop", "lt", "le", "eq", "argmax"];
    assert.deepEqual(without.sort(), [...structural, ...flat].sort());
  });
});

/** Cotangents of all inputs at these values, for an incoming cotangent of ones. */
function cotangentsAt(op: "max" | "min" | "abs" | "maxOf" | "select", values: readonly ReturnType<typeof floats>[]): readonly number[][] {
  const inputs = values.map(({ shape, dtype }, index) => inputNode(`x${index}`, { shape, dtype }));
  const node = op === "maxOf" ? makeNode(op, inputs, { axis: 0 }) : makeNode(op, inputs, null);
  const ones = constantNode(
    new Float64Array(node.shape.reduce<number>((n, dim) => n * Number(dim), 1)).fill(1),
    node.shape.map(Number),
    "float32",
  );
  const vjp =
    node.op === "maxOf" ? primitives.maxOf.vjp!(node as Node<"maxOf">, ones) : primitives[op as "max"].vjp!(node as Node<"max">, ones);
  const found = vjp.filter((gradient) => gradient !== null);
  const results = interpret(makeGraph("cotangents", inputs, found), new Map(inputs.map((input, index) => [input, values[index]!])));
  return results.map(({ data }) => Array.from(data));
}

describe("gradients at kinks", () => {
  it("min and max give the cotangent of a tie to the right, so relu'(0) is 0", () => {
    const tie = [floats([1], [2]), floats([1], [2])];
    assert.deepEqual(cotangentsAt("max", tie), [[0], [1]]);
    assert.deepEqual(cotangentsAt("min", tie), [[0], [1]]);
  });
  it("abs has slope 0 at 0 and NaN at NaN", () => {
    assert.deepEqual(cotangentsAt("abs", [floats([4], [-2, 0, 3, Number.NaN])]), [[-1, 0, 1, Number.NaN]]);
  });
  it("maxOf gives the cotangent to the first maximum only", () => {
    assert.deepEqual(cotangentsAt("maxOf", [floats([4], [1, 5, 5, 2])]), [[0, 1, 0, 0]]);
  });
  it("select gives zero, not NaN, to the side not taken", () => {
    const node = makeNode(
      "select",
      [
        inputNode("c", { shape: [2], dtype: "bool" }),
        inputNode("a", { shape: [2], dtype: "float32" }),
        inputNode("b", { shape: [2], dtype: "float32" }),
      ],
      null,
    );
    const d = constantNode(Float64Array.of(Number.NaN, 3), [2], "float32");
    const [none, dA, dB] = primitives.select.vjp!(node, d);
    assert.equal(none, null);
    const condition = node.inputs[0]! as Node<"input">;
    const feeds = new Map([[condition, { dtype: "bool" as const, shape: [2], data: Uint8Array.of(0, 1) }]]);
    const [a, b] = interpret(makeGraph("select", [condition], [dA!, dB!]), feeds);
    assertSame(a!, floats([2], [0, 3]));
    assertSame(b!, floats([2], [Number.NaN, 0]));
  });
});
