// The network of the article in eight lines: two recurrent layers of 128, ReLU, trained on waves with Adam and squared error.
import { deepRnn } from "deep-rnn";

// 96 waves of 24 steps with one feature; each is to be continued by one step.
const wave = (i: number, t: number): number => Math.sin(0.3 * t + 0.37 * i);
const sequence = (i: number): number[][] => Array.from({ length: 24 }, (_, t) => [wave(i, t)]);
const x = Array.from({ length: 96 }, (_, i) => sequence(i)); // [batch, time, feature]
const y = x.map((_, i) => [wave(i, 24)]); // [batch, output]
const xNew = [sequence(200)];

const model = deepRnn({ units: 128, layers: 2, activation: "relu" });
model.compile({ optimizer: "adam", loss: "mse" });
const history = await model.fit(x, y, { epochs: 50, batchSize: 32, validationSplit: 0.2, seed: 7, verbose: "silent" });
const out = await model.predict(xNew);

console.log(`validation loss ${history.history.valLoss?.at(-1)?.toFixed(4)} after ${history.epochs} epochs`);
console.log(`continued by ${out.data[0]?.toFixed(2)}, the wave goes on with ${wave(200, 24).toFixed(2)}`);
