// A scan over one step becomes its body: no loop and no table is left, and every value stays.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import { interpret } from "../../src/ir/core/interpret.js";
import { type Domain, type Graph, isOp, reachable } from "../../src/ir/core/node.js";
import { verify } from "../../src/ir/core/verify.js";
import { add, concat, layerNorm, matmul, mul, sum, tanh } from "../../src/ops/index.js";
import { scan } from "../../src/ops/scan.js";
import { lastStep, sequenceLike } from "../../src/ops/sequence.js";
import { optimise } from "../../src/passes/optimise.js";
import { traceFunction } from "../../src/trace/function.js";
import { physical } from "../../src/trace/packed.js";
import { asValue, TracedTensor } from "../../src/trace/traced.js";
import { drawer, exact } from "../nn/runs.js";

const [I, H] = [3, 4];

/** f of a packed sequence of one step, a state and two weights, for `batch` rows. */
function traced(batch: number, f: (x: Tensor, h: Tensor, W: Tensor, U: Tensor) => readonly Tensor[]): Graph {
  const domain: Domain = { name: "now", batch, time: 1, steps: batch, lengths: null };
  const leaves = [
    [batch, I],
    [batch, H],
    [I, H],
    [I + H, H],
  ].map((shape, index) => ({
    name: `a${index}`,
    shape,
    dtype: "float32" as const,
  }));
  return traceFunction("one", leaves, ([x, h, W, U]) => ({
    outputs: f(new TracedTensor(x!.node, domain), h!, W!, U!).map((value) => physical(asValue(value))),
    extra: null,
  })).graph;
}

function values(graph: Graph, batch: number): number[][] {
  const draw = drawer(`single step ${batch}`);
  const feeds = new Map(graph.inputs.map((input) => [input, draw(input.shape.map(Number))]));
  return interpret(graph, new Map([...feeds].map(([node, { exact: data, shape, dtype }]) => [node, { data, shape, dtype }]))).map((value) =>
    exact(hostTensor(value.data, value.shape, value.dtype)),
  );
}

const recurrence = (x: Tensor, h: Tensor, W: Tensor, U: Tensor): [Tensor, Tensor] =>
  scan(
    (state: Tensor, now: Tensor, bias: unknown) => {
      const next = tanh(add(layerNorm(matmul(now, W)), matmul(concat([now, state]), U), bias as Tensor));
      return [next, mul(next, state)];
    },
    h,
    x,
    { row: mul(0.5, h) },
  );

for (const batch of [1, 2, 5]) {
  test(`a scan over one step of ${batch} rows leaves neither loop nor table`, () => {
    const graph = traced(batch, (x, h, W, U) => {
      const [last, ys] = recurrence(x, h, W, U);
      return [last, ys, lastStep(ys), add(ys, sequenceLike(x, last))];
    });
    const done = verify(optimise(graph).graph);
    const left = reachable(done.outputs).filter(
      (node) => isOp(node, "scan") || isOp(node, "gather") || (isOp(node, "input") && node.attrs.source.kind === "table"),
    );
    assert.deepEqual(
      left.map(({ op }) => op),
      [],
    );
    assert.deepEqual(values(done, batch), values(graph, batch));
  });

  test(`gradients through one step of ${batch} rows keep their values`, () => {
    const graph = traced(batch, (x, h, W, U) => {
      const [loss, [dW, dU]] = valueAndGrad(([w, u]: readonly [Tensor, Tensor]) => sum(recurrence(x, h, w, u)[0]))([W, U]) as [
        Tensor,
        readonly [Tensor, Tensor],
      ];
      return [loss, dW, dU];
    });
    const [before, after] = [values(graph, batch), values(verify(optimise(graph).graph), batch)];
    before.forEach((list, index) => {
      list.forEach((value, at) => {
        assert.ok(Math.abs(value - after[index]![at]!) < 1e-12);
      });
    });
  });
}
