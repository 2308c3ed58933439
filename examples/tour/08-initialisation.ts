// Initialisation: what the recurrent matrix does to a length at the start decides what can be learnt at all.
import { dense, glorotUniform, type Init, identity, normal, orthogonal, sequential, simpleRnn, uniform } from "deep-rnn";
import { gradientByStep } from "./support/measure.js";
import { recall } from "./support/tasks.js";

const units = 32;
const { x, y } = recall({ rows: 256, steps: 80, seed: 8 });
const starts: Record<string, Init> = {
  "normal, 0.05": normal(0.05),
  "uniform 1/√units": uniform(1 / Math.sqrt(units)),
  Glorot: glorotUniform(),
  orthogonal: orthogonal(),
  identity: identity(),
};
const norms: Record<string, number[]> = {};
const losses: Record<string, readonly number[]> = {};
for (const [name, recurrentInitializer] of Object.entries(starts)) {
  const model = sequential([simpleRnn({ units, recurrentInitializer, name: "rnn" }), dense({ units: 1 })]);
  model.build(["time", 2], { seed: 8 });
  model.compile({ optimizer: "adam", loss: "mse" });
  const back = (await gradientByStep(model, recall({ rows: 32, steps: 80, seed: 1 }), "rnn/h")).reverse();
  norms[name] = back.map((norm) => norm / back[0]!);
  losses[name] = (await model.fit(x, y, { epochs: 40, seed: 8, validationSplit: 0.5, verbose: "silent" })).history.valLoss!;
  console.log(
    `${name}: gradient 40 steps back ${norms[name][40]!.toExponential(1)}, error after 40 epochs ${losses[name].at(-1)!.toFixed(3)}`,
  );
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Gradient by steps back before training, and error on recall by epoch, for five initialisations of the recurrent matrix",
  { title: "gradient before training", x: "steps back from the loss", y: "|dL/dh|, last step = 1", log: true, lines: norms },
  { title: "recall over 80 steps", x: "epoch", y: "mean squared error", log: true, first: 1, lines: losses },
);
export const figures: Readonly<Record<string, number>> = Object.fromEntries(
  Object.keys(starts).flatMap((name) => [
    [`${name} gradient`, norms[name]![40]!],
    [`${name} loss`, losses[name]!.at(-1)!],
  ]),
);
