// The interpreter: feeds, sizes, and scans over ragged time domains against loops written out.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Dim, mulDims, symbolDim } from "../../src/base/dim.js";
import { constantNode, domainTable, inputNode, makeGraph, makeScan, newScope, scalarNode } from "../../src/ir/core/build.js";
import { add, dot, gather, mul, reshape, sizeOf, sum, tanh } from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import type { Domain, Node, ScanAttributes } from "../../src/ir/core/node.js";
import type { ExactValue } from "../../src/ir/core/primitive.js";
import { verify } from "../../src/ir/core/verify.js";
import { anyProgram } from "../support/random-graph.js";
import { assertClose, assertSame, floats, ints } from "../support/values.js";

const [B, T, N] = [symbolDim("B"), symbolDim("T"), symbolDim("N.d0")];

function real(name: string, shape: readonly Dim[], scope = 0): Node<"input"> {
  return inputNode(name, { shape, dtype: "float32" }, scope);
}

/** h' = h/2 + x + r·w (elementwise), y = h', sum of x·w; over lengths fed as `lengths`. */
function leaky(reverse: boolean) {
  const lengths = inputNode("lengths", { shape: [B], dtype: "int32" });
  const dense = real("dense", [B, T]);
  const inputs = { h: real("h", [B]), x: real("x", [N]), r: real("r", [B]), w: real("w", []) };
  const domain: Domain = { name: "d0", batch: B, time: T, steps: N, lengths };
  const scope = newScope();
  const [h, x, r, w] = ["h", "x", "r", "w"].map((name) => real(name, [], scope));
  const next = add(add(mul(h!, 0.5), x!), mul(r!, w!));
  const body = makeGraph("leaky", [h!, x!, r!, w!], [next, next, mul(x!, w!)]);
  const attrs: ScanAttributes = { domain, reverse, carries: 1, xs: 1, rows: 1, shared: 1, ys: 1, sums: 1, body };
  const parts = makeScan([inputs.h, inputs.x, inputs.r, inputs.w], attrs);
  const graph = verify(makeGraph("scan", [lengths, dense, ...Object.values(inputs)], [...parts, sum(dense, [0, 1])]));
  const run = (given: readonly number[], time: number, values: { h: number[]; x: number[]; r: number[]; w: number }): ExactValue[] =>
    interpret(
      graph,
      new Map([
        [lengths, ints([given.length], given)],
        [dense, floats([given.length, time], new Array<number>(given.length * time).fill(0))],
        [inputs.h, floats([values.h.length], values.h)],
        [inputs.x, floats([values.x.length], values.x)],
        [inputs.r, floats([values.r.length], values.r)],
        [inputs.w, floats([], [values.w])],
      ]),
    );
  return run;
}

