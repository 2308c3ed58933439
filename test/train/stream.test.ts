// Streams: a model step by step is the model on the whole sequence; states can be kept, set and cleared; training is followed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Model, Stream, Tensor, TensorLike } from "../../src/index.js";
import {
  add,
  bidirectional,
  concat,
  deepRnn,
  defineCell,
  dense,
  dropout,
  embedding,
  exp,
  functional,
  gru,
  init,
  layerNorm,
  loadModel,
  lstm,
  matmul,
  max,
  mean,
  mul,
  neg,
  recurrent,
  scan,
  sequential,
  simpleRnn,
  softmax,
  tanh,
  tensor,
  weight,
  zeros,
} from "../../src/index.js";
import { random } from "./support.js";

const [B, T, I] = [3, 5, 4];
const x = random(1, [B, T, I]);

after(() => init({}));

/** [B, ...] at step t of [B, T, ...]. */
function stepOf(value: Tensor, t: number): Tensor {
  const [batch = 0, time = 0, ...rest] = value.shape;
  const size = rest.reduce((product, each) => product * each, 1);
  const data = Float32Array.from({ length: batch * size }, (_, at) => value.data[(Math.floor(at / size) * time + t) * size + (at % size)]!);
  return tensor(data, { shape: [batch, ...rest] });
}

function run(live: Stream, sequence: Tensor, from = 0, to = sequence.shape[1]!): Tensor[] {
  return Array.from({ length: to - from }, (_, index) => live.step(stepOf(sequence, from + index)));
}

const values = (tensors: readonly Tensor[]): number[][] => tensors.map(({ data }) => [...data]);

