// Gradient descent and its family: how many rows make a step, and what a step makes of the gradient.
import { adam, dense, lstm, nadam, type Optimizer, rmsprop, sequential, sgd } from "deep-rnn";

// The next value of noise-free waves of many speeds.
const wave = (row: number, t: number): number => Math.sin((0.2 + 0.01 * (row % 40)) * t + row);
const x = Array.from({ length: 256 }, (_, row) => Array.from({ length: 15 }, (_, t) => [wave(row, t)]));
const y = x.map((_, row) => [wave(row, 15)]);

async function losses(optimizer: Optimizer, batchSize: number | "full"): Promise<readonly number[]> {
  const model = sequential([lstm({ units: 16 }), dense({ units: 1 })]);
  model.compile({ optimizer, loss: "mse" });
  return (await model.fit(x, y, { epochs: 30, batchSize, seed: 3, verbose: "silent" })).history.loss!;
}

// The same rule, w − η·g, and η: only the number of rows per step differs.
const batches: Record<string, readonly number[]> = {};
for (const [name, batchSize] of [
  ["all 256 rows", "full"],
  ["32 rows", 32],
  ["4 rows", 4],
] as const) {
  batches[name] = await losses(sgd({ learningRate: 0.1 }), batchSize);
  console.log(`sgd, a step from ${name}: error after 30 epochs ${batches[name].at(-1)!.toFixed(4)}`);
}
// The same batches: only the rule differs.
const rules: Record<string, readonly number[]> = {};
const family = {
  sgd: sgd({ learningRate: 0.1 }),
  momentum: sgd({ learningRate: 0.1, momentum: 0.9 }),
  rmsprop: rmsprop({ learningRate: 1e-2 }),
  adam: adam({ learningRate: 1e-2 }),
  nadam: nadam({ learningRate: 1e-2 }),
};
for (const [name, optimizer] of Object.entries(family)) {
  rules[name] = await losses(optimizer, 32);
  console.log(`${name}: error after 30 epochs ${rules[name].at(-1)!.toFixed(4)}`);
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Error by epoch for steps from all, 32 and 4 rows, and for five rules",
  { title: "rows per step (sgd)", x: "epoch", y: "mean squared error", log: true, first: 1, lines: batches },
  { title: "what becomes of the gradient (32 rows)", x: "epoch", y: "mean squared error", log: true, first: 1, lines: rules },
);
export const figures: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries({ ...batches, ...rules }).map(([name, line]) => [name, line.at(-1)!]),
);
