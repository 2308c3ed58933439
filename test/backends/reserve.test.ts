// Memory planned ahead of a run changes no result and is what the run would have planned.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeGraph } from "../../src/ir/core/build.js";
import { add, tanh } from "../../src/ir/core/builders.js";
import { argumentInputs } from "../../src/ir/lowered/section.js";
import { argument, feedsOf, product, scanOf, testDomain } from "../autodiff/recurrences.js";
import { backendTitle, compileFed, coreBackends } from "./run.js";

const { domain, lengths, anchor } = testDomain(true);
const [x, h0, U] = [argument("x", [domain.steps, 4]), argument("h0", [domain.batch, 4]), argument("U", [4, 4])];
const { ys } = scanOf({ domain, carries: [h0], xs: [x], shared: [U] }, ({ carries: [h], xs: [xt], shared: [u] }) => {
  const next = tanh(add(product(h!, u!), xt!));
  return { carries: [next], ys: [next] };
});
const graph = makeGraph("program", [lengths, anchor, x, h0, U], [ys[0]!]);

for (const backend of await coreBackends()) {
  test(`after reserving for the longest batch shorter and equal ones give their results in the same memory on ${backendTitle(backend)}`, () => {
    const batches = [
      [1, 0, 2],
      [4, 3, 4],
      [4, 3, 4],
      [2, 2, 4],
    ];
    const feeds = (steps: readonly number[]) => feedsOf(graph.inputs, [...steps], 4, 0);
    const ahead = compileFed(backend, graph);
    const longest = feeds([4, 4, 4]);
    ahead.executable.reserve("main", Object.fromEntries(argumentInputs(graph).map((node, index) => [`i${index}`, longest.get(node)!])));
    const planned = ahead.executable.arenaBytes;
    assert.ok(planned > 0);
    for (const steps of [[4, 4, 4], ...batches]) {
      const expected = compileFed(backend, graph).run(feeds(steps));
      assert.deepEqual(ahead.run(feeds(steps)), expected, steps.join(", "));
      assert.equal(ahead.executable.arenaBytes, planned);
    }
  });
}
