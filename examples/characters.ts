// A language model of characters: the output layer is the embedding turned (Press & Wolf 2017), and text is drawn from a stream.
import { adam, dense, embedding, gru, sequential } from "deep-rnn";

const text = "the rain falls on the plain, the sun shines on the rain, the plain drinks the rain and the sun dries the plain. ".repeat(6);
const letters = [...new Set(text)].sort();
const codes = [...text].map((letter) => letters.indexOf(letter));
const window = 32;
const starts = Array.from({ length: Math.floor((codes.length - 1) / 8) - 4 }, (_, i) => 8 * i);
const x = starts.map((at) => codes.slice(at, at + window)); // token numbers [rows, 32]
const y = starts.map((at) => codes.slice(at + 1, at + window + 1)); // the next one at each step

const model = sequential([
  embedding({ vocabularySize: letters.length, size: 24, name: "letters" }),
  gru({ units: 64, returnSequences: true }),
  dense({ units: 24, activation: "tanh" }),
  dense({ units: letters.length, activation: "softmax", tiedTo: "letters" }),
]);
model.compile({ optimizer: adam({ learningRate: 1e-2 }), loss: "sparseCategoricalCrossEntropy", metrics: ["perplexity"] });
const { history } = await model.fit(x, y, { epochs: 30, batchSize: 16, seed: 7, verbose: "silent" });
console.log(`perplexity ${history.perplexity?.[0]?.toFixed(1)} -> ${history.perplexity?.at(-1)?.toFixed(2)} of ${letters.length} letters`);

/** A letter drawn from probabilities; `dice` is in [0, 1). Lower temperatures prefer likely letters. */
function draw(probabilities: readonly number[], dice: number, temperature = 0.5): number {
  const weights = probabilities.map((p) => p ** (1 / temperature));
  const upTo = (k: number): number => weights.slice(0, k + 1).reduce((sum, weight) => sum + weight, 0);
  return weights.findIndex((_, k) => upTo(k) > dice * upTo(weights.length));
}

const live = await model.stream();
let written = "the ";
let next = 0;
for (const letter of written) next = draw([...live.step([letters.indexOf(letter)]).data], 0.3);
for (let k = 0; k < 60; k++) {
  written += letters[next];
  next = draw([...live.step([next]).data], (0.618034 * (k + 1)) % 1);
}
console.log(`"${written}"`);
