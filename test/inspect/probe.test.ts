// probe shows values and cotangents of taps, and changes no bit of anything else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeepRnnError } from "../../src/base/errors.js";
import { HostTensor } from "../../src/base/tensor.js";
import { traceSection } from "../../src/engine/program.js";
import {
  add,
  bidirectional,
  concat,
  defineCell,
  dense,
  functional,
  grad,
  gru,
  init,
  type Layer,
  loadModel,
  lru,
  lstm,
  type Model,
  matmul,
  mean,
  minGru,
  minLstm,
  mul,
  orthogonal,
  recurrent,
  sequential,
  simpleRnn,
  square,
  sub,
  type Tensor,
  type Tree,
  tanh,
  tap,
  tensor,
  weight,
} from "../../src/index.js";
import { type Probed, probe } from "../../src/inspect/index.js";
import { printLowered } from "../../src/ir/lowered/print.js";
import { lowerProgram } from "../../src/lower/lower.js";
import { toColumns } from "../../src/train/columns.js";
import { prepareData } from "../../src/train/dataset.js";
import { planFeeds } from "../../src/train/feeds.js";
import { requiredInside } from "../../src/train/inside.js";
import { predictionSections, trainingSections } from "../../src/train/programs.js";
import { measuresFor } from "../../src/train/setup.js";
import { layerNormLstm } from "../nn/custom-cells.js";
import { numbers, random } from "../train/support.js";

const lengths = [7, 0, 3, 5, 1];
const [x, y] = [random(1, [5, 7, 3]), random(2, [5, 7, 2])];

/** A step with (or without) taps at a joined value, which the passes take apart, at products and at the result. */
function joinedCell(tapped: boolean) {
  const at = (name: string, value: Tensor): Tensor => (tapped ? tap(name, value) : value);
  return defineCell({
    name: "joined",
    state: { h: "units" },
    output: "h",
    params: ({ inputSize, units }) => ({ W: weight([inputSize + units, units], { init: orthogonal() }), V: weight([units, units]) }),
    step: (input, { h }, p) => {
      const joined = at("joined", concat([input, h]));
      const product = at("product", matmul(joined, p.W));
      return { h: tanh(add(product, at("twice", matmul(at("h", h), p.V)))) };
    },
  });
}

