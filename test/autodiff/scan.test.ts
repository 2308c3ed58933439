// Gradients through scans agree with central differences, whatever the recurrence, the lengths and the direction.

import assert from "node:assert/strict";
import { test } from "node:test";
import { reverse } from "../../src/autodiff/reverse.js";
import { makeGraph, scalarNode } from "../../src/ir/core/build.js";
import { add, mul, sum } from "../../src/ir/core/builders.js";
import type { Node } from "../../src/ir/core/node.js";
import { verify } from "../../src/ir/core/verify.js";
import { optimise } from "../../src/passes/optimise.js";
import { prepareForGradient } from "../../src/passes/prepare.js";
import { checkGradient } from "../support/gradient.js";
import { type Case, cases } from "./cases.js";
import { argument, feedsOf, testDomain } from "./recurrences.js";

const lengths = [3, 0, 4, 1];

for (const [name, build] of Object.entries(cases)) {
  for (const [isRagged, isReverse] of [
    [true, false],
    [true, true],
    [false, false],
  ] as const) {
    const how = `${isRagged ? "ragged" : "dense"} ${isReverse ? "backwards" : "forwards"}`;
    const make = (): { it: Case; inputs: Node<"input">[]; feeds: ReturnType<typeof feedsOf> } => {
      const { domain, lengths: lengthsInput, anchor } = testDomain(isRagged);
      const it = build(domain, isReverse);
      const inputs = [lengthsInput, anchor, ...(it.others ?? []), ...it.wrt];
      return { it, inputs, feeds: feedsOf(inputs, isRagged ? lengths : [3, 3], isRagged ? 4 : 3, 7) };
    };

    test(`${name}, ${how}: the gradient agrees with differences as it is, prepared and optimised`, () => {
      const { it, inputs, feeds } = make();
      for (const prepare of [undefined, prepareForGradient]) {
        const gradients = reverse([it.loss], [scalarNode(1)], it.wrt, prepare);
        const graph = verify(makeGraph("gradient", inputs, [it.loss, ...gradients.filter((gradient) => gradient !== null)]));
        checkGradient({ loss: it.loss, wrt: it.wrt, gradients, feeds }, { entries: 6 });
        const { graph: fast } = optimise(graph);
        verify(fast);
        let next = 1;
        const fastGradients = gradients.map((gradient) => (gradient === null ? null : fast.outputs[next++]!));
        checkGradient({ loss: fast.outputs[0]!, wrt: it.wrt, gradients: fastGradients, feeds }, { entries: 6 });
      }
    });

    test(`${name}, ${how}: the gradient of a product with the gradient agrees with differences`, () => {
      const { it, inputs, feeds } = make();
      for (const prepare of [undefined, prepareForGradient]) {
        const directions = it.wrt.map((input, index) => argument(`v${index}`, input.shape));
        const first = reverse([it.loss], [scalarNode(1)], it.wrt, prepare);
        const products = first.flatMap((gradient, index) =>
          gradient === null ? [] : [sum(mul(gradient, directions[index]!), [...gradient.shape.keys()])],
        );
        const total = products.reduce((left, right) => add(left, right), it.loss);
        const second = reverse([total], [scalarNode(1)], it.wrt, prepare);
        const all = [...inputs, ...directions];
        verify(
          makeGraph(
            "second",
            all,
            second.filter((gradient) => gradient !== null),
          ),
        );
        const directed = new Map([...feedsOf(all, isRagged ? lengths : [3, 3], isRagged ? 4 : 3, 11), ...feeds]);
        checkGradient({ loss: total, wrt: it.wrt, gradients: second, feeds: directed }, { entries: 4 });
      }
    });
  }
}

test("what no output depends on gets no gradient", () => {
  const { domain } = testDomain(true);
  const { loss } = cases["an Elman cell read at every step"]!(domain, false);
  const stranger = argument("stranger", [2]);
  assert.deepEqual(reverse([loss], [scalarNode(1)], [stranger], prepareForGradient), [null]);
});
