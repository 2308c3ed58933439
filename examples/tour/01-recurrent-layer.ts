// The recurrent layer: one formula, the same weights at every step, and a state that carries what was seen.
import {
  add,
  dense,
  matmul,
  mul,
  normal,
  randomKey,
  scan,
  sequential,
  simpleRnn,
  splitKey,
  type Tensor,
  tanh,
  tensor,
  zeros,
} from "deep-rnn";

// By hand: h_t = tanh(x_t·W + h_(t-1)·U + b), for an impulse at step 3 and silence.
const [keyW, keyU] = splitKey(randomKey(1));
const W = normal(keyW, [1, 8]);
const U = mul(0.3, normal(keyU, [8, 8]));
const b = zeros([8]);
const impulse = tensor([Array.from({ length: 25 }, (_, t) => [t === 3 ? 1 : 0])]); // [batch 1, time 25, feature 1]
const [, byHand] = scan(
  (h: Tensor, x: Tensor) => {
    const next = tanh(add(matmul(x, W), matmul(h, U), b));
    return [next, next]; // the state for the next step, and this step's output
  },
  zeros([1, 8]),
  impulse,
);

// The layer is the same formula. Its weights know nothing of time: 1·8 + 8·8 + 8 numbers for a sequence of any length.
const layer = sequential([simpleRnn({ units: 8, returnSequences: true, name: "rnn" })]);
layer.build(["time", 1]);
layer.weights = { rnn: { W, U, b } };
const states = await layer.predict(impulse);
const difference = Math.max(...Array.from(states.data, (value, i) => Math.abs(value - byHand.data[i]!)));
console.log(`layer and formula differ by ${difference < 1e-6 ? "less than 1e-6" : difference}`);

// Trained: the next value of a sum of two waves, at every step.
const wave = (t: number): number => (Math.sin(0.4 * t) + Math.sin(0.93 * t)) / 2;
const x = Array.from({ length: 64 }, (_, row) => Array.from({ length: 30 }, (_, t) => [wave(7 * row + t)]));
const y = x.map((steps, row) => steps.map((_, t) => [wave(7 * row + t + 1)]));
const model = sequential([simpleRnn({ units: 16, returnSequences: true }), dense({ units: 1 })]);
model.compile({ optimizer: "adam", loss: "mse" });
await model.fit(x, y, { epochs: 100, seed: 1, verbose: "silent" });
const next = Array.from({ length: 60 }, (_, t) => wave(1000 + t + 1)); // twice as long as any sequence it was trained on
const predicted = Array.from((await model.predict([next.map((_, t) => [wave(1000 + t)])])).data);
const error = (guess: (t: number) => number): number =>
  Math.sqrt(next.reduce((sum, value, t) => sum + (value - guess(t)) ** 2 / next.length, 0));
const [trained, same] = [error((t) => predicted[t]!), error((t) => wave(1000 + t))];
console.log(`next value: root mean squared error ${trained.toFixed(3)}; saying "as now": ${same.toFixed(3)}`);

// The picture.
import { chart } from "./support/chart.js";

const cells = Array.from({ length: 8 }, (_, unit) => Array.from({ length: 25 }, (_, t) => states.data[t * 8 + unit]!));
export const picture: string = chart(
  "Eight states after an impulse, fading while they turn into one another; and the next value of a sum of two waves, true and predicted",
  { title: "the echo of one impulse at step 3", x: "step", y: "unit; blue positive, orange negative", cells },
  { title: "the next value, predicted at every step", x: "step", y: "value", lines: { truth: next, predicted } },
);
export const figures: Readonly<Record<string, number>> = { difference, trained, same };
