// Encoder, decoder and attention as one model: it trains, shows its weights, and comes back from its file.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attention,
  concat,
  dense,
  functional,
  gru,
  highway,
  loadModel,
  lstm,
  type Model,
  repeat,
  residual,
  sequential,
  type Tensor,
} from "../../src/index.js";
import { numbers, random } from "./support.js";

type Outputs = { readonly y: Tensor; readonly weights: Tensor };

function translator(): Model<Outputs> {
  return functional(
    {
      encode: gru({ units: 6, returnSequences: true }),
      decode: lstm({ units: 6, returnSequences: true }),
      attend: attention({ score: "additive", units: 5, returnWeights: true }),
      out: dense({ units: 2 }),
    },
    (l, { source, target }: { readonly source: Tensor; readonly target: Tensor }): Outputs => {
      const decoded = l.decode(target);
      const { output, weights } = l.attend(decoded, { memory: l.encode(source) });
      return { y: l.out(concat([decoded, output])), weights };
    },
  );
}

const x = { source: random(1, [4, 7, 3]), target: random(2, [4, 5, 2]) };
const lengths = { source: [7, 3, 5, 1], target: [5, 5, 2, 4] };

test("weights over a memory are shares of its steps: they sum to 1 and are 0 beyond its length", async () => {
  const model = translator();
  model.build({ source: ["time", 3], target: ["time", 2] }, { seed: 1 });
  const { weights } = await model.predict(x, { lengths });
  assert.deepEqual(weights.shape, [4, 5, 7]);
  for (let b = 0; b < 4; b++) {
    for (let t = 0; t < lengths.target[b]!; t++) {
      const row = Array.from(weights.data).slice((b * 5 + t) * 7, (b * 5 + t + 1) * 7);
      assert.ok(Math.abs(row.reduce((a, c) => a + c, 0) - 1) < 1e-5);
      assert.ok(row.slice(lengths.source[b]).every((value) => value === 0));
    }
  }
});

test("an encoder and a decoder with attention learn, each side with its lengths, and come back from their file", async () => {
  const model = functional(
    {
      encode: gru({ units: 8, returnSequences: true }),
      decode: gru({ units: 8, returnSequences: true }),
      attend: attention({ score: "multiHead", units: 8, heads: 2 }),
      out: dense({ units: 3 }),
    },
    (l, { source, target }: { readonly source: Tensor; readonly target: Tensor }) => {
      const decoded = l.decode(target);
      return { y: l.out(concat([decoded, l.attend(decoded, { memory: l.encode(source) })])) };
    },
  );
  model.compile({ optimizer: "adam", loss: "mse" });
  const { history } = await model.fit(x, { y: random(5, [4, 5, 3]) }, { epochs: 30, lengths, seed: 2, verbose: "silent" });
  assert.ok(history.loss!.at(-1)! < history.loss![0]!);
  const loaded = await loadModel<{ y: Tensor }>(model.toBytes());
  assert.deepEqual(numbers(await loaded.predict(x)), numbers(await model.predict(x)));
});

test("skips around layers and a repeated code train in a chain and come back from their file", async () => {
  const model = sequential([
    residual(lstm({ units: 4, returnSequences: true, recurrentDropout: 0.2 }), { projection: true }),
    highway(gru({ units: 4, returnSequences: true })),
    gru({ units: 4 }),
    repeat(5),
    residual(gru({ units: 4, returnSequences: true })),
    dense({ units: 2 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const { history } = await model.fit(random(3, [8, 6, 3]), random(4, [8, 5, 2]), { epochs: 20, seed: 2, verbose: "silent" });
  assert.ok(history.loss!.at(-1)! < history.loss![0]!);
  const loaded = await loadModel(model.toBytes());
  const input = random(6, [3, 6, 3]);
  assert.deepEqual(numbers(await loaded.predict(input)), numbers(await model.predict(input)));
});
