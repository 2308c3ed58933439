// Long memory: recurrences without a matrix between the steps, which start near the unit circle and run as a scan.
import { activation, adam, constant, dense, gru, type Layer, lru, sequential } from "deep-rnn";
import { gradientByStep } from "./support/measure.js";
import { recall } from "./support/tasks.js";

const [units, steps] = [24, 100];
const { x, y } = recall({ rows: 240, steps, seed: 3 });
// Each LRU state turns and fades by a complex number of its own, its modulus at the start between rMin and rMax.
const linear = (rMin: number, rMax: number): Layer[] => [
  lru({ units, rMin, rMax, returnSequences: true, name: "first" }),
  activation("gelu"),
  lru({ units, rMin, rMax }),
];
const networks: Record<string, { layers: Layer[]; states: string[] }> = {
  GRU: { layers: [gru({ units, name: "first" })], states: ["first/h"] },
  "GRU, biases 1": { layers: [gru({ units, biasInitializer: constant(1), name: "first" })], states: ["first/h"] },
  "LRU, |λ| 0 to 0.9": { layers: linear(0, 0.9), states: ["first/re", "first/im"] },
  "LRU, |λ| 0.9 to 0.999": { layers: linear(0.9, 0.999), states: ["first/re", "first/im"] },
};
const norms: Record<string, number[]> = {};
const losses: Record<string, readonly number[]> = {};
for (const [name, { layers, states }] of Object.entries(networks)) {
  const model = sequential([...layers, dense({ units: 1 })]);
  model.build(["time", 2], { seed: 12 });
  model.compile({ optimizer: adam({ learningRate: 5e-3 }), loss: "mse" });
  // Without the last step: an LRU takes its output from the new state at once, and what is measured is the way through later steps.
  const back = (await gradientByStep(model, recall({ rows: 16, steps, seed: 1 }), ...states)).toReversed().slice(1);
  norms[name] = back.map((norm) => norm / back[0]!);
  const { history } = await model.fit(x, y, { epochs: 16, batchSize: 16, seed: 12, validationSplit: 0.4, verbose: "silent" });
  losses[name] = history.valLoss!;
  console.log(
    `${name}: gradient 98 steps further back ${norms[name].at(-1)!.toExponential(1)}, error after 16 epochs ${losses[name].at(-1)!.toFixed(3)}`,
  );
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Gradient by steps back before training, and error on recall over 100 steps by epoch, for two GRUs and two LRUs",
  {
    title: "gradient before training",
    x: "steps back from the loss",
    y: "|dL/dstate|, last but one = 1",
    log: true,
    first: 1,
    lines: norms,
  },
  { title: "recall over 100 steps", x: "epoch", y: "mean squared error", log: true, first: 1, lines: losses },
);
export const figures: Readonly<Record<string, number>> = Object.fromEntries(
  Object.keys(networks).flatMap((name) => [
    [`${name} gradient`, norms[name]!.at(-1)!],
    [`${name} loss`, losses[name]!.at(-1)!],
  ]),
);
