// Missing values: what is not measured fades from its last value towards the mean, each feature at its own pace.
import { adam, dense, fillMissing, gru, type Layer, recurrent, sequential, withDecay } from "deep-rnn";
import { noise } from "./support/tasks.js";

const steps = 20;
// Eight hidden processes of mean 0 and variance 1: four change slowly, four forget half of themselves at every step.
const pace = [0.99, 0.99, 0.99, 0.99, 0.5, 0.5, 0.5, 0.5];

/** One value in five is seen, the others are NaN. What is the sum of all eight now, over √8? */
function sparse(rows: number, seed: number) {
  const count = pace.length;
  const rest = (value: number): number => value / Math.sqrt(count);
  const errors: number[] = []; // of who knows the paces, and says pace^age · last value
  const y: number[][] = [];
  const x = Array.from({ length: rows }, (_, row) => {
    const draws = noise(seed + row, 2 * count * steps + count).map((value) => Math.sqrt(3) * value);
    let now = draws.slice(-count);
    let known = pace.map(() => 0);
    const seen = Array.from({ length: steps }, (_, t) => {
      now = now.map((value, i) => pace[i]! * value + Math.sqrt(1 - pace[i]! ** 2) * draws[2 * count * t + i]!);
      const values = now.map((value, i) => (draws[2 * count * t + count + i]! > 0.6 * Math.sqrt(3) ? value : Number.NaN));
      known = known.map((value, i) => (Number.isNaN(values[i]!) ? pace[i]! * value : values[i]!));
      return values;
    });
    y.push([rest(now.reduce((sum, value) => sum + value, 0))]);
    errors.push(rest(now.reduce((sum, value, i) => sum + value - known[i]!, 0)) ** 2);
    return seen;
  });
  return { x, y, best: errors.reduce((sum, error) => sum + error / rows, 0) };
}
const train = sparse(600, 100);
const fresh = sparse(300, 7000);
console.log(`who knows the paces: error ${fresh.best.toFixed(3)}`);

const networks: Record<string, Layer[]> = {
  "holes are 0": [fillMissing({ indicator: false }), gru({ units: 16 })],
  "0, and said so": [fillMissing(), gru({ units: 16 })],
  "last value": [fillMissing({ strategy: "last", indicator: false }), gru({ units: 16 })],
  "GRU-D": [recurrent(withDecay(gru), { units: 16 })],
};
const losses: Record<string, readonly number[]> = {};
for (const [name, layers] of Object.entries(networks)) {
  const model = sequential([...layers, dense({ units: 1 })]);
  model.compile({ optimizer: adam({ learningRate: 5e-3 }), loss: "mse" });
  const { history } = await model.fit(train.x, train.y, { epochs: 8, seed: 12, validationData: fresh, verbose: "silent" });
  losses[name] = history.valLoss!;
  console.log(`${name}: error after 8 epochs ${losses[name].at(-1)!.toFixed(3)}`);
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart("Error by epoch for four ways with missing values, above the error of who knows the processes", {
  title: "the sum of eight half-seen processes",
  x: "epoch",
  y: "mean squared error",
  first: 1,
  range: [0.3, 0.8],
  lines: { ...losses, "who knows the paces": Array.from({ length: 8 }, () => fresh.best) },
});
export const figures: Readonly<Record<string, number>> = {
  best: fresh.best,
  ...Object.fromEntries(Object.entries(losses).map(([name, line]) => [name, line.at(-1)!])),
};
