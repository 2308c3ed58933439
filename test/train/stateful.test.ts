// Stateful layers: pieces of a long sequence give what the whole gives, gradients stop between pieces, and nothing of it is lost.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  bidirectional,
  checkpoint,
  dense,
  functional,
  gru,
  latestCheckpoint,
  lstm,
  type Model,
  sequential,
  simpleRnn,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { numbers, random } from "./support.js";

const [B, T, I] = [3, 12, 2];
const x = random(1, [B, T, I]);
const y = random(2, [B, T, 1]);

function network(stateful: boolean): Model {
  const model = sequential([
    lstm({ units: 4, returnSequences: true, stateful, name: "lower" }),
    gru({ units: 3, returnSequences: true, stateful, name: "upper" }),
    dense({ units: 1, name: "out" }),
  ]);
  model.build(["time", I], { seed: 5 });
  model.compile({ optimizer: "adam", loss: "mse" });
  return model;
}

/** Steps [start, end) of [B, T, F]. */
function piece(from: Tensor, start: number, end: number): Tensor {
  const [rows = 0, time = 0, size = 0] = from.shape;
  const data = Array.from(from.data);
  const parts = Array.from({ length: rows }, (_, row) => data.slice((row * time + start) * size, (row * time + end) * size));
  return tensor(Float32Array.from(parts.flat()), { shape: [rows, end - start, size] });
}

test("predict in pieces gives the bits of predict on the whole, and after resetStates again", async () => {
  const whole = await network(false).predict(x);
  const model = network(true);
  for (let round = 0; round < 2; round++) {
    for (const [start, end] of [
      [0, 5],
      [5, 6],
      [6, 12],
    ] as const)
      assert.deepEqual(numbers(await model.predict(piece(x, start, end))), numbers(piece(whole, start, end)));
    model.resetStates();
  }
});

test("batches of one call are pieces of the same rows: row i goes on where row i of the batch before ended", async () => {
  const whole = await network(false).predict(x);
  const model = network(true);
  const inRows = tensor(Float32Array.from([...piece(x, 0, 6).data, ...piece(x, 6, 12).data]), { shape: [2 * B, 6, I] });
  const wanted = [...piece(whole, 0, 6).data, ...piece(whole, 6, 12).data];
  assert.deepEqual([...(await model.predict(inRows, { batchSize: B })).data], wanted);
});

test("lengths end a piece earlier, and the next goes on from there", async () => {
  const whole = await network(false).predict(x);
  const model = network(true);
  await model.predict(piece(x, 0, 6), { lengths: [6, 4, 0] });
  const next = await model.predict(piece(x, 6, 12));
  assert.deepEqual(Array.from(next.data).slice(0, 6), Array.from(whole.data).slice(6, 12));
  const late = await network(false).predict(piece(x, 6, 12));
  assert.deepEqual(Array.from(next.data).slice(12, 18), Array.from(late.data).slice(12, 18));
});

test("fit on pieces is truncated back-propagation: the states of the piece before are constants", async () => {
  const model = network(true);
  await model.fit(piece(x, 0, 6), piece(y, 0, 6), { epochs: 1, batchSize: B, shuffle: false, verbose: "silent" });
  const weights = model.weights;
  const { history } = await model.fit(piece(x, 6, 12), piece(y, 6, 12), { epochs: 1, batchSize: B, shuffle: false, verbose: "silent" });
  // The same step by hand: the loss of the second half from the states after the first, which the first weights gave.
  const before = network(false);
  const states = functional(
    {
      lower: lstm({ units: 4, returnSequences: true, returnState: true }),
      upper: gru({ units: 3, returnSequences: true, returnState: true }),
      out: dense({ units: 1 }),
    },
    (l, { x: given, h, c, u }: { readonly x: Tensor; readonly h: Tensor; readonly c: Tensor; readonly u: Tensor }) => {
      const lower = l.lower(given, { initialState: { h, c } });
      const upper = l.upper(lower.output, { initialState: { h: u } });
      return { y: l.out(upper.output), h: lower.state.h!, c: lower.state.c!, u: upper.state.h! };
    },
  );
  states.build({ x: ["time", I], h: [4], c: [4], u: [3] });
  states.weights = before.weights;
  const start = { h: random(0, [B, 4]), c: random(0, [B, 4]), u: random(0, [B, 3]) };
  const zero = Object.fromEntries(
    Object.entries(start).map(([name, { shape }]) => [name, tensor(new Float32Array(shape[0]! * shape[1]!), { shape })]),
  );
  const first = await states.predict({ x: piece(x, 0, 6), ...zero });
  states.weights = weights;
  const second = await states.predict({ x: piece(x, 6, 12), h: first.h, c: first.c, u: first.u });
  const wanted = Array.from(piece(y, 6, 12).data);
  const error = Array.from(second.y.data).reduce((sum, value, index) => sum + (value - wanted[index]!) ** 2, 0) / wanted.length;
  assert.ok(Math.abs(history.loss![0]! - error) < 1e-6 * Math.max(1, error));
});