describe("scans", () => {
  // Sorted rows: [3 steps, 2 steps, 0 steps]; stacked: t0 r0, t0 r1, t1 r0, t1 r1, t2 r0.
  const values = { h: [8, 16, 32], x: [1, 2, 3, 4, 5], r: [10, 20, 30], w: 2 };
  it("run forward over ragged rows; rows without steps keep their initial state", () => {
    const [carry, ys, total] = leaky(false)([2, 0, 3], 3, values);
    const row0 = [8 / 2 + 1 + 20];
    row0.push(row0[0]! / 2 + 3 + 20);
    row0.push(row0[1]! / 2 + 5 + 20);
    const row1 = [16 / 2 + 2 + 40];
    row1.push(row1[0]! / 2 + 4 + 40);
    assertSame(carry!, floats([3], [row0[2]!, row1[1]!, 32]));
    assertSame(ys!, floats([5], [row0[0]!, row1[0]!, row0[1]!, row1[1]!, row0[2]!]));
    assertSame(total!, floats([], [2 * (1 + 2 + 3 + 4 + 5)]));
  });
  it("run in reverse from each row's own last step", () => {
    const [carry, ys] = leaky(true)([2, 0, 3], 3, values);
    const at2 = 8 / 2 + 5 + 20;
    const at1 = at2 / 2 + 3 + 20;
    const at0 = at1 / 2 + 1 + 20;
    const other1 = 16 / 2 + 4 + 40;
    const other0 = other1 / 2 + 2 + 40;
    assertSame(carry!, floats([3], [at0, other0, 32]));
    assertSame(ys!, floats([5], [at0, other0, at1, other1, at2]));
  });
  it("without steps the carry stays, ys are empty and sums are 0", () => {
    for (const [lengths, time] of [
      [[0, 0, 0], 3],
      [[0, 0, 0], 0],
    ] as const) {
      const [carry, ys, total] = leaky(false)(lengths, time, { ...values, x: [] });
      assertSame(carry!, floats([3], values.h));
      assertSame(ys!, floats([0], []));
      assertSame(total!, floats([], [0]));
    }
  });
  it("a row's result does not depend on the other rows", () => {
    const both = leaky(false)([3, 1], 3, { h: [1, 2], x: [5, 6, 7, 8], r: [3, 4], w: 0.25 });
    const alone = leaky(false)([3], 3, { h: [1], x: [5, 7, 8], r: [3], w: 0.25 });
    assert.equal(both[0]!.data[0], alone[0]!.data[0]);
    const odd = leaky(false)([3, 1], 3, { h: [1, Number.NaN], x: [5, Number.NaN, 7, 8], r: [3, 4], w: 0.25 });
    assert.equal(odd[0]!.data[0], alone[0]!.data[0]);
  });
  it("an Elman layer equals its loop", () => {
    const [I, H] = [2, 3];
    const x = real("x", [B, T, I]);
    const parameters = { w: real("w", [I, H]), u: real("u", [H, H]), b: real("b", [H]) };
    const domain: Domain = { name: "d0", batch: B, time: T, steps: N, lengths: null };
    const packed = gather(reshape(x, [mulDims(B, T), I]), domainTable(domain, "pack"));
    const h0 = real("h0", [B, H]);
    const scope = newScope();
    const inner = {
      h: real("h", [H], scope),
      x: real("x", [I], scope),
      w: real("w", [I, H], scope),
      u: real("u", [H, H], scope),
      b: real("b", [H], scope),
    };
    const vectorTimesMatrix = { aBatch: [], bBatch: [], aContract: [0], bContract: [0] };
    const next = tanh(add(add(dot(inner.x, inner.w, vectorTimesMatrix), dot(inner.h, inner.u, vectorTimesMatrix)), inner.b));
    const body = makeGraph("elman", Object.values(inner), [next, next]);
    const attrs = { domain, reverse: false, carries: 1, xs: 1, rows: 0, shared: 3, ys: 1, sums: 0, body };
    const [last, ys] = makeScan([h0, packed, parameters.w, parameters.u, parameters.b], attrs);
    const dense = reshape(gather(ys!, domainTable(domain, "unpack")), [B, T, H]);
    const inputs = [x, h0, ...Object.values(parameters)];
    const draw = (count: number, seed: number): number[] => Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i));
    const data = [draw(2 * 4 * I, 1), draw(2 * H, 2), draw(I * H, 3), draw(H * H, 4), draw(H, 5)];
    const shapes = [[2, 4, I], [2, H], [I, H], [H, H], [H]];
    const feeds = new Map(inputs.map((input, index) => [input, floats(shapes[index]!, data[index]!)]));
    const [found, final] = interpret(verify(makeGraph("elman", inputs, [dense, last!])), feeds);
    const [xs, h, w, u, b] = data;
    const expected: number[] = [];
    for (let row = 0; row < 2; row++) {
      let state = h!.slice(row * H, row * H + H);
      for (let t = 0; t < 4; t++) {
        state = state.map((_, j) => {
          let fromInput = 0;
          for (let i = 0; i < I; i++) fromInput += xs![(row * 4 + t) * I + i]! * w![i * H + j]!;
          let fromState = 0;
          for (let k = 0; k < H; k++) fromState += state[k]! * u![k * H + j]!;
          return Math.tanh(fromInput + fromState + b![j]!);
        });
        expected.push(...state);
      }
    }
    assertSame(found!, floats([2, 4, H], expected));
    assertSame(final!, floats([2, H], [...expected.slice(3 * H, 4 * H), ...expected.slice(7 * H)]));
  });
});

