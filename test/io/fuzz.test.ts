// Ten thousand damaged models: each is refused with one sentence and a code, or loads as a model whose weights are the file's.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bidirectional,
  concat,
  DataError,
  deepRnn,
  dense,
  embedding,
  functional,
  gru,
  layerNorm,
  loadModel,
  lstm,
  type Model,
  sequential,
  type Tensor,
  UsageError,
} from "../../src/index.js";
import { drawer, mutate } from "./mutations.js";

const mutants = 10_000;

/** Small models of every kind, compiled and with preprocessing, as bytes. */
function originals(): Uint8Array[] {
  const plain = deepRnn({ units: [3, 2], activation: "tanh", outputSize: 1 });
  const chain = sequential([
    embedding({ vocabularySize: 4, size: 2 }),
    bidirectional(lstm({ units: 2, peephole: true, returnSequences: true }), { merge: "sum" }),
    layerNorm(),
    gru({ units: 2, resetAfter: false }),
    dense({ units: 1, activation: "sigmoid" }),
  ]);
  const wired = functional(
    { read: lstm({ units: 2 }), sales: dense({ units: 1 }), open: dense({ units: 2, activation: "softmax" }) },
    (l, { series, store }: { series: Tensor; store: Tensor }) => {
      const both = concat([l.read(series), store]);
      return { sales: l.sales(both), open: l.open(both) };
    },
  );
  plain.build(["time", 2]);
  chain.build(["time"]);
  wired.build({ series: ["time", 2], store: [2] });
  plain.compile({ optimizer: "adam", loss: "mse" });
  chain.compile({ optimizer: "sgd", loss: "binaryCrossEntropy", metrics: ["accuracy"] });
  wired.compile({ optimizer: "rmsprop", loss: { sales: "huber", open: "sparseCategoricalCrossEntropy" } });
  const models: readonly Model<unknown>[] = [plain, chain, wired];
  return models.map((model) => model.toBytes({ preprocess: { scale: [1, 2], names: { a: null } }, task: "forecast" }));
}

// What an engine says when a program trips, not a library that looked.
const tripped =
  /Cannot read|Cannot set|Cannot convert|not a function|not iterable|of undefined|call stack|Invalid array length|Invalid typed|is not defined/;

test(`${mutants} mutated models are refused with a sentence and a code, or load`, async () => {
  const draw = drawer(20250801);
  const archives = originals();
  const seen = { loaded: 0, refused: new Map<string, number>() };
  for (let index = 0; index < mutants; index++) {
    const { what, bytes } = mutate(archives[index % archives.length]!, draw);
    try {
      const model = await loadModel<unknown>(bytes);
      // A model that loads is whole: it can be taken apart again.
      assert.ok(model.toBytes().length > 0);
      seen.loaded += 1;
    } catch (error) {
      assert.ok(error instanceof DataError || error instanceof UsageError, `mutant ${index} (${what}): ${inspect(error)}`);
      assert.match(error.code, /^[a-z][a-z_]+$/);
      assert.doesNotMatch(error.message, tripped, `mutant ${index} (${what})`);
      assert.ok(!error.message.includes("\n") && error.message.length < 1000, `mutant ${index} (${what}): ${error.message}`);
      seen.refused.set(error.code, (seen.refused.get(error.code) ?? 0) + 1);
    }
  }
  // Mutations that do nothing, or only refusals of one kind, would prove nothing.
  assert.ok(seen.loaded > mutants / 50 && seen.loaded < mutants / 2, `${seen.loaded} loaded`);
  assert.ok(seen.refused.size > 12, [...seen.refused].join(" "));
});

function inspect(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
