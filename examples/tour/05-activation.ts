// The activation's slope is a factor of every step: at most 1/4 for the sigmoid, 1 near zero for tanh, 1 for every active relu.
import { dense, sequential, simpleRnn } from "deep-rnn";
import { gradientByStep } from "./support/measure.js";
import { adding } from "./support/tasks.js";

const activations = ["sigmoid", "tanh", "relu", "leakyRelu"];
const { x, y } = adding({ rows: 640, steps: 40, seed: 5 });
const norms: Record<string, number[]> = {};
const losses: Record<string, readonly number[]> = {};
for (const activation of activations) {
  const model = sequential([simpleRnn({ units: 32, activation, name: "rnn" }), dense({ units: 1 })]);
  model.build(["time", 2], { seed: 5 }); // sigmoid and tanh start orthogonal, relu and leakyRelu at the identity
  model.compile({ optimizer: "adam", loss: "mse" });
  const back = (await gradientByStep(model, adding({ rows: 32, steps: 40, seed: 1 }), "rnn/h")).reverse();
  norms[activation] = back.map((norm) => norm / back[0]!);
  losses[activation] = (await model.fit(x, y, { epochs: 40, seed: 5, validationSplit: 0.2, verbose: "silent" })).history.valLoss!;
  console.log(
    `${activation}: gradient 39 steps back ${norms[activation].at(-1)!.toExponential(1)}, error after 40 epochs ${losses[activation].at(-1)!.toFixed(3)}`,
  );
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Gradient by steps back, and error on the adding problem by epoch, for sigmoid, tanh, relu and leaky relu",
  { title: "gradient before training", x: "steps back from the loss", y: "|dL/dh|, last step = 1", log: true, lines: norms },
  { title: "adding two numbers over 40 steps", x: "epoch", y: "mean squared error", log: true, first: 1, lines: losses },
);
export const figures: Readonly<Record<string, number>> = Object.fromEntries(
  activations.flatMap((name) => [
    [`${name} gradient`, norms[name]!.at(-1)!],
    [`${name} loss`, losses[name]!.at(-1)!],
  ]),
);
