// Saving and loading: the same predictions to the bit for every kind of model, and one sentence for every broken file.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  adamw,
  add,
  bidirectional,
  concat,
  DataError,
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
  lru,
  lstm,
  type Model,
  matmul,
  minGru,
  minLstm,
  mul,
  neg,
  recurrent,
  sequential,
  softplus,
  type Tensor,
  tanh,
  tensor,
  weight,
} from "../../src/index.js";
import { readZip, writeZip } from "../../src/io/zip.js";
import { numbers, random } from "./support.js";

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "deep-rnn-save-"));
});
after(() => rm(root, { recursive: true, force: true }));

const silent = { verbose: "silent" } as const;

const fading = defineCell({
  name: "fading",
  inputs: ["dt"],
  state: { h: "units", last: "inputSize" },
  output: "h",
  params: ({ inputSize, units }) => ({
    W: weight([inputSize, units]),
    U: weight([units, units]),
    rate: weight([units]),
    b: weight([units]),
  }),
  step(x, { h, last }, p, { dt }) {
    const faded = mul(exp(neg(mul(dt, softplus(p.rate)))), h);
    return { h: tanh(add(matmul(x, p.W), matmul(faded, p.U), p.b, mul(0.1, matmul(last, p.W)))), last: x };
  },
});

interface Example {
  readonly name: string;
  make(): Model<Tensor> | Model<Record<string, Tensor>>;
  readonly x: Tensor | Record<string, Tensor>;
  readonly y: Tensor | Record<string, Tensor>;
  readonly loss: string | Record<string, string>;
  readonly cells: readonly (typeof fading)[];
}

const tokens = tensor(
  Int32Array.from({ length: 24 }, (_, index) => (index * 7) % 5),
  { shape: [6, 4] },
);

const examples: readonly Example[] = [
  {
    name: "deepRnn",
    make: () => deepRnn({ units: [4, 3], activation: "tanh" }),
    x: random(1, [6, 4, 2]),
    y: random(2, [6, 2]),
    loss: "mse",
    cells: [],
  },
  {
    name: "sequential",
    make: () =>
      sequential([
        embedding({ vocabularySize: 5, size: 3 }),
        bidirectional(lstm({ units: 3, peephole: true, returnSequences: true }), { merge: "sum" }),
        layerNorm(),
        dropout(0.1),
        gru({ units: 2, resetAfter: false }),
        dense({ units: 1, activation: "sigmoid" }),
      ]),
    x: tokens,
    y: tensor([0, 1, 1, 0, 1, 0]),
    loss: "binaryCrossEntropy",
    cells: [],
  },
  {
    name: "cells without loops",
    make: () =>
      sequential([
        minGru({ units: 4, returnSequences: true }),
        minLstm({ units: 3, forgetBias: 2, returnSequences: true }),
        lru({ units: 2, rMin: 0.5, rMax: 0.9 }),
        dense({ units: 2 }),
      ]),
    x: random(1, [6, 4, 2]),
    y: random(2, [6, 2]),
    loss: "mse",
    cells: [],
  },
  {
    name: "functional",
    make: () =>
      functional(
        {
          encode: recurrent(fading, { units: 4 }),
          words: embedding({ vocabularySize: 5, size: 3 }),
          read: lstm({ units: 2, projection: 3 }),
          sales: dense({ units: 1 }),
          open: dense({ units: 2, activation: "softmax" }),
        },
        (l, { series, dt, text }: { series: Tensor; dt: Tensor; text: Tensor }) => {
          const both = concat([tanh(l.encode(series, { dt })), l.read(l.words(text))]);
          return { sales: l.sales(both), open: l.open(mul(both, 2)) };
        },
      ),
    x: { series: random(1, [6, 5, 2]), dt: tensor(Float32Array.from(random(3, [30]).data, Math.abs), { shape: [6, 5, 1] }), text: tokens },
    y: { sales: random(2, [6, 1]), open: tensor([0, 1, 1, 0, 1, 0]) },
    loss: { sales: "huber", open: "sparseCategoricalCrossEntropy" },
    cells: [fading],
  },
];

type AnyModel = Model<unknown>;

async function fitted(example: Example): Promise<AnyModel> {
  const model: AnyModel = example.make();
  model.compile({ optimizer: adamw({ learningRate: 0.02, weightDecay: 0.01 }), loss: example.loss, metrics: ["mae"] });
  await model.fit(example.x, example.y, { epochs: 2, batchSize: 4, ...silent });
  return model;
}

