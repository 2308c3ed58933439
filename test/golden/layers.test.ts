// Convolution, pooling and attention against figures that PyTorch computed: outputs and gradients (layers.py made them).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import type { Tensors } from "../../src/nn/cell.js";
import type { Json, LayerConfig } from "../../src/nn/layer.js";
import { layerFromConfig } from "../../src/nn/layers/from-config.js";
import type { BuiltNetwork } from "../../src/nn/network.js";
import { functionalNetwork } from "../../src/nn/networks/functional.js";
import { sin, sum } from "../../src/ops/index.js";
import { exact, lengthsOf, relativeError, sequence } from "../nn/runs.js";

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface GoldenCase {
  readonly title: string;
  readonly layer: string;
  readonly options: { readonly [option: string]: Json };
  readonly x: Numbers;
  readonly memory?: Numbers;
  readonly memoryLengths?: readonly number[];
  readonly weights: Readonly<Record<string, Numbers>>;
  /** Weights of the memory steps, of attention. */
  readonly attention?: Numbers;
  readonly y: Numbers;
  readonly gradients: Readonly<Record<string, Numbers>>;
}

// Compiled tests lie in dist/test/golden, the figures beside the script.
const file = new URL("../../../test/golden/layers.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly GoldenCase[] };

const tensorOf = ({ data, shape }: Numbers): Tensor => hostTensor(Float64Array.from(data), shape, "float32");

describe("layers against PyTorch", () => {
  for (const golden of cases) {
    it(`${golden.layer}: ${golden.title}`, () => {
      const { built, fixed } = networkOf(golden);
      const call = ({ x, memory, ...w }: Tensors): Tensors =>
        built.call(
          { layer: w },
          { x: x!, ...(memory === undefined ? {} : { memory }) },
          { training: false, key: null, ...fixed },
        ) as Tensors;
      const given = Object.fromEntries(
        Object.entries({ ...golden.weights, x: golden.x, ...(golden.memory === undefined ? {} : { memory: golden.memory }) }).map(
          ([name, value]) => [name, tensorOf(value)],
        ),
      );
      const { output, weights } = call(given);
      assert.deepEqual(output!.shape, golden.y.shape);
      assert.ok(relativeError(exact(output!), golden.y.data) < 1e-10);
      if (golden.attention !== undefined) {
        assert.deepEqual(weights!.shape, golden.attention.shape);
        assert.ok(relativeError(exact(weights!), golden.attention.data) < 1e-10);
      }
      const [, found] = valueAndGrad((all: Tensors) => sum(sin(call(all).output!)))(given);
      for (const [name, expected] of Object.entries(golden.gradients))
        assert.ok(relativeError(exact(found[name]!), expected.data) < 1e-10, name);
    });
  }
});

/** A network of the layer, and the lengths that it is called with. */
function networkOf({ layer, options, x, memory, memoryLengths, attention }: GoldenCase): {
  built: BuiltNetwork;
  fixed: { lengths?: Tensors };
} {
  const config: LayerConfig = { kind: layer, options: attention === undefined ? options : { ...options, returnWeights: true } };
  const network = functionalNetwork({ layer: layerFromConfig(config, []) }, (l, inputs: Tensors) => {
    const result: unknown = l.layer(inputs.x!, inputs.memory === undefined ? {} : { memory: inputs.memory });
    return attention === undefined ? { output: result as Tensor } : (result as Tensors);
  });
  const inputs = { x: sequence(x.shape[2]!), ...(memory === undefined ? {} : { memory: { ...sequence(memory.shape[2]!), time: "S" } }) };
  const lengths = memoryLengths === undefined ? {} : { lengths: { memory: lengthsOf(...memoryLengths) } };
  return { built: network.build(inputs, null), fixed: lengths };
}
