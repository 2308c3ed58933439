// Convolution and pooling against figures that PyTorch computed: outputs and gradients (layers.py made them).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import type { Tensors } from "../../src/nn/cell.js";
import type { Json, LayerConfig } from "../../src/nn/layer.js";
import { layerFromConfig } from "../../src/nn/layers/from-config.js";
import { sin, sum } from "../../src/ops/index.js";
import { exact, layerNetwork, relativeError, sequence } from "../nn/runs.js";

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface GoldenCase {
  readonly title: string;
  readonly layer: string;
  readonly options: { readonly [option: string]: Json };
  readonly x: Numbers;
  readonly weights: Readonly<Record<string, Numbers>>;
  readonly y: Numbers;
  readonly gradients: Readonly<Record<string, Numbers>>;
}

// Compiled tests lie in dist/test/golden, the figures beside the script.
const file = new URL("../../../test/golden/layers.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly GoldenCase[] };

const tensorOf = ({ data, shape }: Numbers): Tensor => hostTensor(Float64Array.from(data), shape, "float32");

describe("layers against PyTorch", () => {
  for (const { title, layer, options, x, weights, y, gradients } of cases) {
    it(`${layer}: ${title}`, () => {
      const config: LayerConfig = { kind: layer, options };
      const built = layerNetwork(layerFromConfig(config, []), { x: sequence(x.shape[2]!) });
      const own = Object.fromEntries(Object.entries(weights).map(([name, value]) => [name, tensorOf(value)]));
      const call = (w: Tensors, given: Tensor): Tensor =>
        (built.call({ layer: w }, { x: given }, { training: false, key: null }) as Tensors).output!;
      const output = call(own, tensorOf(x));
      assert.deepEqual(output.shape, y.shape);
      assert.ok(relativeError(exact(output), y.data) < 1e-10);
      const loss = (all: Tensors): Tensor => {
        const { x: given, ...w } = all;
        return sum(sin(call(w, given!)));
      };
      const [, found] = valueAndGrad(loss as never)({ ...own, x: tensorOf(x) } as never) as unknown as [Tensor, Tensors];
      for (const [name, expected] of Object.entries(gradients)) assert.ok(relativeError(exact(found[name]!), expected.data) < 1e-10, name);
    });
  }
});