function plain(outputs: unknown): unknown {
  const values = outputs as Tensor | Record<string, Tensor>;
  return "shape" in values && "data" in values
    ? (values as Tensor).toArray()
    : Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.toArray()]));
}

for (const example of examples) {
  test(`${example.name}: a folder, a file and bytes give the same predictions to the bit`, async () => {
    const model = await fitted(example);
    const expected = plain(await model.predict(example.x));
    const folder = join(root, example.name);
    await model.save(folder);
    await model.save(`${folder}.drnn`);
    for (const from of [folder, pathToFileURL(folder), `${folder}.drnn`, model.toBytes()]) {
      const loaded: AnyModel = await loadModel(from, { cells: example.cells });
      assert.deepEqual(plain(await loaded.predict(example.x)), expected);
      assert.deepEqual(numbers(loaded.weights), numbers(model.weights));
    }
  });

  test(`${example.name}: a loaded model evaluates and trains on, with the settings it was saved with`, async () => {
    const model = await fitted(example);
    const loaded: AnyModel = await loadModel(model.toBytes(), { cells: example.cells });
    assert.deepEqual(await loaded.evaluate(example.x, example.y), await model.evaluate(example.x, example.y));
    const again: AnyModel = await loadModel(loaded.toBytes(), { cells: example.cells });
    const options = { epochs: 2, batchSize: 4, seed: 3, ...silent };
    const [a, b] = [await loaded.fit(example.x, example.y, options), await again.fit(example.x, example.y, options)];
    assert.deepEqual(a.history, b.history);
    assert.deepEqual(numbers(loaded.weights), numbers(again.weights));
    assert.notDeepEqual(numbers(loaded.weights), numbers(model.weights));
  });
}

test("without its cell a model says which one to pass", async () => {
  const bytes = (await fitted(examples[3]!)).toBytes();
  await assert.rejects(loadModel(bytes), /This model uses cell fading; pass it in cells/);
});

test("preprocess and task come back as they were given", async () => {
  const model = deepRnn({ units: 2, outputSize: 1 });
  model.build(["time", 1]);
  const preprocess = { scale: 2.5, names: ["a"], nothing: null };
  const loaded = await loadModel(model.toBytes({ preprocess, task: "forecast" }));
  assert.deepEqual([loaded.preprocess, loaded.task], [preprocess, "forecast"]);
  const again = await loadModel(loaded.toBytes());
  assert.deepEqual([again.preprocess, again.task], [preprocess, "forecast"]);
});

test("a loss or optimiser of one's own is not stored, and the loaded model asks for compile", async () => {
  const model = deepRnn({ units: 2, outputSize: 1 });
  model.compile({ optimizer: "adam", loss: (actual, predicted) => mul(actual, predicted) });
  model.build(["time", 1]);
  const loaded = await loadModel(model.toBytes());
  await assert.rejects(loaded.fit([[[1]]], [1]), { code: "not_compiled" });
});

test("the folder explains itself", async () => {
  const model = await fitted(examples[0]!);
  await model.save(join(root, "read"));
  const document = JSON.parse(await readFile(join(root, "read", "model.json"), "utf8")) as Record<string, unknown>;
  assert.equal(document.format, "deep-rnn");
  assert.equal(document.formatVersion, 1);
  assert.match(await readFile(join(root, "read", "README.md"), "utf8"), /loadModel/);
});

async function refusedWith(change: (files: Map<string, Uint8Array>) => void, code: RegExp): Promise<void> {
  const files = readZip((await fitted(examples[0]!)).toBytes());
  change(files);
  await assert.rejects(loadModel(writeZip(files)), (error: unknown) => {
    assert.ok(error instanceof DataError, String(error));
    assert.match(error.code, code);
    assert.ok(!error.message.includes("\n"));
    return true;
  });
}

function edit(files: Map<string, Uint8Array>, change: (document: Record<string, unknown>) => void): void {
  const document = JSON.parse(new TextDecoder().decode(files.get("model.json"))) as Record<string, unknown>;
  change(document);
  files.set("model.json", new TextEncoder().encode(JSON.stringify(document)));
}

test("missing files are one sentence", async () => {
  await refusedWith((files) => files.delete("model.json"), /^not_a_model$/);
  await refusedWith((files) => files.delete("weights.safetensors"), /^model_incomplete$/);
});