test("validation has states of its own, and streams have theirs", async () => {
  const run = async (validate: boolean): Promise<unknown> => {
    const model = network(true);
    const options = { epochs: 2, batchSize: B, shuffle: false, seed: 1, verbose: "silent" } as const;
    await model.fit(x, y, validate ? { ...options, validationData: [random(8, [B, 4, I]), random(9, [B, 4, 1])] } : options);
    return [numbers(model.weights), numbers(await model.predict(x))];
  };
  assert.deepEqual(await run(true), await run(false));
  const model = network(true);
  await model.predict(x);
  const live = await model.stream({ batch: B });
  const step = live.step(tensor(Float32Array.from(piece(x, 0, 1).data), { shape: [B, I] }));
  assert.deepEqual([...step.data], [...(await network(false).predict(piece(x, 0, 1))).data]);
});

test("a checkpoint keeps the states: a resumed training ends with the bits of one that was never stopped", async () => {
  const path = mkdtempSync(join(tmpdir(), "stateful-"));
  const rows = tensor(Float32Array.from([...piece(x, 0, 6).data, ...piece(x, 6, 12).data]), { shape: [2 * B, 6, I] });
  const targets = tensor(Float32Array.from([...piece(y, 0, 6).data, ...piece(y, 6, 12).data]), { shape: [2 * B, 6, 1] });
  const options = { batchSize: B, shuffle: false, seed: 1, verbose: "silent" } as const;
  try {
    const whole = network(true);
    await whole.fit(rows, targets, { ...options, epochs: 4 });
    await network(true).fit(rows, targets, { ...options, epochs: 2, callbacks: [checkpoint({ path })] });
    const resumed = network(true);
    const resumeFrom = await latestCheckpoint(path);
    assert.ok(resumeFrom !== null);
    await resumed.fit(rows, targets, { ...options, epochs: 4, resumeFrom });
    assert.deepEqual(numbers(resumed.weights), numbers(whole.weights));
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});

test("other batch sizes, shuffled rows, backward directions and initial states are refused", async () => {
  const model = network(true);
  await model.predict(x);
  await assert.rejects(model.predict(random(3, [2, 4, I])), {
    code: "stateful_batch",
    message: /layer "lower" are those of 3 rows, this batch has 2/,
  });
  await assert.rejects(model.fit(x, y, { epochs: 1, verbose: "silent" }), { code: "stateful_shuffle" });
  assert.throws(() => simpleRnn({ units: 2, stateful: true, goBackwards: true }), { code: "bad_option" });
  assert.throws(() => bidirectional(gru({ units: 2, stateful: true })), { code: "bad_option" });
  const given = functional({ rnn: gru({ units: 2, stateful: true }) }, (l, { a, h }: { readonly a: Tensor; readonly h: Tensor }) =>
    l.rnn(a, { initialState: { h } }),
  );
  assert.throws(() => given.build({ a: ["time", 2], h: [2] }), { code: "stateful_initial" });
});
