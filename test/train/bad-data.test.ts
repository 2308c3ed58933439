// Data that does not fit: every refusal is a sentence with a code.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deepRnn, dense, embedding, functional, gru, lstm, type Model, sequential, type Tensor, tensor, zeros } from "../../src/index.js";

const x = zeros([6, 4, 3]);
const y = zeros([6, 1]);

function small(): Model {
  const model = deepRnn({ units: 3 });
  model.compile({ optimizer: "adam", loss: "mse" });
  return model;
}

async function refused(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.equal((error as Error & { code?: string }).code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

const once = { epochs: 1 };

test("different numbers of samples are named", () =>
  refused(small().fit(x, zeros([5, 1]), once), "rows_differ", /x has 6 samples and y has 5/));

test("targets for each step without returnSequences say so", () =>
  refused(small().fit(x, zeros([6, 4, 1]), once), "target_shape", /\[6, 4, 1\].*\[batch, 1\].*returnSequences: true/));

test("one target per row with returnSequences says so", () => {
  const model = sequential([gru({ units: 2, returnSequences: true }), dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  return refused(model.fit(x, zeros([6, 2]), once), "steps_differ", /x has 4 steps and y has 2.*returnSequences: false/);
});

test("fit before compile says what to call", () => refused(deepRnn({ units: 2 }).fit(x, y), "not_compiled", /model\.compile/));

test("NaN in x is named with its place", () => {
  const bad = Float32Array.from({ length: 72 }, () => 0);
  bad[2 * 12 + 1 * 3 + 2] = Number.NaN;
  return refused(small().fit(tensor(bad, { shape: [6, 4, 3] }), y, once), "not_finite", /^x holds NaN at \[2, 1, 2\]/);
});

test("infinity in y is named with its place", () =>
  refused(small().fit(x, [[0], [0], [0], [1 / 0], [0], [0]], once), "not_finite", /^y holds Infinity at \[3, 0\]/));

test("another number of features names the layer and both shapes", async () => {
  const model = small();
  await model.fit(x, y, { ...once, verbose: "silent" });
  await refused(model.predict(zeros([2, 4, 5])), "input_shape", /x is \[2, 4, 5\], but layer "rnn-1" was built for \[batch, time, 3\]/);
});

test("misspelt names get a suggestion", () => {
  assert.throws(() => small().compile({ optimizer: "adamm", loss: "mse" }), { code: "unknown_optimizer", message: /Did you mean "adam"/ });
  assert.throws(() => small().compile({ optimizer: "adam", loss: "binaryCrossentropy" }), { message: /Did you mean "binaryCrossEntropy"/ });
  assert.throws(() => small().compile({ optimizer: "adam", loss: "mse", metrics: ["acuracy"] }), { message: /Did you mean "accuracy"/ });
});

test("empty data is refused", async () => {
  await refused(small().fit([], []), "no_rows", /x is empty/);
  await refused(small().fit(zeros([0, 4, 3]), zeros([0, 1])), "no_rows", /x is empty/);
});

test("lengths outside the data are refused with the row", async () => {
  await refused(small().fit(x, y, { lengths: [4, 4, 4, 4, 4, 5] }), "bad_lengths", /lengths\[5\] is 5, x has 4 steps/);
  await refused(small().fit(x, y, { lengths: [4, -1, 4, 4, 4, 4] }), "bad_lengths", /lengths\[1\] is -1/);
  await refused(small().fit(x, y, { lengths: [4, 2.5, 4, 4, 4, 4] }), "bad_lengths", /whole number/);
  await refused(small().fit(x, y, { lengths: [4, 4] }), "bad_lengths", /6 rows/);
});

test("nested arrays may be ragged in time only", async () => {
  await refused(small().fit([[[1], [2, 3]]], [1]), "ragged", /x\[0\]\[1\] has 2 entries where others have 1/);
  await refused(small().fit([[[1]], ["a"]] as never, [1, 2]), "ragged", /x\[1\]\[0\] is a number where others are lists/);
});

test("holes of sparse arrays are not numbers", async () => {
  const step = [1, 2];
  const sparse: number[][] = [step, step];
  delete sparse[1];
  await refused(small().fit([[step, step], sparse], [1, 2]), "not_a_number", /x\[1\]\[1\] is undefined/);
  await refused(small().fit([[step], [step]], new Array<number>(2)), "not_a_number", /y\[0\] is undefined/);
});

test("classes that the output does not have are refused, not ignored", async () => {
  const model = (): Model => {
    const made = sequential([gru({ units: 2 }), dense({ units: 3 })]);
    made.compile({ optimizer: "adam", loss: "sparseCategoricalCrossEntropy" });
    return made;
  };
  const wanted = /y holds .* at \[2\]; a class is a whole number from 0 to 2/;
  for (const wrong of [3, -1, 1.5]) await refused(model().fit(x, [0, 1, wrong, 2, 0, 1], once), "bad_target", wanted);
  const binary = sequential([gru({ units: 2 }), dense({ units: 1 })]);
  binary.compile({ optimizer: "adam", loss: "binaryCrossEntropy" });
  await refused(binary.fit(x, [0, 1, 2, 1, 0, 1], once), "bad_target", /between 0 and 1/);
});

test("garbage behind a row's last step is no class and does not widen the output", async () => {
  const model = deepRnn({ units: 2, returnSequences: true });
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossEntropy" });
  const targets = tensor([0, 1, 77, -5, 2, 1, 0, NaN, 1, 99, 99, 99, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2], { shape: [6, 4] });
  await model.fit(x, targets, { ...once, lengths: [2, 3, 1, 4, 4, 4] });
  assert.deepEqual((await model.predict(x)).shape, [6, 4, 3]);
});

test("what can be no token number ends the run and names the layer", async () => {
  const model = sequential([embedding({ vocabularySize: 5, size: 2, name: "words" }), lstm({ units: 2 }), dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const [tokens, targets] = [
    tensor([
      [1, 2, 3],
      [4, 0, 1],
    ]),
    tensor([[1], [2]]),
  ];
  await model.fit(tokens, targets, once);
  const before = JSON.stringify(model.weights);
  for (const wrong of [-1, 2.5, 5, 1e10]) {
    const bad = tensor([
      [1, wrong, 3],
      [4, 0, 1],
    ]);
    for (const run of [model.fit(bad, targets, once), model.predict(bad)]) {
      await assert.rejects(run, { code: "index_out_of_range", message: /in layer "words"/ });
    }
  }
  await assert.rejects(model.predict(tensor(Int32Array.of(1, -1, 3, 4, 0, 1), { shape: [2, 3] })), { code: "index_out_of_range" });
  assert.equal(JSON.stringify(model.weights), before);
});

test("data that was refused decides nothing: the next fit is the first", async () => {
  const model = deepRnn({ units: 3 });
  model.compile({ optimizer: "adam", loss: "mse" });
  await refused(model.fit(x, zeros([5, 4]), { ...once, seed: 3 }), "rows_differ", /samples/);
  await refused(model.fit(x, zeros([6, 4]), { ...once, seed: 3, validationSplit: 7 }), "bad_split", /validationSplit/);
  const history = await model.fit(x, y, { ...once, seed: 1 });
  const fresh = small();
  assert.deepEqual(history, await fresh.fit(x, y, { ...once, seed: 1 }));
  assert.equal(JSON.stringify(model.weights), JSON.stringify(fresh.weights));
});

test("a record for a model with one input, and the other way round, is explained", async () => {
  await refused(small().fit({ series: x }, y), "input_names", /one input/);
  const model = functional({ a: gru({ units: 2 }), out: dense({ units: 1 }) }, (l, { series }: { series: Tensor }) => l.out(l.a(series)));
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build({ series: ["time", 3] });
  await refused(model.fit(x, y), "input_names", /series/);
  await refused(model.fit({ serie: x }, y), "input_names", /Did you mean "series"/);
});

test("numbers in front of a recurrent layer that are no sequences are explained", () =>
  refused(small().fit(zeros([6, 4]), y), "not_a_sequence", /x is \[6, 4\].*\[batch, time, feature\]/));

test("a loss that averages by itself is explained", () => {
  const model = deepRnn({ units: 2 });
  model.compile({ optimizer: "adam", loss: (actual, predicted) => tensor(0) ?? actual ?? predicted });
  return refused(model.fit(x, y, once), "loss_scalar", /one number per element/);
});

test("a token outside the vocabulary names the layer", async () => {
  const model = sequential([embedding({ vocabularySize: 5, size: 2, name: "words" }), lstm({ units: 2 }), dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  await refused(model.fit([[1, 2, 7]], [0], { ...once, verbose: "silent" }), "index_out_of_range", /words/);
});

test("splits that leave nothing are refused", async () => {
  await refused(small().fit(x, y, { validationSplit: 1 }), "bad_split", /between 0 and 1/);
  await refused(small().fit(zeros([1, 4, 3]), zeros([1, 1]), { validationSplit: 0.2 }), "bad_split", /leaves 0 to train/);
});

test("misspelt options are refused", () => refused(small().fit(x, y, { epoch: 3 } as never), "unknown_option", /"epoch"/));

test("weights of other shapes or names are refused", () => {
  const model = deepRnn({ units: 2, outputSize: 1 });
  model.build(["time", 3]);
  assert.throws(
    () => {
      model.weights = { output: { W: zeros([3, 1]) } };
    },
    { code: "weight_names" },
  );
  assert.throws(
    () => {
      model.weights = { ...(model.weights as object), output: { W: zeros([3, 1]), b: zeros([1]) } };
    },
    { code: "weight_shape", message: /output\/W.*\[2, 1\].*\[3, 1\]/ },
  );
});

test("what needs weights before there are any says how to make them", () => {
  assert.throws(() => deepRnn({ units: 2 }).summary(), { code: "not_built", message: /model\.build/ });
});
