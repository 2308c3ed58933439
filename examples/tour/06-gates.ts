// Gates: a state that is added to instead of rewritten, and a gate that says how much of it stays.
import { adam, constant, dense, gru, type Layer, lstm, sequential, simpleRnn, uniform } from "deep-rnn";
import { gradientByStep } from "./support/measure.js";
import { recall } from "./support/tasks.js";

const units = 32;
const { x, y } = recall({ rows: 256, steps: 60, seed: 6 });
const layers: Record<string, { layer: Layer; states: string[] }> = {
  "simple RNN": { layer: simpleRnn({ units, recurrentInitializer: uniform(1 / Math.sqrt(units)), name: "rnn" }), states: ["rnn/h"] },
  "LSTM, forget bias 1": { layer: lstm({ units, name: "lstm" }), states: ["lstm/h", "lstm/c"] },
  "LSTM, forget bias 4": { layer: lstm({ units, forgetBias: 4, name: "lstm" }), states: ["lstm/h", "lstm/c"] },
  GRU: { layer: gru({ units, name: "gru" }), states: ["gru/h"] },
  "GRU, biases 1": { layer: gru({ units, biasInitializer: constant(1), name: "gru" }), states: ["gru/h"] },
};
const norms: Record<string, number[]> = {};
const losses: Record<string, readonly number[]> = {};
for (const [name, { layer, states }] of Object.entries(layers)) {
  const model = sequential([layer, dense({ units: 1 })]);
  model.build(["time", 2], { seed: 6 });
  model.compile({ optimizer: adam({ learningRate: 3e-3 }), loss: "mse" });
  const back = (await gradientByStep(model, recall({ rows: 32, steps: 60, seed: 1 }), ...states)).reverse();
  norms[name] = back.map((norm) => norm / back[0]!);
  losses[name] = (await model.fit(x, y, { epochs: 40, seed: 6, validationSplit: 0.5, verbose: "silent" })).history.valLoss!;
  console.log(
    `${name}: gradient 40 steps back ${norms[name][40]!.toExponential(1)}, error after 40 epochs ${losses[name].at(-1)!.toFixed(3)}`,
  );
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Gradient by steps back before training, and error by epoch, for a simple RNN, two LSTMs and a GRU",
  { title: "gradient before training", x: "steps back from the loss", y: "|dL/dstate|, last step = 1", log: true, lines: norms },
  { title: "recall over 60 steps", x: "epoch", y: "mean squared error", log: true, first: 1, lines: losses },
);
export const figures: Readonly<Record<string, number>> = Object.fromEntries(
  Object.keys(layers).flatMap((name) => [
    [`${name} gradient`, norms[name]![40]!],
    [`${name} loss`, losses[name]!.at(-1)!],
  ]),
);
