// Wirings of functional networks in files: they come back the same, and damaged ones are refused.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Tensor } from "../../src/base/tensor.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import { defineCell, type Tensors } from "../../src/nn/cell.js";
import { bidirectional } from "../../src/nn/layers/bidirectional.js";
import { dense, embedding } from "../../src/nn/layers/feedforward.js";
import { gru, lstm } from "../../src/nn/layers/named.js";
import { asAnyCell, recurrent } from "../../src/nn/layers/recurrent.js";
import type { BuiltNetwork, Named, Network, NetworkInput } from "../../src/nn/network.js";
import { networkFromConfig } from "../../src/nn/networks/config.js";
import { functionalNetwork } from "../../src/nn/networks/functional.js";
import { sequentialNetwork } from "../../src/nn/networks/sequential.js";
import { weight } from "../../src/nn/weight.js";
import { concat, exp, expandDims, matmul, mean, mul, randomKey, scan, sub, sum, tanh, tensor } from "../../src/ops/index.js";
import { attentionCell, decayCell } from "./custom-cells.js";
import { drawer, exact, lengthsOf, randomWeights, relativeError, sequence, vector } from "./runs.js";

const draw = drawer("wirings");

/** Networks whose functions do something between their layers. */
const wired: Readonly<
  Record<string, { readonly network: () => Network; readonly inputs: Named<NetworkInput>; readonly feed: () => Tensors }>
> = {
  "several inputs and outputs": {
    network: () =>
      functionalNetwork(
        {
          encode: lstm({ units: 4, recurrentDropout: 0.3 }),
          store: embedding({ vocabularySize: 6, size: 3 }),
          sales: dense({ units: 1 }),
          open: dense({ units: 1, activation: "sigmoid" }),
        },
        (l, { series, store }: { series: Tensor; store: Tensor }) => {
          const both = concat([l.encode(series), l.store(store)]);
          return { sales: l.sales(both), open: l.open(mul(0.5, both)) };
        },
      ),
    inputs: { series: sequence(2), store: { shape: [], dtype: "float32" } },
    feed: () => ({ series: draw([3, 5, 2]), store: tensor([1, 5, 0]) }),
  },
  "dt, mask and ops on packed sequences": {
    network: () =>
      functionalNetwork(
        {
          cell: recurrent(decayCell, { units: 4, returnSequences: true }),
          back: bidirectional(gru({ units: 2, returnSequences: true })),
          out: dense({ units: 2 }),
        },
        (l, { x, dt, mask }: { x: Tensor; dt: Tensor; mask: Tensor }) => {
          const h = tanh(mul(2, l.cell(mul(x, mask), { dt, mask })));
          return l.out(concat([l.back(h), exp(mul(-1, dt)), h]));
        },
      ),
    inputs: { x: sequence(3), dt: sequence(1), mask: sequence(3) },
    feed: () => ({
      x: draw([3, 5, 3]),
      dt: draw([3, 5, 1], 0, 1),
      mask: tensor(
        Float32Array.from({ length: 45 }, (_, i) => (i % 4 === 0 ? 0 : 1)),
        { shape: [3, 5, 3] },
      ),
    }),
  },
  "states passed on, attention over them, a scan and a mean of its own": {
    network: () =>
      functionalNetwork(
        {
          encode: lstm({ units: 3, returnSequences: true, returnState: true }),
          decode: recurrent(attentionCell, { units: 3, returnSequences: true }),
          out: dense({ units: 2 }),
        },
        (l, { x }: { x: Tensor }) => {
          const { output, state } = l.encode(x);
          const decoded = l.decode(output, { initialState: { h: state.h! }, row: { memory: output } });
          const [last] = scan((total: Tensor, step: Tensor) => [sub(step, mul(0.3, total)), step], mul(0.1, state.c!), decoded);
          return {
            all: l.out(decoded),
            one: l.out(last),
            centred: sub(decoded, expandDims(mean(state.c!, { axis: -1, keepDims: true }), 1)),
          };
        },
      ),
    inputs: { x: sequence(2) },
    feed: () => ({ x: draw([3, 5, 2]) }),
  },
};

