// Layer normalisation inside the step: whatever the scale of inputs and weights, sums reach tanh at the same size.
import { add, defineCell, dense, layerNorm, matmul, normal, ones, recurrent, sequential, tanh, weight } from "deep-rnn";
import { gradientByStep } from "./support/measure.js";
import { recall } from "./support/tasks.js";

// The same cell twice, its weights drawn with a scale of our choice.
const plain = (scale: number) =>
  defineCell({
    name: "plain",
    state: { h: "units" },
    output: "h",
    params: ({ inputSize, units }) => ({
      W: weight([inputSize, units], { init: normal(scale) }),
      U: weight([units, units], { init: normal(scale) }),
      b: weight([units]),
    }),
    step: (x, { h }, p) => ({ h: tanh(add(matmul(x, p.W), matmul(h, p.U), p.b)) }),
  });
const normalised = (scale: number) =>
  defineCell({
    name: "normalised",
    source: "Ba, Kiros & Hinton 2016",
    state: { h: "units" },
    output: "h",
    params: ({ inputSize, units }) => ({
      W: weight([inputSize, units], { init: normal(scale) }),
      U: weight([units, units], { init: normal(scale) }),
      gain: weight([units], { init: ones() }),
      b: weight([units]),
    }),
    step: (x, { h }, p) => ({ h: tanh(layerNorm(add(matmul(x, p.W), matmul(h, p.U)), p.gain, p.b)) }),
  });

const { x, y } = recall({ rows: 256, steps: 25, seed: 9 });
const norms: Record<string, number[]> = {};
const losses: Record<string, readonly number[]> = {};
for (const scale of [0.05, 0.8]) {
  for (const cell of [plain(scale), normalised(scale)]) {
    const name = `${cell.name}, ${scale}`;
    const model = sequential([recurrent(cell, { units: 32, name: "rnn" }), dense({ units: 1 })]);
    model.build(["time", 2], { seed: 9 });
    model.compile({ optimizer: "adam", loss: "mse" });
    const back = (await gradientByStep(model, { x: x.slice(0, 32), y: y.slice(0, 32) }, "rnn/h")).reverse();
    norms[name] = back.map((norm) => norm / back[0]!);
    losses[name] = (await model.fit(x, y, { epochs: 40, seed: 9, validationSplit: 0.5, verbose: "silent" })).history.valLoss!;
    console.log(
      `${name}: gradient 24 steps back ${norms[name].at(-1)!.toExponential(1)}, error after 40 epochs ${losses[name].at(-1)!.toFixed(3)}`,
    );
  }
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Gradient by steps back and error by epoch, with and without layer normalisation, for inputs of scale 1 and 30",
  { title: "gradient before training", x: "steps back from the loss", y: "|dL/dh|, last step = 1", log: true, lines: norms },
  { title: "recall over 25 steps", x: "epoch", y: "mean squared error", log: true, first: 1, lines: losses },
);
export const figures: Readonly<Record<string, number>> = Object.fromEntries(
  Object.keys(norms).flatMap((name) => [
    [`${name} gradient`, norms[name]!.at(-1)!],
    [`${name} loss`, losses[name]!.at(-1)!],
  ]),
);
