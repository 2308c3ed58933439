// Run by memory.test.ts with --expose-gc: trains 1,000 steps and prints what memory it holds on the way.
import { type Callback, dense, gru, init, type Model, sequential } from "../../src/index.js";
import { random } from "./support.js";

interface Sample {
  readonly step: number;
  readonly arenaBytes: number;
  readonly residentBytes: number;
}

const samples: Sample[] = [];
let model: Model | null = null;

async function settled(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return process.memoryUsage.rss();
}

const watch: Callback = {
  name: "watch",
  async onBatchEnd({ step }) {
    if (![10, 1000].includes(step) || model === null) return;
    samples.push({ step, arenaBytes: model.arenaBytes, residentBytes: await settled() });
  },
};

model = sequential([gru({ units: 24, returnSequences: true, dropout: 0.1 }), gru({ units: 16 }), dense({ units: 2 })]);
model.compile({ optimizer: "adam", loss: "mse" });
const data = { x: random(1, [40, 12, 3]), y: random(2, [40, 2]), lengths: Array.from({ length: 40 }, (_, row) => row % 13) };
// Batches of 8, 8, 8, 8, 8 rows, a hundred and more times over, each with its own lengths.
await model.fit(data, { epochs: 200, batchSize: 8, verbose: "silent", callbacks: [watch] });
console.log(JSON.stringify({ backend: (await init()).backend, samples }));