describe("runs", () => {
  const x = real("x", [B, 3]);
  it("bind symbols from the arguments, each run anew", () => {
    const graph = makeGraph("sizes", [x], [sizeOf(B), sum(x, [0, 1])]);
    for (const rows of [2, 5]) {
      const [size, total] = interpret(graph, new Map([[x, floats([rows, 3], new Array<number>(3 * rows).fill(1))]]));
      assertSame(size!, ints([], [rows]));
      assertSame(total!, floats([], [3 * rows]));
    }
  });
  it("refuse feeds of another shape, naming both", () => {
    const graph = makeGraph("g", [x], [x]);
    const refused = (value: ExactValue, shown: RegExp): void => {
      assert.throws(() => interpret(graph, new Map([[x, value]])), { code: "feed_shape", message: shown });
    };
    refused(floats([2, 4], new Array<number>(8).fill(0)), /x is \[B, 3\] float32 with B = 2, but \[2, 4\] float32/);
    refused(floats([3], [1, 2, 3]), /\[B, 3\] float32, but \[3\] float32/);
    refused(ints([1, 3], [1, 2, 3]), /\[1, 3\] int32/);
  });
  it("refuse missing arguments, disagreeing symbols and bad lengths", () => {
    const y = real("y", [B]);
    const graph = makeGraph("g", [x, y], [x, y]);
    const feed = floats([2, 3], [1, 2, 3, 4, 5, 6]);
    assert.throws(() => interpret(graph, new Map([[x, feed]])), { code: "missing_feed", message: /argument y/ });
    assert.throws(
      () =>
        interpret(
          graph,
          new Map([
            [x, feed],
            [y, floats([3], [1, 2, 3])],
          ]),
        ),
      { code: "feed_shape", message: /B = 2/ },
    );
    assert.throws(() => leaky(false)([4, 0, 3], 3, { h: [0, 0, 0], x: [], r: [0, 0, 0], w: 0 }), { code: "bad_lengths" });
    assert.throws(() => interpret(makeGraph("g", [], [sizeOf(symbolDim("Q"))]), new Map()), { code: "unbound_symbol" });
  });
  it("hand out arrays that nobody else holds", () => {
    const constant = constantNode(Float64Array.of(1, 2), [2], "float32");
    const feed = floats([1, 3], [1, 2, 3]);
    const graph = makeGraph("g", [x], [x, constant, reshape(constant, [2, 1]), constant, reshape(x, x.shape)]);
    const results = interpret(graph, new Map([[x, feed]]));
    const arrays = [...results.map(({ data }) => data), feed.data, constant.attrs.data];
    assert.equal(new Set(arrays).size, arrays.length);
  });
  it("keep float64 inside and read float32 feeds", () => {
    const scalar = real("s", []);
    const [result] = interpret(
      makeGraph("g", [scalar], [add(mul(scalar, 0.1), scalarNode(1e-12))]),
      new Map([[scalar, { dtype: "float32", shape: [], data: Float32Array.of(1) }]]),
    );
    assert.equal(result!.data[0], 0.1 + 1e-12);
  });
  it("random programs give the same bits every time, at any size", () => {
    fc.assert(
      fc.property(anyProgram(), ({ graph, feeds, otherFeeds }) => {
        verify(graph);
        const first = interpret(graph, feeds);
        interpret(graph, otherFeeds);
        interpret(graph, feeds).forEach((value, index) => {
          assertSame(value, first[index]!);
        });
      }),
      { numRuns: 60 },
    );
  });
  it("smooth programs change little when their arguments do", () => {
    fc.assert(
      fc.property(anyProgram({ smooth: true }), ({ graph, feeds, real: arguments_ }) => {
        const nudged = new Map(
          [...feeds].map(([node, value]) => [
            node,
            arguments_.includes(node) ? { ...value, data: Float64Array.from(value.data, (v) => v * (1 + 1e-13)) } : value,
          ]),
        );
        const before = interpret(graph, feeds);
        interpret(graph, nudged).forEach((value, index) => {
          assertClose(value, before[index]!, 1e-7);
        });
      }),
      { numRuns: 60 },
    );
  });
});
