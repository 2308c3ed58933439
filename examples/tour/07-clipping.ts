// Clipping: a gradient that is too long keeps its direction and loses its length.
import { type Callback, dense, normal, sequential, sgd, simpleRnn } from "deep-rnn";
import { adding } from "./support/tasks.js";

const { x, y } = adding({ rows: 512, steps: 40, seed: 7 });
const losses: Record<string, number[]> = {};
const norms: Record<string, number[]> = {};
const limits = { "not clipped": false, "norm at most 1": 1 } as const;
for (const [name, clipNorm] of Object.entries(limits)) {
  const loss: number[] = [];
  const norm: number[] = [];
  const watch: Callback = {
    name: "watch",
    onBatchEnd({ logs }) {
      loss.push(logs.loss!);
      norm.push(logs.gradientNorm!); // before clipping
    },
  };
  // relu starts at the identity: nothing in its recurrence says stop.
  const model = sequential([simpleRnn({ units: 32, activation: "relu", kernelInitializer: normal(0.05) }), dense({ units: 1 })]);
  model.compile({ optimizer: sgd({ learningRate: 0.01, momentum: 0.9, clipNorm }), loss: "mse" });
  const { stopped } = await model.fit(x, y, { epochs: 40, seed: 7, verbose: "silent", callbacks: [watch] });
  losses[name] = loss;
  norms[name] = norm;
  const mean = loss.slice(-16).reduce((sum, value) => sum + value / 16, 0);
  console.log(`${name}: ended with "${stopped}" after ${loss.length} steps`);
  console.log(
    `  longest gradient ${Math.max(...norm).toExponential(1)}, largest error ${Math.max(...loss).toExponential(1)}, mean of the last 16 ${mean.toPrecision(2)}`,
  );
}

// The picture.
import { chart } from "./support/chart.js";

const first = (lines: Record<string, number[]>) =>
  Object.fromEntries(Object.entries(lines).map(([name, line]) => [name, line.slice(0, 160)]));
export const picture: string = chart(
  "Norm of the gradient and error by step, with and without clipping",
  { title: "gradient", x: "step", y: "norm before clipping", log: true, first: 1, lines: first(norms) },
  { title: "adding two numbers over 40 steps", x: "step", y: "mean squared error", log: true, first: 1, lines: first(losses) },
);
export const figures: Readonly<Record<string, number>> = {
  "steps until lost": losses["not clipped"]!.length,
  "largest error, not clipped": Math.max(...losses["not clipped"]!),
  "steps, clipped": losses["norm at most 1"]!.length,
  "last errors, clipped": losses["norm at most 1"]!.slice(-16).reduce((sum, value) => sum + value / 16, 0),
};
