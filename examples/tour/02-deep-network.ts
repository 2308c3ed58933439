// Layers upon layers: each step's outputs are the inputs of the next layer's step.
import { adam, dense, type Layer, minGru, sequential, simpleRnn } from "deep-rnn";
import { noise, type Task } from "./support/tasks.js";

/** Commands +1 and -1 among zeros; at every step: which was the last but one? */
function lastButOne(rows: number, seed: number): Task<number[][][]> {
  const x = Array.from({ length: rows }, (_, row) => noise(seed + row, 30).map((value) => [Math.abs(value) < 0.3 ? Math.sign(value) : 0]));
  const y = x.map((steps) => {
    let [last, before] = [0, 0];
    return steps.map(([command = 0]) => {
      if (command !== 0) [last, before] = [command, last];
      return [before];
    });
  });
  return { x, y };
}
const train = lastButOne(256, 5000);
const fresh = lastButOne(64, 9000);

// About 1,700 weights each. A minGRU's gates see the input but not the state: within one layer nothing can depend on what came before.
const stack = (widths: number[], layer: (units: number) => Layer): Layer[] => widths.map(layer);
const networks: Record<string, Layer[]> = {
  "minGRU, 1 layer": stack([340], (units) => minGru({ units, returnSequences: true })),
  "minGRU, 2 layers": stack([28, 28], (units) => minGru({ units, returnSequences: true })),
  "minGRU, 3 layers": stack([20, 20, 20], (units) => minGru({ units, returnSequences: true })),
  "simple RNN, 1 layer": stack([40], (units) => simpleRnn({ units, returnSequences: true })),
};
const losses: Record<string, readonly number[]> = {};
for (const [name, layers] of Object.entries(networks)) {
  const model = sequential([...layers, dense({ units: 1 })]);
  model.compile({ optimizer: adam({ learningRate: 1e-2 }), loss: "mse" });
  const { history } = await model.fit(train.x, train.y, { epochs: 25, batchSize: 16, seed: 12, validationData: fresh, verbose: "silent" });
  losses[name] = history.valLoss!;
  console.log(`${name}: error after 25 epochs ${losses[name].at(-1)!.toFixed(3)}`);
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Error by epoch for one, two and three minGRU layers and one layer of a simple RNN with as many weights",
  {
    title: "the last command but one",
    x: "epoch",
    y: "mean squared error",
    log: true,
    first: 1,
    lines: losses,
  },
);
export const figures: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(losses).map(([name, line]) => [name, line.at(-1)!]),
);
