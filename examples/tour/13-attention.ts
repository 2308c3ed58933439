// Attention: instead of keeping everything in one state, look back at the steps when it is known what is wanted.
import { adam, attention, concat, dense, functional, gru, type Tensor, tap } from "deep-rnn";
import { probe } from "deep-rnn/inspect";
import { noise } from "./support/tasks.js";

const keys = 8;
const oneHot = (k: number): number[] => Array.from({ length: keys }, (_, i) => (i === k ? 1 : 0));

/** Eight keys in any order, each with a sign; then one key alone: what was its sign? */
function lookUp(rows: number, seed: number) {
  const drawn = Array.from({ length: rows }, (_, row) => {
    const draws = noise(seed + row, 2 * keys + 1);
    const order = Array.from({ length: keys }, (_, k) => k).sort((a, b) => draws[a]! - draws[b]!);
    const place = Math.min(keys - 1, Math.floor(((draws[2 * keys]! + 1) / 2) * keys));
    return { order, place, signs: draws.slice(keys, 2 * keys).map((value) => (value > 0 ? 1 : -1)) };
  });
  return {
    x: {
      series: drawn.map(({ order, signs }) => order.map((key, t) => [...oneHot(key), signs[t]!])),
      query: drawn.map(({ order, place }) => oneHot(order[place]!)),
    },
    y: drawn.map(({ signs, place }) => [signs[place]!]),
    places: drawn.map(({ place }) => place),
  };
}
const train = lookUp(512, 1000);
const fresh = lookUp(128, 9000);

type Inputs = { series: Tensor; query: Tensor };
// Without: the query meets the last state, 32 numbers that hold all eight pairs, whichever will be asked for.
const lastState = functional(
  { encode: gru({ units: 32 }), mix: dense({ units: 32, activation: "tanh" }), out: dense({ units: 1 }) },
  (l, { series, query }: Inputs) => l.out(l.mix(concat([l.encode(series), query]))),
);
// With: the query meets every state, and takes a mean of those that fit it.
const attending = functional(
  {
    encode: gru({ units: 32, returnSequences: true }),
    ask: dense({ units: 32 }),
    attend: attention({ score: "additive", units: 16, returnWeights: true }),
    out: dense({ units: 1 }),
  },
  (l, { series, query }: Inputs) => {
    const { output, weights } = l.attend(l.ask(query), { memory: l.encode(series) });
    tap("weights", weights);
    return l.out(output);
  },
);

const losses: Record<string, readonly number[]> = {};
for (const [name, model] of Object.entries({ "GRU, last state": lastState, "GRU and attention": attending })) {
  model.compile({ optimizer: adam({ learningRate: 1e-2 }), loss: "mse" });
  const { history } = await model.fit(train.x, train.y, { epochs: 25, seed: 12, validationData: fresh, verbose: "silent" });
  losses[name] = history.valLoss!;
  console.log(`${name}: error on seen rows ${history.loss!.at(-1)!.toFixed(3)}, on unseen rows ${losses[name].at(-1)!.toFixed(3)}`);
}

// Where does it look? One row of weights for each place that the key may have.
const { taps } = await probe(attending, fresh.x);
const weights = Array.from(Object.values(taps).at(-1)!.value.data);
const looks = Array.from({ length: keys }, (_, place) => {
  const rows = fresh.places.flatMap((at, row) => (at === place ? [weights.slice(row * keys, (row + 1) * keys)] : []));
  return Array.from({ length: keys }, (_, t) => rows.reduce((sum, row) => sum + row[t]! / rows.length, 0));
});
const hit = looks.reduce((sum, row, place) => sum + row[place]! / keys, 0);
console.log(`share of the weight on the step that holds the key: ${hit.toFixed(2)}`);

// The picture.
import { chart } from "./support/chart.js";

export const picture: string = chart(
  "Error by epoch with and without attention; and the mean attention weights by the place of the key, which lie on the diagonal",
  { title: "look up a key", x: "epoch", y: "mean squared error", log: true, first: 1, lines: losses },
  { title: "where attention looks", x: "step", y: "place of the key", cells: looks },
);
export const figures: Readonly<Record<string, number>> = {
  "last state": losses["GRU, last state"]!.at(-1)!,
  attention: losses["GRU and attention"]!.at(-1)!,
  hit,
};
