// What plain JavaScript may pass for options: every refusal is a sentence with a code, nothing is silently ignored.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  adam,
  adamw,
  type Callback,
  deepRnn,
  defineCell,
  defineOptimizer,
  dense,
  earlyStopping,
  loadModel,
  lstm,
  type Model,
  rmsprop,
  sgd,
  simpleRnn,
  zeros,
} from "../../src/index.js";

const x = zeros([6, 4, 3]);
const y = zeros([6, 1]);

function small(): Model {
  const model = deepRnn({ units: 3 });
  model.compile({ optimizer: "adam", loss: "mse" });
  return model;
}

/** A value of any type, as a caller without types may pass it. */
function untyped(value: unknown): never {
  return value as never;
}

test("an optimiser refuses options it does not have and values that cannot be meant", () => {
  const wrong: readonly (readonly [() => unknown, string, RegExp])[] = [
    [() => adam(untyped({ lr: 0.1 })), "unknown_option", /adam has no option "lr"/],
    [() => adam({ learningRate: untyped("0.1") }), "bad_learning_rate", /got "0\.1"/],
    [() => adam({ beta1: 2 }), "bad_option", /beta1 must be at least 0 and below 1, got 2/],
    [() => adam({ epsilon: -1 }), "bad_option", /epsilon/],
    [() => adam(untyped(null)), "bad_option", /record of options, got null/],
    [() => adamw({ weightDecay: -1 }), "bad_option", /weightDecay/],
    [() => sgd({ momentum: -1 }), "bad_option", /momentum/],
    [() => sgd({ nesterov: untyped("yes") }), "bad_option", /nesterov must be true or false/],
    [() => rmsprop({ rho: 1 }), "bad_option", /rho/],
    [
      () => defineOptimizer({ name: "mine", slots: [], learningRate: 1, update: ({ w }) => ({ w }) })(untyped({ momentum: 1 })),
      "unknown_option",
      /mine has no option "momentum"/,
    ],
    [() => earlyStopping(untyped({ patienc: 3 })), "unknown_option", /Did you mean "patience"/],
  ];
  for (const [call, code, message] of wrong) assert.throws(call, { code, message });
});

test("fit refuses options of the wrong kind", async () => {
  const wrong: readonly (readonly [object | number, RegExp])[] = [
    [3, /options must be a record/],
    [{ shuffle: "yes" }, /shuffle/],
    [{ verbose: "loud" }, /verbose/],
    [{ verbose: "lines", log: 3 }, /log/],
    [{ signal: 3 }, /signal/],
    [{ validationData: null }, /validationData/],
    [{ validationData: [x] }, /validationData/],
    [{ callbacks: { name: "a" } }, /callbacks must be a list/],
    [{ callbacks: [undefined] }, /a callback is a record/],
    [{ callbacks: [{ name: "a", onEpochEnd: 3 }] }, /onEpochEnd is not a function/],
    [{ epochs: "5" }, /epochs must be a whole number/],
  ];
  for (const [options, message] of wrong) await assert.rejects(small().fit(x, y, untyped(options)), { code: "bad_option", message });
});

test("a misspelt hook of a callback is an error, not silence", async () => {
  const callback = untyped({ name: "log", onEpochend: () => undefined }) as Callback;
  await assert.rejects(small().fit(x, y, { callbacks: [callback] }), { code: "unknown_hook", message: /Did you mean "onEpochEnd"/ });
});

test("fit of a data set checks its options too", () =>
  assert.rejects(small().fit({ x, y }, untyped({ shuffle: "yes" })), { code: "bad_option" }));

test("compile refuses what it does not know", () => {
  const model = deepRnn({ units: 3 });
  assert.throws(() => model.compile(untyped({ optimizer: "adam", loss: "mse", lr: 3 })), { code: "unknown_option" });
  assert.throws(() => model.compile({ optimizer: "adam", loss: "mse", metrics: untyped("mae") }), { message: /metrics must be a list/ });
  assert.throws(() => model.compile(untyped(undefined)), { code: "bad_option" });
});

