// Recurrent against convolutional: a pattern that may stand anywhere, and a switch that must be remembered.
import { adam, constant, conv1d, dense, globalMaxPool1d, gru, type Layer, sequential } from "deep-rnn";
import { noise, type Task } from "./support/tasks.js";

// Four dilated causal layers: each output sees 1 + 2·(1 + 2 + 4 + 8) = 31 steps.
const convolutions = (): Layer[] =>
  [1, 2, 4, 8].map((dilation) => conv1d({ filters: 12, kernelSize: 3, dilation, padding: "causal", activation: "relu" }));
const recurrence = (returnSequences: boolean): Layer => gru({ units: 24, returnSequences, biasInitializer: constant(1) });

/** Motif: do + - + + - stand next to each other, somewhere in 40 random signs? */
function motif(rows: number, seed: number): Task {
  const pattern = [1, -1, 1, 1, -1];
  const x = Array.from({ length: rows }, (_, row) => {
    const draws = noise(seed + row, 41);
    const signs = draws.slice(0, 40).map((value): number => (value > 0 ? 1 : -1));
    const isAt = (at: number): boolean => pattern.every((sign, i) => signs[at + i] === sign);
    for (let at = 0; at < 40; at++) if (isAt(at)) [signs[at + 2], at] = [-1, -1]; // broken, and looked at again
    const place = Math.floor(((draws[40]! + 1) / 2) * 36);
    if (row % 2 === 1) signs.splice(place, 5, ...pattern);
    return signs.map((sign) => [sign]);
  });
  return { x, y: x.map((_, row) => [row % 2]) };
}

/** Switch: commands +1 and -1 among zeros; at every step, which was the last? After step `quiet` no more commands come. */
function lastCommand(rows: number, steps: number, quiet: number): Task<number[][][]> {
  const x = Array.from({ length: rows }, (_, row) =>
    noise(5000 + quiet + row, steps).map((value, t) => [
      t === 0 || t === quiet || (t < quiet && Math.abs(value) < 0.1) ? Math.sign(value) : 0,
    ]),
  );
  const y = x.map((row) => {
    let last = 0;
    return row.map(([command = 0]) => {
      if (command !== 0) last = command;
      return [last];
    });
  });
  return { x, y };
}

const found: Record<string, readonly number[]> = {};
const signs = motif(800, 1000);
for (const [name, layers] of Object.entries({ GRU: [recurrence(false)], convolutions: [...convolutions(), globalMaxPool1d()] })) {
  const model = sequential([...layers, dense({ units: 1 })]);
  model.compile({ optimizer: adam({ learningRate: 1e-2 }), loss: "mse" });
  found[name] = (await model.fit(signs.x, signs.y, { epochs: 15, seed: 12, validationSplit: 0.25, verbose: "silent" })).history.valLoss!;
  console.log(`motif, ${name}: error ${found[name].at(-1)!.toFixed(3)}`);
}

const kept: Record<string, number[]> = {};
const busy = lastCommand(128, 40, 40);
const silent = lastCommand(32, 80, 19); // 60 steps of silence after step 19
for (const [name, layers] of Object.entries({ GRU: [recurrence(true)], convolutions: convolutions() })) {
  const model = sequential([...layers, dense({ units: 1 })]);
  model.compile({ optimizer: adam({ learningRate: 1e-2 }), loss: "mse" });
  await model.fit(busy.x, busy.y, { epochs: 25, batchSize: 16, seed: 12, verbose: "silent" });
  const { data } = await model.predict(silent.x);
  kept[name] = Array.from({ length: 61 }, (_, age) => {
    const squares = silent.y.map((row, i) => (data[i * 80 + 19 + age]! - row[19 + age]![0]!) ** 2);
    return squares.reduce((sum, square) => sum + square / squares.length, 0);
  });
  console.log(
    `switch, ${name}: error 20 steps after the command ${kept[name][20]!.toFixed(3)}, 40 steps after ${kept[name][40]!.toFixed(3)}`,
  );
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Error on the motif by epoch, and on the switch by steps since the command, for a GRU and for dilated convolutions",
  { title: "motif: is the pattern there?", x: "epoch", y: "mean squared error", log: true, first: 1, lines: found },
  { title: "switch: what was the last command?", x: "steps since the command", y: "mean squared error", lines: kept },
);
export const figures: Readonly<Record<string, number>> = {
  "GRU motif": found.GRU!.at(-1)!,
  "convolutions motif": found.convolutions!.at(-1)!,
  "GRU 40": kept.GRU![40]!,
  "convolutions 20": kept.convolutions![20]!,
  "convolutions 40": kept.convolutions![40]!,
};