test("edited documents are one sentence", async () => {
  await refusedWith((files) => files.set("model.json", new TextEncoder().encode("{")), /^model_json$/);
  await refusedWith((files) => files.set("model.json", Uint8Array.of(0xff, 0xfe)), /^model_json$/);
  await refusedWith(
    (files) =>
      edit(files, (d) => {
        d.format = "keras";
      }),
    /^not_a_model$/,
  );
  await refusedWith(
    (files) =>
      edit(files, (d) => {
        d.formatVersion = 2;
      }),
    /^model_version$/,
  );
  for (const field of ["network", "inputs", "outputs", "weights", "compile", "task"]) {
    await refusedWith(
      (files) =>
        edit(files, (d) => {
          d[field] = 7;
        }),
      /^model_field$/,
    );
  }
  await refusedWith(
    (files) =>
      edit(files, (d) => {
        d.network = { kind: "sequential", layers: [{ name: "a", layer: { kind: "process", options: {} } }], cells: [] };
      }),
    /^model_network$/,
  );
  await refusedWith(
    (files) =>
      edit(files, (d) => {
        d.network = { kind: "deep-rnn", options: { units: 4, layers: 1e9 } };
      }),
    /^model_network$/,
  );
  await refusedWith(
    (files) =>
      edit(files, (d) => {
        d.network = { kind: "deep-rnn", options: { units: [4, 5] } };
      }),
    /^model_weights$/,
  );
  await refusedWith(
    (files) =>
      edit(files, (d) => {
        d.inputs = [{ name: null, shape: ["time", 3], dtype: "float32" }];
      }),
    /^model_weights$/,
  );
  await refusedWith(
    (files) =>
      edit(files, (d) => {
        d.compile = { optimizer: { name: "adamm", options: {} }, loss: "mse", metrics: [] };
      }),
    /^model_network$/,
  );
});

test("every truncation and every changed byte of the weights file is one sentence or the same weights", async () => {
  const bytes = readZip((await fitted(examples[0]!)).toBytes());
  const weights = bytes.get("weights.safetensors")!;
  const headerEnd = 8 + Number(new DataView(weights.buffer, weights.byteOffset).getBigUint64(0, true));
  const load = async (content: Uint8Array): Promise<void> => {
    try {
      await loadModel(writeZip(new Map([...bytes, ["weights.safetensors", content]])));
    } catch (error) {
      assert.ok(error instanceof DataError, String(error));
    }
  };
  for (let length = 0; length < weights.length; length += 1 + Math.floor(length / 40)) {
    await assert.rejects(loadModel(writeZip(new Map([...bytes, ["weights.safetensors", weights.subarray(0, length)]]))), DataError);
  }
  for (let at = 0; at < headerEnd; at += 3) {
    const edited = weights.slice();
    edited[at] = edited[at]! ^ 0x11;
    await load(edited);
  }
});

test("a truncated or foreign file at the path is one sentence", async () => {
  const path = join(root, "broken.drnn");
  await writeFile(path, (await fitted(examples[0]!)).toBytes().subarray(0, 500));
  await assert.rejects(loadModel(path), DataError);
  await writeFile(path, "hello");
  await assert.rejects(loadModel(path), DataError);
  await assert.rejects(loadModel(join(root, "nowhere")), { code: "no_such_model" });
});

test("weights trained in float64 are rounded when training ends, so that a file holds all of them", async () => {
  try {
    await init({ backend: "reference" });
    const example = examples[0]!;
    const model = await fitted(example);
    const loaded: AnyModel = await loadModel(model.toBytes());
    assert.deepEqual(plain(await loaded.predict(example.x)), plain(await model.predict(example.x)));
    assert.deepEqual(numbers(loaded.weights), numbers(model.weights));
  } finally {
    await init();
  }
});

test("saved natively, predicted in WebAssembly: the same bits in one class of arithmetic", async (t) => {
  const example = examples[1]!;
  try {
    const native = await init({ backend: "native" }).catch((error: unknown) => String(error));
    if (typeof native === "string") return t.skip(native);
    const model = await fitted(example);
    const [bytes, expected] = [model.toBytes(), plain(await model.predict(example.x))];
    const wasm = await init({ backend: "wasm" });
    if (wasm.class !== native.class) return t.skip(`native is of class ${native.class}, WebAssembly of class ${wasm.class}`);
    const loaded: AnyModel = await loadModel(bytes, { cells: example.cells });
    assert.deepEqual(plain(await loaded.predict(example.x)), expected);
    assert.deepEqual([...loaded.toBytes()], [...bytes]);
  } finally {
    await init();
  }
});
