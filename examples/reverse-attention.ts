// Encoder and decoder with attention: writes a sequence of symbols backwards, one symbol after the other.
import { attention, concat, dense, embedding, functional, gru, type Tensor, tensor } from "deep-rnn";

const begin = 8; // symbols are 0 to 7; 8 begins an answer
const length = 6;
const symbol = (k: number): number => Math.floor(8 * Math.abs(Math.sin(12.9898 * (k + 1)) * 43758.5453)) % 8;
const sources = Array.from({ length: 512 }, (_, i) => Array.from({ length }, (_, t) => symbol(31 * i + t)));
const targets = sources.map((row) => row.toReversed());
// Whole numbers in two axes are sequences of tokens; floats would be features.
const tokens = (rows: number[][]): Tensor => tensor(rows, { dtype: "int32" });
// While training the decoder reads the right answer, moved on by one symbol.
const shifted = targets.map((row) => [begin, ...row.slice(0, -1)]);

const model = functional(
  {
    symbols: embedding({ vocabularySize: 9, size: 16 }),
    encode: gru({ units: 32, returnSequences: true }),
    decode: gru({ units: 32, returnSequences: true }),
    attend: attention({ score: "additive", units: 32 }),
    out: dense({ units: 8 }),
  },
  (l, { source, target }: { source: Tensor; target: Tensor }) => {
    const states = l.decode(l.symbols(target));
    return l.out(concat([states, l.attend(states, { memory: l.encode(l.symbols(source)) })]));
  },
);
model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossEntropy", metrics: ["accuracy"] });
const { history } = await model.fit({ source: tokens(sources), target: tokens(shifted) }, targets, {
  epochs: 30,
  batchSize: 32,
  seed: 7,
  verbose: "silent",
});

// Afterwards it reads its own answers. The likeliest symbol at the last step; scores are [1, steps, 8].
const asked = [[3, 1, 4, 1, 5, 2]];
const answer: number[] = [];
while (answer.length < length) {
  const scores = await model.predict({ source: tokens(asked), target: tokens([[begin, ...answer]]) });
  const last = [...scores.data].slice(-8);
  answer.push(last.indexOf(Math.max(...last)));
}
console.log(`accuracy ${history.accuracy?.at(-1)?.toFixed(3)}; ${asked[0]?.join(" ")} backwards is ${answer.join(" ")}`);
