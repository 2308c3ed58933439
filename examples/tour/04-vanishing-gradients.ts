// Why far steps are hard: the gradient is multiplied once per step, on its way back from the loss.
import { dense, type Init, orthogonal, sequential, simpleRnn, uniform } from "deep-rnn";
import { gradientByStep } from "./support/measure.js";
import { recall } from "./support/tasks.js";

const steps = 60;
const task = recall({ rows: 32, steps, seed: 4 });

const network = (activation: string, recurrentInitializer: Init) =>
  sequential([simpleRnn({ units: 32, activation, recurrentInitializer, name: "rnn" }), dense({ units: 1 })]);

async function backwards(activation: string, init: Init): Promise<number[]> {
  const model = network(activation, init);
  model.build(["time", 2], { seed: 4 });
  model.compile({ optimizer: "adam", loss: "mse" });
  const norms = (await gradientByStep(model, task, "rnn/h")).reverse(); // the last step first
  return norms.map((norm) => norm / norms[0]!);
}

// An orthogonal matrix keeps every length; times a gain, it stretches or shrinks every direction alike.
const gains = [0.8, 1, 1.2];
const linear = await Promise.all(gains.map((gain) => backwards("linear", orthogonal(gain))));
const tanh = await Promise.all(gains.map((gain) => backwards("tanh", orthogonal(gain))));
// And a customary start: every weight uniform within 1/√units.
const customary = uniform(1 / Math.sqrt(32));
const usual = await backwards("tanh", customary);
for (const [i, gain] of gains.entries()) {
  console.log(
    `gain ${gain}, 40 steps back: linear ${linear[i]![40]!.toExponential(1)} (gain^40 ${(gain ** 40).toExponential(1)}), tanh ${tanh[i]![40]!.toExponential(1)}`,
  );
}
console.log(`uniform start, 40 steps back: tanh ${usual[40]!.toExponential(1)}`);

// The consequence: the same network, the same training, and only the distance differs.
async function errorAt(distance: number): Promise<number> {
  const { x, y } = recall({ rows: 128, steps: distance, seed: 5 });
  const model = network("tanh", customary);
  model.compile({ optimizer: "adam", loss: "mse" });
  const { history } = await model.fit(x, y, { epochs: 20, seed: 4, verbose: "silent" });
  return history.loss!.at(-1)!;
}
const [near, far] = [await errorAt(10), await errorAt(steps)];
console.log(`recall after 20 epochs: error ${near.toFixed(3)} over 10 steps, ${far.toFixed(3)} over ${steps}`);

// The picture.
import { chart } from "./support/chart.js";

const named = (lines: number[][]): Record<string, number[]> => Object.fromEntries(gains.map((gain, i) => [`gain ${gain}`, lines[i]!]));
export const picture: string = chart(
  "Norm of the gradient by steps back from the loss, for a linear and a tanh recurrence with gains 0.8, 1 and 1.2",
  { title: "linear recurrence", x: "steps back from the loss", y: "|dL/dh|, last step = 1", log: true, lines: named(linear) },
  {
    title: "tanh recurrence",
    x: "steps back from the loss",
    y: "|dL/dh|, last step = 1",
    log: true,
    lines: { ...named(tanh), "uniform start": usual },
  },
);
export const figures: Readonly<Record<string, number>> = {
  shrinking: linear[0]![40]!,
  stretching: linear[2]![40]!,
  usual: usual[40]!,
  tanhAt1: tanh[1]![40]!,
  near,
  far,
};
