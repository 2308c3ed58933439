// Affine scans on every core: the interpreter's values, and one core's bits for all cores, threads and numbers of rows.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostArray } from "../../src/base/dtype.js";
import { inputNode, makeGraph, makeNode } from "../../src/ir/core/build.js";
import { interpret } from "../../src/ir/core/interpret.js";
import type { AffineVarying, Graph, Node } from "../../src/ir/core/node.js";
import { affineStates } from "../../src/ir/core/ops-affine.js";
import { printLowered } from "../../src/ir/lowered/print.js";
import { lowerProgram } from "../../src/lower/lower.js";
import { feedsOf, testDomain } from "../autodiff/recurrences.js";
import { assertClose } from "../support/values.js";
import { backendTitle, compileFed, coreBackends, fedSection } from "./run.js";

interface Form {
  readonly vary: readonly AffineVarying[];
  readonly start: boolean;
  readonly lag: boolean;
  readonly reverse: boolean;
  readonly isRagged: boolean;
  /** Features; a second axis of 1 in every other coefficient is repeated. */
  readonly features: readonly number[];
}

const forms: readonly Form[] = [["steps"], ["rows"], ["shared"], ["steps", "rows", "shared", "steps"]].flatMap((vary, which) =>
  [0, 1, 2].flatMap((kind) =>
    [false, true].map((reverse) => ({
      vary: vary as AffineVarying[],
      start: kind === 0,
      lag: kind === 2,
      reverse,
      isRagged: (which + kind) % 3 !== 0,
      features: [[1], [37], [3, 5], [64], [133]][(which + 2 * kind + (reverse ? 1 : 0)) % 5]!,
    })),
  ),
);

function program({ vary, start, lag, reverse, isRagged, features }: Form): { graph: Graph; inputs: readonly Node<"input">[] } {
  const { domain, lengths, anchor } = testDomain(isRagged);
  const width = vary.length === 1 ? 1 : 2;
  const float = (name: string, shape: Node["shape"]): Node<"input"> => inputNode(name, { shape, dtype: "float32" });
  const leading = { steps: [domain.steps], rows: [domain.batch], shared: [] } as const;
  const initial = Array.from({ length: start ? width : 0 }, (_, index) => float(`h${index}`, [domain.batch, ...features]));
  const coefficients = vary.map((kind, index) =>
    float(`a${index}`, [...leading[kind], ...features.map((size, axis) => (index % 2 === 1 && axis > 0 ? 1 : size))]),
  );
  const terms = Array.from({ length: width }, (_, index) => float(`b${index}`, [domain.steps, ...features]));
  const attrs = { domain, vary, start, lag, reverse };
  const node = makeNode("affineScan", [...initial, ...coefficients, ...terms], attrs);
  const inputs = [lengths, anchor, ...initial, ...coefficients, ...terms];
  return { graph: makeGraph("affine", inputs, [node, ...affineStates(node, attrs)]), inputs };
}

const lengths = [7, 0, 2, 9, 9, 1, 4];
const rounded = (feeds: ReadonlyMap<Node<"input">, HostArray>): ReadonlyMap<Node<"input">, HostArray> =>
  new Map(
    [...feeds].map(([input, value]) => [
      input,
      value.dtype === "float32" ? { ...value, data: Float64Array.from(Float32Array.from(value.data)) } : value,
    ]),
  );

const single = await coreBackends();
const divided = await coreBackends({ threads: 3 });

forms.forEach((form, number) => {
  const { vary, start, lag, reverse, features } = form;
  const how = `${vary.join(", ")} of ${features.join("x")}${start ? "" : ", no initial states"}${lag ? ", late" : ""}${reverse ? ", reverse" : ""}`;
  test(`affineScan ${number} by ${how}: every core agrees with the interpreter, all with the same bits`, () => {
    const { graph, inputs } = program(form);
    for (const given of [form.isRagged ? lengths : [5, 5, 5], [3], []]) {
      const time = form.isRagged ? 9 : Math.max(0, ...given);
      const feeds = rounded(feedsOf(inputs, given, time, number));
      const expected = interpret(graph, feeds);
      let bits: Int32Array | null = null;
      for (const backend of [...single, ...divided]) {
        const results = compileFed(backend, graph).run(feeds);
        results.forEach((value, index) => {
          assertClose(value, expected[index]!, 1e-5, `${backendTitle(backend)}, output ${index}`);
        });
        const found = new Int32Array(Float32Array.from(results[0]!.data).buffer);
        bits ??= found;
        assert.deepEqual(found, bits, backendTitle(backend));
      }
    }
  });
});

test("an affine scan is one instruction, printed with its operands", () => {
  const { graph } = program(forms.find(({ vary, start }) => vary.length === 4 && start)!);
  const lowered = lowerProgram({ name: "affine", sections: [fedSection(graph)] }, { panelWidth: 16 });
  const lines = printLowered(lowered)
    .split("\n")
    .filter((line) => line.includes("affine T steps"));
  assert.equal(lines.length, 1);
});
