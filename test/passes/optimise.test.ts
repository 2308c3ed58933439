// The optimiser is right because random programs say so: the same values, NaN and infinities included, for any sizes.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { reverse } from "../../src/autodiff/reverse.js";
import type { HostArray } from "../../src/base/dtype.js";
import { makeGraph, scalarNode } from "../../src/ir/core/build.js";
import { add, sum, tanh } from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import type { Graph, Node } from "../../src/ir/core/node.js";
import { verify } from "../../src/ir/core/verify.js";
import { silent } from "../../src/passes/log.js";
import { mergeInScans, mergeOutside } from "../../src/passes/merge.js";
import { hoist, optimise, sink } from "../../src/passes/optimise.js";
import { prepareForGradient } from "../../src/passes/prepare.js";
import { pruneGraph } from "../../src/passes/prune.js";
import { shareGraph } from "../../src/passes/share.js";
import { simplify } from "../../src/passes/simplify.js";
import { checkGradient } from "../support/gradient.js";
import { anyProgram } from "../support/random-graph.js";
import { assertClose } from "../support/values.js";

const numRuns = Number(process.env.DEEP_RNN_RUNS ?? 150);
const tolerance = 1e-9;

const passes: Readonly<Record<string, (graph: Graph) => Graph>> = {
  simplify: (graph) => simplify(graph),
  share: (graph) => shareGraph(graph),
  prune: (graph) => pruneGraph(graph),
  hoist: (graph) => hoist(graph, silent),
  sink: (graph) => sink(graph, silent),
  merge: (graph) => mergeOutside(mergeInScans(mergeInScans(graph, "leaving"), "staying")),
  optimise: (graph) => optimise(graph).graph,
};

function assertSameMeaning(changed: Graph, original: Graph, feeds: ReadonlyMap<Node<"input">, HostArray>): void {
  const expected = interpret(original, feeds);
  interpret(changed, feeds).forEach((value, index) => {
    assertClose(value, expected[index]!, tolerance, `output ${index}`);
  });
}

for (const [name, pass] of Object.entries(passes)) {
  test(`${name} keeps the meaning of random programs and gives a sound graph`, () => {
    fc.assert(
      fc.property(anyProgram(), ({ graph, feeds, otherFeeds }) => {
        const changed = verify(pass(graph));
        assertSameMeaning(changed, graph, feeds);
        assertSameMeaning(changed, graph, otherFeeds);
      }),
      { numRuns },
    );
  });
}

test("a second run of the optimiser finds nothing to move", () => {
  fc.assert(
    fc.property(anyProgram(), ({ graph }) => {
      const again = optimise(optimise(graph).graph);
      assert.deepEqual(
        again.log.filter(({ pass }) => pass === "hoist" || pass === "sink" || pass === "merge"),
        [],
      );
    }),
    { numRuns },
  );
});

/** The sum of all float outputs, bounded. */
function lossOf(graph: Graph): Node {
  const parts = graph.outputs.filter(({ dtype }) => dtype === "float32").map((output) => sum(tanh(output), [...output.shape.keys()]));
  return parts.reduce<Node>((total, part) => add(total, part), scalarNode(0));
}

test("gradients of smooth random programs agree with differences, as they are, prepared and optimised", () => {
  fc.assert(
    fc.property(anyProgram({ smooth: true }), ({ graph, feeds, real }) => {
      const loss = lossOf(graph);
      for (const prepare of [undefined, prepareForGradient]) {
        const gradients = reverse([loss], [scalarNode(1)], real, prepare);
        const known = gradients.filter((gradient) => gradient !== null);
        const optimised = optimise(verify(makeGraph("gradient", graph.inputs, [loss, ...known]))).graph;
        verify(optimised);
        let next = 1;
        const fast = gradients.map((gradient) => (gradient === null ? null : optimised.outputs[next++]!));
        checkGradient({ loss, wrt: real, gradients, feeds }, { entries: 3, tolerance: 1e-6 });
        checkGradient({ loss, wrt: real, gradients: fast, feeds }, { entries: 1, tolerance: 1e-6 });
      }
    }),
    { numRuns: Math.ceil(numRuns / 5) },
  );
});
