// A model step by step: measurements come in one at a time, the states wait outside and travel as JSON.
import { deepRnn } from "deep-rnn";

const wave = (i: number, t: number): number => Math.sin(0.3 * t + 0.7 * i);
const x = Array.from({ length: 64 }, (_, i) => Array.from({ length: 24 }, (_, t) => [wave(i, t)]));
const y = x.map((row, i) => row.map((_, t) => [wave(i, t + 1)])); // the next value, at every step

const model = deepRnn({ units: 16, layers: 2, activation: "tanh", returnSequences: true });
model.compile({ optimizer: "adam", loss: "mse" });
await model.fit(x, y, { epochs: 40, seed: 7, verbose: "silent" });

const live = await model.stream(); // { batch: 1 }
let next = 0;
for (let t = 0; t < 40; t++) next = live.step([[wave(3, t)]]).item();
console.log(`after 40 steps the next value is ${next.toFixed(2)}, the wave goes on with ${wave(3, 40).toFixed(2)}`);

// Another process could go on from here: states are plain JSON.
const kept = JSON.stringify(live.state);
const moved = await model.stream();
moved.state = JSON.parse(kept);
const [here, there] = [live, moved].map((stream) => stream.step([[wave(3, 40)]]).item());
console.log(`the moved stream gives ${here === there ? "the same" : "another"} value`);

// For tight loops: from one array into another, without allocating.
const [input, output] = [new Float32Array(1), new Float32Array(1)];
live.reset();
for (let t = 0; t < 10_000; t++) {
  input[0] = wave(3, t);
  live.stepInto(input, output);
}
console.log(`10000 steps later ${output[0]?.toFixed(2)}, the wave ${wave(3, 10_000).toFixed(2)}`);
