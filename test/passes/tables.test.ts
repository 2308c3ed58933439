// Products with rows of a small table are made once per row: the same values, whatever the table holds and whoever else reads it.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { HostArray } from "../../src/base/dtype.js";
import { noIndex } from "../../src/base/no-index.js";
import { makeGraph, scalarNode } from "../../src/ir/core/build.js";
import { cast, eq, floor, gather, le, max, select } from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import { type Graph, isOp, type Node, reachable } from "../../src/ir/core/node.js";
import { verify } from "../../src/ir/core/verify.js";
import { optimise } from "../../src/passes/optimise.js";
import { prepareForGradient } from "../../src/passes/prepare.js";
import { argument, product } from "../autodiff/recurrences.js";
import { checkGradient } from "../support/gradient.js";
import { assertClose, assertSame } from "../support/values.js";
import {
  anchor,
  asIndex,
  type Draw,
  domain,
  drives,
  feedsFor,
  inputs,
  lengths,
  networks,
  program,
  real,
  recurrent,
  rows,
  stacked,
  table,
  tokens,
  W,
  width,
} from "./token-networks.js";

const numRuns = Number(process.env.DEEP_RNN_RUNS ?? 150);

const anyDraw: fc.Arbitrary<Draw> = fc.record({
  lengths: fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 4 }),
  seed: fc.nat(),
  read: fc.uniqueArray(fc.nat({ max: rows - 1 }), { minLength: 1, maxLength: rows - 1 }),
});

const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const;

for (const [name, outputs] of Object.entries(networks)) {
  const plain = program(outputs);
  const { graph, log } = optimise(program(outputs, prepareForGradient));
  verify(graph);

  test(`${name}: products over the tokens are gone, forwards and in the gradients`, () => {
    assert.ok(log.some(({ pass, rule }) => pass === "hoist" && rule === "over-table"));
    assert.ok(log.some(({ pass, rule }) => pass === "sink" && rule === "over-table"));
    const tall = reachable(graph.outputs).filter((node) => isOp(node, "dot") && node.inputs.some((input) => isRowsOf(input, width)));
    assert.deepEqual(tall, []);
  });

  test(`${name}: the same values, with NaN and infinities in rows that no token reads and NaN anywhere`, () => {
    fc.assert(
      fc.property(anyDraw, fc.constantFrom(...odd), fc.nat(), (draw, value, at) => {
        const feeds = feedsFor(plain, draw);
        const unread = Array.from({ length: rows }, (_, row) => row).filter((row) => !draw.read.includes(row));
        for (const row of unread) feeds.get(table)!.data[row * width + (at % width)] = value;
        if (at % 3 === 0) feeds.get(real[at % real.length]!)!.data[at % 6] = Number.NaN;
        const expected = interpret(plain, feeds);
        interpret(graph, feeds).forEach((found, index) => {
          assertClose(found, expected[index]!, 1e-12, `output ${index}`);
        });
      }),
      { numRuns },
    );
  });

  test(`${name}: infinite factors give the same outputs, and gradients that are finite in the same places`, () => {
    fc.assert(
      fc.property(anyDraw, fc.constantFrom(...odd), fc.nat(), (draw, value, at) => {
        const feeds = feedsFor(plain, draw);
        const { data } = feeds.get(real[at % real.length]!)!;
        data[at % data.length] = value;
        const [output, ...gradients] = interpret(graph, feeds);
        const [wanted, ...others] = interpret(plain, feeds);
        assertClose(output!, wanted!, 1e-12);
        gradients.forEach((found, index) => {
          const finite = (one: HostArray): boolean[] => Array.from(one.data, Number.isFinite);
          assert.deepEqual(finite(found), finite(others[index]!), `gradient ${index}`);
        });
      }),
      { numRuns },
    );
  });

  test(`${name}: gradients agree with differences`, () => {
    const feeds = feedsFor(plain, { lengths: [4, 0, 3], seed: 7, read: [0, 2, 3, 5] });
    checkGradient({ loss: plain.outputs[1]!, wrt: real, gradients: graph.outputs.slice(2), feeds }, { entries: 24 });
  });
}

/** True for a value over the tokens with this many columns. */
function isRowsOf({ shape }: Node, columns: number): boolean {
  return shape.at(-1) === columns && shape.slice(0, -1).some((dim) => typeof dim !== "number");
}

/** The rules that are told of for a prediction. */
function rulesOf(outputs: Node): string[] {
  return optimise(makeGraph("predict", inputs, [outputs])).log.map(({ rule }) => rule);
}

test("outputs have the same bits as those of one product over all tokens", () => {
  const outputs = networks["one product"]!;
  const plain = makeGraph("predict", inputs, [outputs]);
  const feeds = feedsFor(plain, { lengths: [4, 2, 0], seed: 3, read: [1, 4, 5] });
  assertSame(interpret(optimise(plain).graph, feeds)[0]!, interpret(plain, feeds)[0]!);
});

test("an index that may be -1 reads zeros, whose product may be NaN: it is left alone", () => {
  const drive = drives["one product"]!;
  assert.ok(!rulesOf(recurrent(drive, stacked)).includes("over-table"));
  assert.ok(!rulesOf(recurrent(drive, max(stacked, -1))).includes("over-table"));
  assert.ok(rulesOf(recurrent(drive, asIndex(stacked))).includes("over-table"));
  const numbers = cast(stacked, "float32");
  const isWhole = select(eq(numbers, floor(numbers)), le(0, numbers), scalarNode(0, "bool"));
  const index = select(isWhole, cast(numbers, "int32"), scalarNode(noIndex, "int32"));
  assert.ok(rulesOf(recurrent(drive, index)).includes("over-table"));
});

test("a table with as many rows as there are tokens, or more, is left alone", () => {
  for (const [height, tokensOf, isFewer] of [
    [256, asIndex(stacked), true],
    [257, asIndex(stacked), false],
    [8, argument("one per row", [domain.batch], "int32"), true],
    [9, argument("one per row", [domain.batch], "int32"), false],
  ] as const) {
    const large = argument("large", [height, width]);
    const index = asIndex(tokensOf);
    const graph = makeGraph("g", [lengths, anchor, tokens, argument("unused", []), large, W], []);
    const read = reachable([index]).filter((node) => isOp(node, "input") && node.attrs.source.kind === "argument");
    const all = [...new Set([...graph.inputs, ...read])] as Node<"input">[];
    const { log } = optimise(makeGraph("g", all, [product(gather(large, index), W)]));
    assert.equal(
      log.some(({ rule }) => rule === "over-table"),
      isFewer,
      `${height} rows`,
    );
  }
});

test("a token that the table does not have ends the run with the same words", () => {
  const plain = program(networks["one product"]!);
  const { graph } = optimise(program(networks["one product"]!, prepareForGradient));
  for (const wrong of [rows, -1, -7]) {
    const feeds = feedsFor(plain, { lengths: [2, 4], seed: 1, read: [0, wrong] });
    const messageOf = (one: Graph): string => {
      try {
        interpret(one, feeds);
      } catch (error) {
        return String(error);
      }
      return "no error";
    };
    assert.match(messageOf(plain), /index_out_of_range/);
    assert.equal(messageOf(graph), messageOf(plain));
  }
});
