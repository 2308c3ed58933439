// Regularisation: a network with room to spare learns its few examples by heart, unless something makes that hard.
import { adamw, dense, lstm, type RecurrentOptions, sequential } from "deep-rnn";
import { noise, type Task } from "./support/tasks.js";

const [steps, features] = [10, 8];

/** A sign, hidden in noise in all 80 numbers of a sequence. No single one tells much. */
function hiddenSign(rows: number, seed: number): Task {
  const draws = noise(seed, rows * steps * features);
  const y = Array.from({ length: rows }, (_, row) => [row % 2 === 0 ? -1 : 1]);
  const at = (row: number, t: number, f: number): number => draws[(row * steps + t) * features + f]! + 0.15 * y[row]![0]!;
  const step = (row: number, t: number): number[] => Array.from({ length: features }, (_, f) => at(row, t, f));
  return { x: y.map((_, row) => Array.from({ length: steps }, (_, t) => step(row, t))), y };
}
const few = hiddenSign(40, 10);
const fresh = hiddenSign(300, 20);

const options: Record<string, Partial<RecurrentOptions> & { weightDecay?: number }> = {
  none: {},
  dropout: { dropout: 0.5 },
  "recurrent dropout": { recurrentDropout: 0.5 },
  zoneout: { zoneout: 0.5 },
  "weight decay": { weightDecay: 3 },
};
const lastTwenty = (line: readonly number[]): number => line.slice(-20).reduce((sum, value) => sum + value / 20, 0);
const seen: Record<string, readonly number[]> = {};
const unseen: Record<string, readonly number[]> = {};
for (const [name, { weightDecay = 0, ...how }] of Object.entries(options)) {
  const model = sequential([lstm({ units: 32, ...how }), dense({ units: 1 })]);
  model.compile({ optimizer: adamw({ learningRate: 1e-2, weightDecay }), loss: "mse" });
  const { history } = await model.fit(few.x, few.y, { epochs: 60, batchSize: 20, seed: 10, validationData: fresh, verbose: "silent" });
  seen[name] = history.loss!;
  unseen[name] = history.valLoss!;
  console.log(
    `${name}: error on seen rows ${lastTwenty(history.loss!).toFixed(3)}, on unseen rows ${lastTwenty(history.valLoss!).toFixed(3)}`,
  );
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Error on seen and unseen rows by epoch, without regularisation and with four kinds of it",
  { title: "40 rows it trains on", x: "epoch", y: "mean squared error", log: true, first: 1, lines: seen },
  { title: "300 rows it has never seen", x: "epoch", y: "mean squared error", range: [0, 0.3], first: 1, lines: unseen },
);
export const figures: Readonly<Record<string, number>> = Object.fromEntries(
  Object.keys(options).flatMap((name) => [
    [`${name} seen`, lastTwenty(seen[name]!)],
    [`${name} unseen`, lastTwenty(unseen[name]!)],
  ]),
);