const stack = (): Model => {
  const model = sequential([
    lstm({ units: 6, returnSequences: true, dropout: 0.3 }),
    dropout({ rate: 0.5 }),
    gru({ units: 5, recurrentDropout: 0.3 }),
    layerNorm(),
    dense({ units: 2 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time", I], { seed: 3 });
  return model;
};

for (const backend of ["native", "wasm", "reference"] as const) {
  const isThere = await init({ backend }).then(
    () => true,
    () => false,
  );
  const skip = isThere ? false : `no ${backend} backend here`;

  test(`steps give the bits of predict on the whole sequence: ${backend}`, { skip }, async () => {
    await init({ backend });
    const model = stack();
    const live = await model.stream({ batch: B });
    assert.deepEqual(values(run(live, x).slice(-1)), values([await model.predict(x)]));

    const perStep = sequential([simpleRnn({ units: 5, returnSequences: true }), lstm({ units: 3, returnSequences: true })]);
    perStep.build(["time", I]);
    const whole = await perStep.predict(x);
    const expected = Array.from({ length: T }, (_, t) => stepOf(whole, t));
    assert.deepEqual(values(run(await perStep.stream({ batch: B }), x)), values(expected));
  });

  test(`a row alone, a row among others and stepInto are the same steps: ${backend}`, { skip }, async () => {
    await init({ backend });
    const model = stack();
    const [all, alone, flat] = [await model.stream({ batch: B }), await model.stream(), await model.stream({ batch: B })];
    const out = new Float32Array(B * 2);
    for (let t = 0; t < T; t++) {
      const now = stepOf(x, t);
      const together = all.step(now);
      flat.stepInto(Float32Array.from(now.data), out);
      assert.deepEqual([...out], [...together.data]);
      const row = [...now.data].slice(0, I);
      assert.deepEqual([...alone.step([row]).data], [...together.data].slice(0, 2));
    }
  });

  test(`states are kept as JSON and set again, whatever happened in between: ${backend}`, { skip }, async () => {
    await init({ backend });
    const model = stack();
    const live = await model.stream({ batch: B });
    const expected = run(live, x).slice(2);
    live.reset();
    run(live, x, 0, 2);
    const kept = live.state;
    const text = JSON.stringify(kept);
    assert.deepEqual(Object.keys(kept), ["lstm-1", "gru-1"]);
    assert.deepEqual(kept["lstm-1"]?.c?.shape, [B, 6]);
    run(live, x);
    live.state = kept;
    assert.deepEqual(values(run(live, x, 2)), values(expected));
    assert.equal(JSON.stringify(kept), text);
    const other = await model.stream({ batch: B });
    other.state = JSON.parse(text);
    assert.deepEqual(values(run(other, x, 2)), values(expected));
    const flat = (part: Tensor): Float32Array => Float32Array.from(part.data);
    other.state = { "lstm-1": { h: flat(kept["lstm-1"]!.h!), c: flat(kept["lstm-1"]!.c!) }, "gru-1": { h: flat(kept["gru-1"]!.h!) } };
    if (backend !== "reference") assert.deepEqual(values(run(other, x, 2)), values(expected));
  });

  test(`single rows begin anew: ${backend}`, { skip }, async () => {
    await init({ backend });
    const model = stack();
    const [live, fresh] = [await model.stream({ batch: B }), await model.stream({ batch: B })];
    const first = fresh.step(stepOf(x, 1)).toArray() as number[][];
    const going = await model.stream({ batch: B });
    going.step(stepOf(x, 0));
    const second = going.step(stepOf(x, 1)).toArray() as number[][];
    live.step(stepOf(x, 0));
    live.reset([0, 2]);
    assert.deepEqual(live.step(stepOf(x, 1)).toArray(), [first[0], second[1], first[2]]);
    assert.notDeepEqual(first[0], second[0]);
  });

  test(`a number outside the vocabulary and NaN leave the states as they were: ${backend}`, { skip }, async () => {
    await init({ backend });
    const model = sequential([embedding({ vocabularySize: 7, size: 3 }), gru({ units: 4 })]);
    model.build(["time"]);
    const ids = [
      [1, 6, 0, 3],
      [2, 2, 5, 4],
    ];
    const live = await model.stream({ batch: 2 });
    for (const t of [0, 1]) live.step(ids.map((row) => row[t]!));
    assert.throws(() => live.step([3, 7]), { code: "index_out_of_range", message: /7.*embedding-1/ });
    assert.throws(() => live.step([Number.NaN, 1]), { code: "not_finite" });
    live.step(Int32Array.from(ids.map((row) => row[2]!)));
    const out = new Float32Array(8);
    live.stepInto(
      Float32Array.from(ids, (row) => row[3]!),
      out,
    );
    assert.deepEqual([...out], [...(await model.predict(ids)).data]);
  });
}

test("an open stream follows the model: training, new weights, another backend", async () => {
  await init({});
  const model = stack();
  const live = await model.stream({ batch: B });
  const follows = async (): Promise<void> => {
    live.reset();
    assert.deepEqual(values(run(live, x).slice(-1)), values([await model.predict(x)]));
  };
  const before = values(run(live, x).slice(-1));
  await model.fit(x, random(2, [B, 2]), { epochs: 2, verbose: "silent" });
  await follows();
  assert.notDeepEqual(values([await model.predict(x)]), before);
  assert.deepEqual(values(run(await model.stream({ batch: B }), x).slice(-1)), values([await model.predict(x)]));
  model.weights = stack().weights;
  await follows();
  assert.deepEqual(values([await model.predict(x)]), before);
  model.compile({ optimizer: "sgd", loss: "mae" });
  await follows();
  await model.fit(x, random(2, [B, 2]), { epochs: 1, verbose: "silent" });
  await follows();
  const { backend, class: arithmetic } = await init({});
  if ((await init({ backend: "wasm" })).class === arithmetic && backend !== "wasm") {
    await model.fit(x, random(2, [B, 2]), { epochs: 1, verbose: "silent" });
    await follows();
  }
  await init({});
});

test("states survive training in between", async () => {
  const model = stack();
  const live = await model.stream({ batch: B });
  live.step(stepOf(x, 0));
  const { state } = live;
  await model.fit(x, random(2, [B, 2]), { epochs: 1, verbose: "silent" });
  const now = live.step(stepOf(x, 1));
  const fresh = await model.stream({ batch: B });
  fresh.state = state;
  assert.deepEqual(values([fresh.step(stepOf(x, 1))]), values([now]));
});

const fading = defineCell({
  name: "fading",
  inputs: ["dt"],
  state: { h: "units" },
  output: "h",
  params: ({ inputSize, units }) => ({ W: weight([inputSize, units]), U: weight([units, units]) }),
  step: (input, { h }, p, { dt }) => ({ h: tanh(add(matmul(input, p.W), matmul(mul(exp(neg(dt)), h), p.U))) }),
});

test("several inputs and outputs go by name, also after loading", async () => {
  const read = functional(
    { encode: recurrent(fading, { units: 6, returnSequences: true }), last: gru({ units: 4 }), head: dense({ units: 2 }) },
    (l, { series, dt, shop }: { series: Tensor; dt: Tensor; shop: Tensor }) => {
      const states = l.encode(series, { dt });
      return { each: softmax(states), sales: l.head(concat([l.last(concat([states, series])), shop])) };
    },
  );
  const dt = tensor(
    Float32Array.from({ length: B * T }, (_, i) => (i % 4) / 4),
    { shape: [B, T, 1] },
  );
  const shop = random(5, [B, 2]);
  read.build({ series: ["time", I], dt: ["time", 1], shop: [2] });
  const loaded = (await loadModel(read.toBytes(), { cells: [fading] })) as unknown as typeof read;
  for (const model of [read, loaded]) {
    const whole = await model.predict({ series: x, dt, shop });
    const live = await model.stream({ batch: B });
    const [each, sales] = [new Float32Array(B * 6), new Float32Array(B * 2)];
    for (let t = 0; t < T; t++) {
      const now = { series: stepOf(x, t), dt: stepOf(dt, t), shop };
      const { state } = live;
      const out = live.step(now);
      assert.deepEqual([...out.each.data], [...stepOf(whole.each, t).data]);
      live.state = state;
      live.stepInto(
        { series: Float32Array.from(now.series.data), dt: Float32Array.from(now.dt.data), shop: Float32Array.from(shop.data) },
        { each, sales },
      );
      assert.deepEqual([[...each], [...sales]], [[...out.each.data], [...out.sales.data]]);
    }
    assert.deepEqual([...sales], [...whole.sales.data]);
    assert.throws(() => live.step({ series: stepOf(x, 0), dt: stepOf(dt, 0) }), { code: "input_names", message: /shop/ });
    assert.throws(() => live.step(stepOf(x, 0)), { code: "input_names" });
  }
});

test("a layer called twice has two states", async () => {
  const model = functional({ cell: gru({ units: I, returnSequences: true }) }, (l, given: Tensor) => l.cell(l.cell(given)));
  model.build(["time", I]);
  const live = await model.stream({ batch: B });
  const whole = await model.predict(x);
  assert.deepEqual(values(run(live, x).slice(-1)), values([stepOf(whole, T - 1)]));
  assert.deepEqual(Object.keys(live.state), ["cell", "cell#2"]);
});

test("a model without memory streams too, and deepRnn is the article's", async () => {
  const plain = sequential([dense({ units: 3 })]);
  plain.build([I]);
  const live = await plain.stream({ batch: B });
  assert.deepEqual([...live.step(stepOf(x, 2)).data], [...(await plain.predict(stepOf(x, 2))).data]);
  assert.deepEqual(live.state, {});
  const article = deepRnn({ units: 8, outputSize: 1 });
  article.build(["time", I]);
  const row = tensor(Float32Array.from(x.data).slice(0, T * I), { shape: [1, T, I] });
  const steps = run(await article.stream(), row);
  assert.deepEqual([...steps.at(-1)!.data], [...(await article.predict(row)).data]);
});

test("networks that need the whole sequence are refused, naming the layer", async () => {
  const refused = (model: Model<unknown>, message: RegExp): Promise<void> =>
    assert.rejects(model.stream(), (error: { readonly code?: string; readonly message?: string }) => {
      assert.equal(error.code, "cannot_stream");
      assert.match(error.message ?? "", message);
      return true;
    });
  const built = (model: Model<unknown>): Model<unknown> => {
    model.build(["time", I]);
    return model;
  };
  const both = sequential([gru({ units: 2, returnSequences: true }), bidirectional(lstm({ units: 2 }))]);
  await refused(built(both), /layer "bidirectional-1"/);
  await refused(built(sequential([gru({ units: 2, goBackwards: true, name: "back" })])), /backwards.*layer "back"/);

  const layers = { cell: gru({ units: 2, returnSequences: true }) };
  await refused(built(functional(layers, (l, given: Tensor) => mean(l.cell(given), { axis: 1 }))), /added up over the steps/);
  await refused(built(functional(layers, (l, given: Tensor) => max(l.cell(given), { axis: 1 }))), /used as a whole/);

  type Inputs = { readonly series: Tensor; readonly start: Tensor };
  const given = functional(layers, (l, { series, start }: Inputs) => l.cell(series, { initialState: { h: start } }));
  const summed = functional(layers, (l, { series, start }: Inputs) => {
    const next = (total: Tensor, step: Tensor): [Tensor, Tensor] => [add(total, step), add(total, step)];
    return scan(next, start, l.cell(series))[1];
  });
  for (const model of [given, summed]) model.build({ series: ["time", I], start: [2] });
  await refused(given, /initialState.*layer "cell"/);
  await refused(summed, /scan outside the recurrent layers/);
});

test("wrong shapes, names, rows and batches are named", async () => {
  const model = stack();
  const live = await model.stream({ batch: 2 });
  const fails = (act: () => unknown, code: string): void => assert.throws(act, { code });
  for (const wrong of [[1, 2, 3], [[1, 2, 3, 4]], [[[1, 2, 3, 4]], [[1, 2, 3, 4]]], zeros([2, 5]), new Float32Array(7)] as TensorLike[])
    fails(() => live.step(wrong), "step_shape");
  fails(() => live.step([[1, 2, 3, 4], [1]]), "ragged");
  fails(() => live.step("no" as never), "not_data");
  fails(() => live.stepInto(new Float32Array(7), new Float32Array(4)), "step_shape");
  fails(() => live.stepInto(new Float32Array(8), new Float32Array(5)), "step_shape");
  fails(() => live.reset([2]), "bad_row");
  const { state } = live;
  fails(() => Object.assign(live, { state: {} }), "stream_state");
  fails(() => Object.assign(live, { state: { ...state, other: {} } }), "stream_state");
  fails(() => Object.assign(live, { state: { ...state, "gru-1": { h: zeros([1, 5]) } } }), "stream_state");
  for (const batch of [0, 1.5, Number.NaN]) await assert.rejects(model.stream({ batch }), { code: "bad_batch_size" });
  await assert.rejects(sequential([gru({ units: 1 })]).stream(), { code: "not_built" });
});

for (const backend of ["native", "wasm"]) {
  test(`100,000 steps of stepInto allocate nothing in JavaScript: ${backend}`, async (t) => {
    const child = fileURLToPath(new URL("stream-child.js", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", child, backend]);
    const { reason, bytes } = JSON.parse(stdout) as { readonly reason: string; readonly bytes: number };
    if (reason !== "") {
      t.skip(reason);
      return;
    }
    // One object per step would be at least 1.2 MB.
    assert.ok(bytes < 400_000, `${bytes} bytes`);
  });
}
