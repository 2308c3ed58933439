// Half of the values are missing, measured at uneven times: GRU-D classifies all the same, and BRITS fills the holes.
import { adam, brits, dense, functional, gru, lstm, recurrent, sequential, type Tensor, withDecay } from "deep-rnn";

const hidden = (k: number): boolean => (Math.sin(12.9898 * k) * 43758.5453) % 1 > 0;
const wave = (i: number, time: number, f: number): number => Math.sin((i % 2 === 0 ? 0.4 : 1.1) * time + f + 0.3 * i);
const gaps = (i: number): number[] => Array.from({ length: 16 }, (_, t) => (t === 0 ? 0 : 0.5 + ((i + t) % 3) / 2)); // 0.5 to 1.5
const whole = Array.from({ length: 160 }, (_, i) => {
  let time = 0;
  return gaps(i).map((gap) => {
    time += gap;
    return [wave(i, time, 0), wave(i, time, 2)];
  });
});
const x = whole.map((row, i) => row.map((step, t) => step.map((value, f) => (hidden(1000 * i + 2 * t + f) ? NaN : value))));
const dt = whole.map((_, i) => gaps(i).map((gap) => [gap])); // [rows, steps, 1]
const y = whole.map((_, i) => [i % 2]); // slow or fast wave

const ward = functional(
  { read: recurrent(withDecay(gru), { units: 24 }), risk: dense({ units: 1, activation: "sigmoid" }) },
  (l, { x, dt }: { x: Tensor; dt: Tensor }) => l.risk(l.read(x, { dt })),
);
ward.compile({ optimizer: adam({ learningRate: 1e-2 }), loss: "binaryCrossEntropy", metrics: ["auroc"] });
const { history } = await ward.fit({ x, dt }, y, { epochs: 40, validationSplit: 0.25, seed: 7, verbose: "silent" });
console.log(`area under the curve ${history.valAuroc?.at(-1)?.toFixed(2)} on rows that it has not seen`);

// The filler learns from what is there: it sees even less and has to guess the rest of x; missing targets do not count.
const less = x.map((row, i) => row.map((step, t) => step.map((value, f) => ((i + t + f) % 5 === 0 ? NaN : value))));
const filler = sequential([brits(lstm, { units: 24 })]);
filler.compile({ optimizer: adam({ learningRate: 1e-2 }), loss: "mae" });
await filler.fit(less, x, { epochs: 40, seed: 7, verbose: "silent" });
const filled = (await filler.predict(x)).data;
const [truth, given] = [whole.flat(2), x.flat(2)];
const holes = truth.flatMap((value, k) => (Number.isNaN(given[k]) ? [{ value, guess: filled[k] ?? NaN }] : []));
const error = (guess: (hole: { guess: number }) => number) =>
  holes.reduce((sum, hole) => sum + Math.abs(hole.value - guess(hole)), 0) / holes.length;
console.log(
  `${holes.length} holes filled with a mean error of ${error(({ guess }) => guess).toFixed(2)}; zeros have ${error(() => 0).toFixed(2)}`,
);