test("layers and cells without options, or with something else for them, say so", () => {
  const makers: readonly ((options: never) => unknown)[] = [simpleRnn, lstm, dense, deepRnn];
  for (const make of makers)
    for (const options of [undefined, null, "abc"]) assert.throws(() => make(untyped(options)), { code: "bad_option" });
  assert.throws(() => simpleRnn({ units: 3, activation: untyped(() => x) }), { code: "unknown_activation", message: /not a name/ });
  assert.throws(() => dense({ units: 3, name: "__proto__" }), { code: "bad_option" });
  assert.throws(() => deepRnn({ units: untyped("a") }), { code: "bad_option" });
});

test("a cell's parts must be what they are called", () => {
  const cell = { name: "x", state: { h: "units" }, output: "h", params: () => ({}), step: () => ({}) };
  assert.throws(() => defineCell(untyped(undefined)), { code: "bad_option" });
  assert.throws(() => defineCell(untyped({ ...cell, stats: {} })), { code: "unknown_option", message: /Did you mean "state"/ });
  assert.throws(() => defineCell(untyped({ ...cell, step: undefined })), { code: "bad_cell", message: /step is not a function/ });
  assert.throws(() => defineCell(untyped({ ...cell, params: 3 })), { code: "bad_cell", message: /params is not a function/ });
  assert.throws(() => defineCell(untyped({ ...cell, inputs: "dt" })), { code: "bad_cell", message: /inputs must be a list/ });
  assert.throws(() => defineCell(untyped({ ...cell, row: "memory" })), { code: "bad_cell", message: /row must be a list/ });
});

test("paths, bytes and cells of the wrong kind are named", async () => {
  const model = deepRnn({ units: 2, outputSize: 1 });
  model.build(["time", 3]);
  for (const path of [undefined, null, 3, ""]) {
    await assert.rejects(model.save(untyped(path)), { code: "bad_path" });
    await assert.rejects(loadModel(untyped(path)), { code: "bad_path" });
  }
  await assert.rejects(loadModel(untyped(model.toBytes().buffer)), { code: "bad_path", message: /Uint8Array/ });
  const bytes = model.toBytes();
  await assert.rejects(loadModel(bytes, untyped({ cell: [] })), { code: "unknown_option", message: /Did you mean "cells"/ });
  await assert.rejects(loadModel(bytes, { cells: untyped({}) }), { code: "bad_option" });
  await assert.rejects(loadModel(bytes, { cells: untyped([3]) }), { code: "not_a_cell" });
  const cyclic: { own?: object } = {};
  cyclic.own = cyclic;
  assert.throws(() => model.toBytes({ preprocess: cyclic }), { code: "bad_preprocess" });
});

test("build says what a shape is", () => {
  for (const shape of [undefined, null, "time", 3, { x: "time" }])
    assert.throws(() => deepRnn({ units: 2, outputSize: 1 }).build(untyped(shape)), { code: "input_shape" });
});

test("weights that no memory holds are refused with their size", () => {
  assert.throws(() => deepRnn({ units: 1e9, outputSize: 1 }).build(["time", 3]), { code: "too_large", message: /GB/ });
});

test("a place that cannot be written is one error, whatever cannot be removed after it", async () => {
  const root = await mkdtemp(join(tmpdir(), "deep-rnn-bad-"));
  try {
    await writeFile(join(root, "file"), "hello");
    const model = deepRnn({ units: 2, outputSize: 1 });
    model.build(["time", 3]);
    for (const path of ["file/under", "nul\0byte", "a".repeat(300), "file/under.drnn"]) {
      await assert.rejects(model.save(join(root, path)), { code: "write_failed" });
    }
    assert.deepEqual(await readdir(root), ["file"]);
  } finally {
    await rm(root, { recursive: true });
  }
});