describe("saved wirings", () => {
  const cells = [asAnyCell(decayCell), asAnyCell(attentionCell)];
  for (const [title, { network, inputs, feed }] of Object.entries(wired)) {
    const first = network();
    const built = first.build(inputs, null);
    const text = JSON.stringify(first.toConfig());
    const loaded = networkFromConfig(JSON.parse(text), cells).build(inputs, null);
    const weights = randomWeights(built, title);
    const fed = feed();
    const outputs = (from: BuiltNetwork, w: typeof weights, training: boolean): Tensors => {
      const result = from.call(w, fed, { training, key: training ? randomKey(4) : null, lengths: lengthsOf(5, 2, 0) });
      return "shape" in result ? { output: result as Tensor } : (result as Tensors);
    };

    it(`give the same outputs after a round trip: ${title}`, () => {
      for (const training of [false, true]) {
        const [before, after] = [outputs(built, weights, training), outputs(loaded, weights, training)];
        for (const name of Object.keys(before)) assert.deepEqual(exact(after[name]!), exact(before[name]!), name);
      }
    });

    it(`give the same gradients after a round trip: ${title}`, () => {
      const gradients = (from: BuiltNetwork): number[] => {
        const loss = (w: typeof weights): Tensor =>
          Object.values(outputs(from, w, true))
            .map((output) => sum(mul(output, output)))
            .reduce((a, b) => sub(a, mul(-1, b)));
        const [, gradient] = valueAndGrad(loss)(weights);
        return built.weights.flatMap(({ path }) => exact(gradient[path.split("/")[0]!]![path.split("/")[1]!]!));
      };
      assert.ok(relativeError(gradients(loaded), gradients(built)) < 1e-12);
    });

    it(`can be saved again: ${title}`, () => {
      const again = networkFromConfig(JSON.parse(text), cells);
      again.build(inputs, null);
      assert.equal(JSON.stringify(again.toConfig()), text);
    });
  }

  it("list weights in the same order", () => {
    const { network, inputs } = wired["several inputs and outputs"]!;
    const first = network();
    const paths = first.build(inputs, null).weights.map(({ path }) => path);
    const loaded = networkFromConfig(JSON.parse(JSON.stringify(first.toConfig())), []);
    assert.deepEqual(
      loaded.build(inputs, null).weights.map(({ path }) => path),
      paths,
    );
  });

  it("ask for the cell that they use", () => {
    const network = sequentialNetwork([recurrent(decayCell, { units: 2 })]);
    network.build(sequence(3), null);
    assert.throws(
      () => networkFromConfig(JSON.parse(JSON.stringify(network.toConfig())), []),
      /This model uses cell decay-memory; pass it in cells/,
    );
  });

  it("notice a cell that has changed", () => {
    const network = sequentialNetwork([gru({ units: 2 })]);
    network.build(sequence(3), null);
    const config = JSON.parse(JSON.stringify(network.toConfig()).replace('["r","z","n"]', '["z","r","n"]')) as unknown;
    assert.throws(() => networkFromConfig(config, []).build(sequence(3), null), /cell gru has gates .*made with/);
  });

  it("ask a cell for its weights by the sizes that there are, in saving and loading too", () => {
    const sizes = new Set<number>();
    const watching = defineCell({
      name: "watching",
      state: { h: "units" },
      output: "h",
      params: ({ inputSize, units }) => {
        sizes.add(inputSize);
        return { W: weight([inputSize, units]) };
      },
      step: (x, _state, p) => ({ h: tanh(matmul(x, p.W)) }),
    });
    const network = sequentialNetwork([
      recurrent(watching, { units: 2, returnSequences: true }),
      bidirectional(recurrent(watching, { units: 4 })),
    ]);
    network.build(sequence(3), null);
    networkFromConfig(JSON.parse(JSON.stringify(network.toConfig())), [watching as never]).build(sequence(3), null);
    assert.deepEqual([...sizes], [3, 2]);
  });

  it("refuse what no network wrote", () => {
    const first = functionalNetwork({ d: dense({ units: 2 }) }, (l, { x }: { x: Tensor }) => tanh(l.d(mul(2, x))));
    first.build({ x: vector(2) }, null);
    const text = JSON.stringify(first.toConfig());
    const damaged = [
      text.replace('"op":"mul"', '"op":"constructor"'),
      text.replace('"op":"tanh"', '"op":"launch"'),
      text.replace('"layer":"d"', '"layer":"e"'),
      text.replace('"kind":"functional"', '"kind":"other"'),
      text.replace('"kind":"dense"', '"kind":"__proto__"'),
      text.replace(/"nodes":\[.*\]/, '"nodes":[]'),
      "{}",
      "null",
      "[]",
    ];
    for (const one of damaged) {
      assert.notEqual(one, text);
      assert.throws(() => networkFromConfig(JSON.parse(one), []).build({ x: vector(2) }, null), /saved network cannot be read/, one);
    }
  });
});
