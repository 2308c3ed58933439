// Skip connections: a way around every layer, so that depth adds to what is there instead of rewriting it.
import { adam, dense, highway, type Layer, lstm, residual, sequential, simpleRnn, uniform } from "deep-rnn";
import { probe } from "deep-rnn/inspect";
import { adding } from "./support/tasks.js";

const [depth, units] = [10, 16];
const { x, y } = adding({ rows: 320, steps: 10, seed: 11 });
const start = uniform(1 / Math.sqrt(units));
const hidden = (i: number): Layer =>
  simpleRnn({ units, returnSequences: true, kernelInitializer: start, recurrentInitializer: start, name: `layer${i}` });

const ways: Record<string, (layer: Layer, name: string) => Layer> = {
  plain: (layer) => layer,
  residual: (layer, name) => residual(layer, { name }),
  highway: (layer, name) => highway(layer, { name }),
};
const norms: Record<string, number[]> = {};
const losses: Record<string, readonly number[]> = {};
for (const [name, around] of Object.entries(ways)) {
  const names = Array.from({ length: depth }, (_, i) => `layer${i}`);
  const model = sequential([dense({ units }), ...names.map((layer, i) => around(hidden(i), layer)), lstm({ units }), dense({ units: 1 })]);
  model.build(["time", 2], { seed: 11 });
  model.compile({ optimizer: adam({ learningRate: 3e-3 }), loss: "mse" });
  const { taps } = await probe(model, x.slice(0, 32), y.slice(0, 32));
  const length = (values: Iterable<number>): number => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));
  const byLayer = names.map((layer) => length(taps[`${layer}/h`]!.cotangent!.data));
  norms[name] = byLayer.toReversed().map((norm) => norm / byLayer.at(-1)!); // the last layer first
  losses[name] = (await model.fit(x, y, { epochs: 20, seed: 11, validationSplit: 0.2, verbose: "silent" })).history.valLoss!;
  console.log(
    `${name}: gradient ${depth - 1} layers down ${norms[name].at(-1)!.toExponential(1)}, error after 20 epochs ${losses[name].at(-1)!.toFixed(3)}`,
  );
}

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Gradient by layers down from the loss, and error by epoch, for a plain stack of ten layers, with residual and with highway connections",
  { title: "gradient before training", x: "layers down from the loss", y: "|dL/dh|, last layer = 1", log: true, lines: norms },
  { title: "adding two numbers, ten layers", x: "epoch", y: "mean squared error", log: true, first: 1, lines: losses },
);
export const figures: Readonly<Record<string, number>> = Object.fromEntries(
  Object.keys(ways).flatMap((name) => [
    [`${name} gradient`, norms[name]!.at(-1)!],
    [`${name} loss`, losses[name]!.at(-1)!],
  ]),
);
