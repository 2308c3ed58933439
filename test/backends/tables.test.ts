// Networks over small tables, optimised, on every core: what the interpreter gives for the program as it is defined.

import { test } from "node:test";
import { interpret } from "../../src/ir/core/interpret.js";
import { optimise } from "../../src/passes/optimise.js";
import { prepareForGradient } from "../../src/passes/prepare.js";
import { feedsFor, networks, program } from "../passes/token-networks.js";
import { assertClose } from "../support/values.js";
import { backendTitle, compileFed, coreBackends } from "./run.js";

const draws = [
  { lengths: [4, 0, 3], seed: 5, read: [0, 2, 5] },
  { lengths: [1], seed: 6, read: [4] },
  { lengths: [2, 4, 4, 1, 3], seed: 7, read: [0, 1, 2, 3, 4, 5] },
];

for (const backend of await coreBackends({ threads: 2 })) {
  test(`${backendTitle(backend)} gives the values and gradients of networks over small tables`, () => {
    for (const [name, outputs] of Object.entries(networks)) {
      const plain = program(outputs);
      const compiled = compileFed(backend, optimise(program(outputs, prepareForGradient)).graph);
      for (const draw of draws) {
        const feeds = feedsFor(plain, draw);
        const expected = interpret(plain, feeds);
        for (const [index, value] of compiled.run(feeds).entries()) assertClose(value, expected[index]!, 1e-5, `${name}, output ${index}`);
      }
    }
  });
}
