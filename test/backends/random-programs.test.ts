// Random programs with scans over ragged domains: every core gives what the interpreter gives, before and after optimisation.

import { test } from "node:test";
import fc from "fast-check";
import { interpret } from "../../src/ir/core/interpret.js";
import { optimise } from "../../src/passes/optimise.js";
import { anyProgram } from "../support/random-graph.js";
import { assertClose } from "../support/values.js";
import { backendTitle, compileFed, coreBackends } from "./run.js";

const backends = await coreBackends({ threads: 2 });
const runs = Number(process.env.DEEP_RNN_RANDOM_RUNS ?? 40);

for (const backend of backends) {
  test(`${backendTitle(backend)} runs random programs as the interpreter does, also with other sizes and without another compilation`, () => {
    fc.assert(
      fc.property(anyProgram({}), fc.boolean(), ({ graph, feeds, otherFeeds }, optimised) => {
        const program = compileFed(backend, optimised ? optimise(graph).graph : graph);
        for (const given of [feeds, otherFeeds, feeds]) {
          const expected = interpret(graph, given);
          for (const [index, value] of program.run(given).entries()) assertClose(value, expected[index]!, 1e-4, `output ${index}`);
        }
      }),
      { numRuns: runs },
    );
  });
}
