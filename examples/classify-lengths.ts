// Classifies sequences of different lengths with a recurrent layer in both directions: does a bump come before a dip?
import { bidirectional, dense, globalMaxPool1d, gru, sequential } from "deep-rnn";

const noise = (k: number): number => 0.2 * Math.sin(12.9898 * k * k);
const steps = (i: number): number => 8 + ((7 * i) % 17); // 8 to 24
function sequence(i: number): number[][] {
  const T = steps(i);
  const [early, late] = [Math.floor(T / 4), Math.floor((3 * T) / 4)];
  const [bump, dip] = i % 2 === 0 ? [early, late] : [late, early];
  return Array.from({ length: T }, (_, t) => [noise(100 * i + t) + (t === bump ? 1 : 0) - (t === dip ? 1 : 0)]);
}
const x = Array.from({ length: 240 }, (_, i) => sequence(i)); // ragged: lengths are taken from it
const y = x.map((_, i) => i % 2);

const model = sequential([
  bidirectional(gru({ units: 12, returnSequences: true })),
  globalMaxPool1d(), // over each row's own steps
  dense({ units: 2, activation: "softmax" }),
]);
model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossEntropy", metrics: ["accuracy"] });
await model.fit(x.slice(0, 200), y.slice(0, 200), { epochs: 20, batchSize: 20, bucketByLength: true, seed: 7, verbose: "silent" });

const scores = await model.evaluate(x.slice(200), y.slice(200));
console.log(`accuracy ${scores.accuracy?.toFixed(2)} on 40 sequences of 8 to 24 steps that it has not seen`);
const [short, long] = (await model.predict([x[200] ?? [], x[203] ?? []])).toArray() as number[][];
console.log(`bump first: ${short?.[0]?.toFixed(2)} and ${long?.[0]?.toFixed(2)}`);