function network(tapped = true): Model {
  const model = sequential([
    bidirectional(gru({ units: 3, returnSequences: true })),
    recurrent(joinedCell(tapped), { units: 4, returnSequences: true }),
    lstm({ units: 5, returnSequences: true }),
    dense({ units: 2 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time", 3], { seed: 4 });
  return model;
}

function exact(value: Tensor): readonly number[] {
  assert.ok(value instanceof HostTensor);
  return [...value.exact];
}

function lowered(model: Model): string {
  const inside = requiredInside(model, "test");
  const session = inside.session("test");
  const setup = inside.compiled("test");
  const measures = measuresFor(setup, session.ports);
  const data = prepareData({ x: toColumns(x, "x"), y: toColumns(y, "y"), lengths }, session.ports, measures.losses);
  const plan = planFeeds(data, session.ports);
  const sources = [
    ...trainingSections(session.context, plan, measures, setup.optimizer.rule),
    ...predictionSections(session.context, plan),
  ];
  const program = lowerProgram({ name: "test", sections: sources.map((source) => traceSection(source).spec) }, { panelWidth: 16 });
  return printLowered(program);
}

test("taps leave no trace in everyday programs: the lowered text is the same with and without them", () => {
  assert.equal(lowered(network(true)), lowered(network(false)));
});

for (const backend of ["native", "wasm", "reference"] as const) {
  test(`outputs and loss of a probing program are the everyday ones to the bit, on ${backend}`, async (t) => {
    const chosen = await init({ backend }).catch((error: unknown) => {
      if (error instanceof DeepRnnError && error.code === "backend_unavailable") return null;
      throw error;
    });
    if (chosen === null) {
      t.skip(`${backend} cannot run here`);
      return;
    }
    const model = network();
    const predicted = await model.predict(x, { lengths, batchSize: 2 });
    const { loss } = await model.evaluate(x, y, { lengths, batchSize: 2 });
    for (const targets of [undefined, y]) {
      const probed = await probe(model, x, targets, { lengths, batchSize: 2 });
      assert.deepEqual(exact(probed.outputs), exact(predicted));
      assert.equal(probed.loss, targets === undefined ? null : loss);
    }
    await init({});
  });
}

test("the same holds for every cell of the library", async () => {
  const layers: Readonly<Record<string, Layer>> = {
    tanh: simpleRnn({ units: 4, returnSequences: true }),
    relu: simpleRnn({ units: 4, activation: "relu", returnSequences: true }),
    peephole: lstm({ units: 4, peephole: true, projection: 3, returnSequences: true, dropout: 0.3 }),
    resetBefore: gru({ units: 4, resetAfter: false, goBackwards: true, returnSequences: true, recurrentDropout: 0.3 }),
    minGru: minGru({ units: 4, returnSequences: true }),
    minLstm: minLstm({ units: 4, returnSequences: true }),
    lru: lru({ units: 4, returnSequences: true }),
    layerNorm: recurrent(layerNormLstm, { units: 4, returnSequences: true }),
  };
  for (const [name, layer] of Object.entries(layers)) {
    const model = sequential([layer, dense({ units: 2 })]);
    model.compile({ optimizer: "adam", loss: "mse" });
    model.build(["time", 3], { seed: 6 });
    const probed = await probe(model, x, y, { lengths });
    assert.deepEqual(exact(probed.outputs), exact(await model.predict(x, { lengths })), name);
    assert.equal(probed.loss, (await model.evaluate(x, y, { lengths })).loss, name);
    for (const [path, { value, cotangent }] of Object.entries(probed.taps)) {
      assert.deepEqual(cotangent!.shape, value.shape, path);
      assert.ok(exact(cotangent!).every(Number.isFinite) && exact(cotangent!).some((slope) => slope !== 0), `${name} ${path}`);
    }
  }
});

test("a training with a look inside after each epoch gives the bits of one without", async () => {
  const train = async (look: boolean): Promise<unknown> => {
    const model = network();
    const onEpochEnd = async (): Promise<void> => {
      if (look) await probe(model, x, y, { lengths });
    };
    const history = await model.fit(x, y, {
      epochs: 3,
      batchSize: 2,
      lengths,
      verbose: "silent",
      callbacks: [{ name: "look", onEpochEnd }],
    });
    return [history, numbers(model.weights), model.arenaBytes];
  };
  assert.deepEqual(await train(true), await train(false));
});

function lstmModel(): Model {
  const model = sequential([lstm({ units: 4, returnSequences: true }), dense({ units: 2 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time", 3], { seed: 2 });
  return model;
}

/** [rows, time, units] as a function. */
function reader(value: Tensor): (row: number, step: number, unit: number) => number {
  const data = exact(value);
  const [, time = 0, units = 0] = value.shape;
  return (row, step, unit) => data[(row * time + step) * units + unit]!;
}

test("gates and states of an LSTM are those of its equations, zeros after each row's last step", async () => {
  const { taps } = await probe(lstmModel(), x, undefined, { lengths });
  assert.deepEqual(Object.keys(taps).sort(), ["lstm-1/c", "lstm-1/f", "lstm-1/g", "lstm-1/h", "lstm-1/i", "lstm-1/o"]);
  const [i, f, g, o, h, c] = ["i", "f", "g", "o", "h", "c"].map((name) => reader(taps[`lstm-1/${name}`]!.value));
  lengths.forEach((length, row) => {
    for (let step = 0; step < 7; step++) {
      for (let unit = 0; unit < 4; unit++) {
        const before = step === 0 ? 0 : c!(row, step - 1, unit);
        const next = f!(row, step, unit) * before + i!(row, step, unit) * g!(row, step, unit);
        const isValid = step < length;
        assert.ok(Math.abs(c!(row, step, unit) - (isValid ? next : 0)) < 1e-6);
        assert.ok(Math.abs(h!(row, step, unit) - (isValid ? o!(row, step, unit) * Math.tanh(next) : 0)) < 1e-6);
        assert.equal(f!(row, step, unit) > 0, isValid);
      }
    }
  });
});

test("cotangents of gates, summed over rows and steps, are the gradient of the bias", async () => {
  const model = lstmModel();
  const { taps } = await probe(model, x, y, { batchSize: 2 });
  const loss = (weights: Tree): Tensor => mean(square(sub(model.call(weights, x), y)));
  const gradient = grad(loss)(model.weights) as { readonly [layer: string]: { readonly [name: string]: Tensor } };
  const bias = exact(gradient["lstm-1"]!.b!);
  for (const [column, gate] of ["i", "f", "g", "o"].entries()) {
    const { value, cotangent } = taps[`lstm-1/${gate}`]!;
    const [at, slope] = [reader(value), reader(cotangent!)];
    for (let unit = 0; unit < 4; unit++) {
      let total = 0;
      for (let row = 0; row < 5; row++) {
        for (let step = 0; step < 7; step++) {
          const a = at(row, step, unit);
          total += slope(row, step, unit) * (gate === "g" ? 1 - a * a : a * (1 - a));
        }
      }
      assert.ok(Math.abs(total - bias[column * 4 + unit]!) < 1e-6, gate);
    }
  }
});

test("dL/dh of each step is the slope of the loss when that state is moved, and zero in the padding", async () => {
  await init({ backend: "reference" });
  // A state that is moved by an input of its own: h' = tanh(…) + nudge.
  const nudged = defineCell({
    name: "nudged",
    state: { h: "units" },
    output: "h",
    params: ({ inputSize, units }) => ({ W: weight([inputSize, units]), U: weight([units, units], { init: orthogonal() }) }),
    step: (input, { h }, p) => ({
      h: add(tanh(add(matmul(mul(input, tensor([1, 1, 0])), p.W), matmul(h, p.U))), mul(input, tensor([0, 0, 1]))),
    }),
  });
  const model = sequential([recurrent(nudged, { units: 3, returnSequences: true }), dense({ units: 2 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time", 3], { seed: 5 });
  const { taps } = await probe(model, x, y, { lengths });
  const slope = reader(taps["nudged-1/h"]!.cotangent!);
  const moved = async (row: number, step: number, by: number): Promise<number> => {
    const data = Float64Array.from(exact(x));
    data[(row * 7 + step) * 3 + 2]! += by;
    return (await model.evaluate(tensor(Float32Array.from(data), { shape: [5, 7, 3] }), y, { lengths })).loss!;
  };
  const size = 2 ** -7;
  for (const [row, step] of [
    [0, 0],
    [0, 6],
    [2, 1],
    [3, 4],
  ] as const) {
    const difference = ((await moved(row, step, size)) - (await moved(row, step, -size))) / (2 * size);
    assert.ok(Math.abs(difference - slope(row, step, 2)) < 1e-4, `${row} ${step}: ${difference} and ${slope(row, step, 2)}`);
  }
  assert.equal(slope(2, 3, 2), 0);
  assert.equal(slope(1, 0, 2), 0);
  await init({});
});

test("every layer's taps go by its name: both directions, gates of a GRU, states of any cell", async () => {
  const names = Object.keys((await probe(network(), x, y)).taps).sort();
  const both = ["forward", "backward"].flatMap((side) => ["h", "n", "r", "z"].map((name) => `bidirectional-1/${side}/${name}`));
  const joined = ["h", "h-2", "joined", "product", "twice"].map((name) => `joined-1/${name}`);
  const gates = ["c", "f", "g", "h", "i", "o"].map((name) => `lstm-1/${name}`);
  assert.deepEqual(names, [...both, ...joined, ...gates].sort());
  const elman = sequential([simpleRnn({ units: 2 })]);
  elman.build(["time", 3]);
  assert.deepEqual(Object.keys((await probe(elman, x)).taps), ["simple-rnn-1/h"]);
});

test("taps between layers show sequences and rows, also of a model from a file; a layer called twice is told apart", async () => {
  const target = random(3, [5, 2]);
  const model = functional(
    { steps: gru({ units: 3, returnSequences: true }), encode: gru({ units: 3 }), head: dense({ units: 2 }) },
    (l, input: Tensor) => {
      const every = tap("every", mul(l.steps(input), 2));
      return l.head(tap("last", concat([l.encode(every), l.encode(l.steps(input))])));
    },
  );
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time", 3]);
  const check = ({ taps }: Probed): Probed["taps"] => {
    assert.deepEqual(
      [taps.every!.value.shape, taps.last!.value.shape],
      [
        [5, 7, 3],
        [5, 6],
      ],
    );
    assert.deepEqual(
      [taps.every!.cotangent!.shape, taps.last!.cotangent!.shape],
      [
        [5, 7, 3],
        [5, 6],
      ],
    );
    assert.ok("steps/r" in taps && "steps/r-2" in taps && "encode/h-2" in taps);
    return taps;
  };
  const first = check(await probe(model, x, target, { lengths, batchSize: 2 }));
  const second = check(await probe(await loadModel<Tensor>(model.toBytes()), x, target, { lengths, batchSize: 2 }));
  for (const [name, { value, cotangent }] of Object.entries(first)) {
    assert.deepEqual(exact(second[name]!.value), exact(value), name);
    assert.deepEqual(exact(second[name]!.cotangent!), exact(cotangent!), name);
  }
  assert.ok(exact(first.every!.cotangent!).some((slope) => slope !== 0));
});

test("only some taps are computed if they are named, by layer or one by one", async () => {
  const { taps } = await probe(network(), x, y, { only: ["lstm-1/f", "bidirectional-1/backward"] });
  assert.deepEqual(Object.keys(taps).sort(), [
    "bidirectional-1/backward/h",
    "bidirectional-1/backward/n",
    "bidirectional-1/backward/r",
    "bidirectional-1/backward/z",
    "lstm-1/f",
  ]);
});

test("probing what is no model, not built, not compiled or not there says so", async () => {
  const code =
    (wanted: string, words = /./) =>
    (error: unknown) =>
      error instanceof DeepRnnError && error.code === wanted && words.test(error.message);
  await assert.rejects(probe({} as Model, x), code("not_a_model"));
  await assert.rejects(probe(sequential([dense({ units: 1 })]), x), code("not_built"));
  const bare = sequential([lstm({ units: 2 })]);
  bare.build(["time", 3]);
  await assert.rejects(probe(bare, x, random(1, [5, 2])), code("not_compiled"));
  await assert.rejects(probe(network(), x, y, { only: ["lstm-1/forget"] }), code("unknown_tap", /lstm-1\/f/));
  await assert.rejects(probe(network(), x, y, { only: ["lstn-1"] }), code("unknown_tap", /Did you mean "lstm-1"\?/));
  assert.throws(() => tap("a/b", tensor([1])), code("bad_tap"));
  assert.deepEqual(exact(tap("a", tensor([1, 2]))), [1, 2]);
});
