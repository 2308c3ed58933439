// A cell of one's own in ten lines: an LSTM with layer normalisation (Ba, Kiros & Hinton 2016), stacked on a built-in one.
import {
  add,
  defineCell,
  dense,
  layerNorm,
  lstm,
  matmul,
  mul,
  ones,
  orthogonal,
  recurrent,
  sequential,
  sigmoid,
  splitGates,
  tanh,
  weight,
} from "deep-rnn";

const G = ["i", "f", "g", "o"] as const; // column order of W, U, b; stored in files

const layerNormLstm = defineCell({
  name: "layer-norm-lstm",
  source: "Ba, Kiros & Hinton 2016",
  state: { h: "units", c: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units], { gates: G }), // shape of ONE gate
    U: weight([units, units], { gates: G, init: orthogonal() }),
    b: weight([units], { gates: G, init: { f: 1 } }), // open forget gate at the start
    gainX: weight([units], { gates: G, init: ones() }),
    gainH: weight([units], { gates: G, init: ones() }),
  }),
  // One row, one step: x [I], h [H], c [H].
  step(x, { h, c }, p) {
    const sum = add(layerNorm(matmul(x, p.W), p.gainX), layerNorm(matmul(h, p.U), p.gainH), p.b);
    const { i, f, g, o } = splitGates(sum, G);
    const cNext = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return { h: mul(sigmoid(o), tanh(layerNorm(cNext))), c: cNext };
  },
});

// Which of two features is larger on average? Sequences of any length.
const noise = (k: number): number => Math.sin(12.9898 * k) * 0.8;
const x = Array.from({ length: 64 }, (_, i) => Array.from({ length: 10 }, (_, t) => [noise(20 * i + t), noise(7000 + 20 * i + t)]));
const mean = (rows: number[][], column: number): number => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0) / rows.length;
const y = x.map((rows) => [mean(rows, 0) - mean(rows, 1)]);

const model = sequential([
  recurrent(layerNormLstm, { units: 16, returnSequences: true, recurrentDropout: 0.1 }),
  lstm({ units: 8 }),
  dense({ units: 1 }),
]);
model.compile({ optimizer: "adam", loss: "mse" });
const history = await model.fit(x, y, { epochs: 12, batchSize: 16, seed: 7, verbose: "silent" });
const losses = history.history.loss ?? [];
console.log(`loss ${losses[0]?.toFixed(3)} -> ${losses.at(-1)?.toFixed(3)} with a cell that no library knows`);
