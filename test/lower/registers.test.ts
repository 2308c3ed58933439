// Long pointwise chains: programs are cut where the registers end, and results stay right.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inputNode, makeGraph } from "../../src/ir/core/build.js";
import { add, mul, sin } from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import type { Node } from "../../src/ir/core/node.js";
import { tileRegisters } from "../../src/ir/lowered/opcodes.js";
import { lowerProgram } from "../../src/lower/lower.js";
import { compileFed, coreBackends, fedSection } from "../backends/run.js";
import { assertClose, drawsFrom, valueFrom } from "../support/values.js";

/** Many values that all live until a sum at the end, after many broadcast rows that are read once. */
function wideGraph(count: number): { readonly inputs: readonly Node<"input">[]; readonly graph: ReturnType<typeof makeGraph> } {
  const x = inputNode("x", { shape: [3, 20], dtype: "float32" });
  const rows = Array.from({ length: count }, (_, i) => inputNode(`row${i}`, { shape: [20], dtype: "float32" }));
  const shifted = rows.reduce<Node>((sum, row) => add(sum, row), x);
  const values = Array.from({ length: count }, (_, i) => sin(mul(shifted, (i + 1) / count)));
  const total = values.reduceRight((sum, value, i) => add(sum, mul(value, i / count)));
  const inputs = [x, ...rows];
  return { inputs, graph: makeGraph("wide", inputs, [total]) };
}

const backends = await coreBackends();

for (const count of [10, 30, 47, 100]) {
  test(`a pointwise program of ${count} values alive at once uses at most ${tileRegisters} registers and 128 operands`, () => {
    const { graph, inputs } = wideGraph(count);
    const [section] = lowerProgram({ name: "wide", sections: [fedSection(graph)] }, { panelWidth: 16 }).sections;
    for (const one of section!.instructions) {
      if (one.op !== "tile") continue;
      assert.ok(one.operands.length <= 128);
      assert.ok(one.micro.every(({ d }) => d < tileRegisters));
    }
    const draws = drawsFrom(count);
    const feeds = new Map(
      inputs.map((node) => [
        node,
        valueFrom(
          "float32",
          node.shape as number[],
          Float32Array.from({ length: node === inputs[0] ? 60 : 20 }, () => draws() * 0.1),
        ),
      ]),
    );
    for (const backend of backends.slice(0, 1)) assertClose(compileFed(backend, graph).run(feeds)[0]!, interpret(graph, feeds)[0]!, 1e-5);
  });
}
