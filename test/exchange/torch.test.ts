// State dicts of PyTorch in and out: the outputs PyTorch recorded, and the same bits after a way there and back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exportTorch, importTorch, type LayerChoice, readSafetensors, writeSafetensors } from "../../src/exchange/index.js";
import {
  bidirectional,
  DataError,
  dense,
  dropout,
  embedding,
  gru,
  layerNorm,
  lstm,
  type Model,
  recurrent,
  sequential,
  simpleRnn,
} from "../../src/index.js";
import { gruCell } from "../../src/nn/cells/index.js";
import { random } from "../train/support.js";
import { recorded, recordedProbe, tolerance } from "./support.js";

const cases: readonly { readonly name: string; readonly layers?: readonly LayerChoice[]; readonly parameters: number }[] = [
  { name: "lstm", layers: ["rnn", { name: "fc", activation: "sigmoid" }], parameters: 192 },
  { name: "gru-both-ways", parameters: 411 },
  { name: "rnn-relu", layers: [{ name: "rnn", activation: "relu" }], parameters: 64 },
  { name: "lstm-projection", parameters: 240 },
  { name: "norm", layers: [{ name: "lstm", returnSequences: true }, "norm", "fc"], parameters: 135 },
  { name: "sequential", layers: [{ name: "0", activation: "relu" }, { name: "2", activation: "tanh" }, "4"], parameters: 46 },
  { name: "conv", layers: [{ name: "conv", activation: "relu" }, "gru", "fc"], parameters: 113 },
];

for (const { name, layers, parameters } of cases) {
  test(`${name}: a model with PyTorch's weights gives PyTorch's outputs`, async () => {
    const probe = recordedProbe("state-dicts", `${name}.probe.safetensors`);
    assert.ok(probe.output.data.length > 0 && Array.from(probe.output.data).every((value) => value !== 0 || name === "rnn-relu"));
    const { report } = await importTorch(recorded("state-dicts", `${name}.safetensors`), {
      probe,
      ...(layers === undefined ? {} : { layers }),
    });
    assert.ok(report.probe !== null && report.probe.maxDifference < tolerance, String(report));
    assert.equal(report.probe.elements, probe.output.data.length);
    assert.equal(report.parameters, parameters);
    assert.deepEqual(report.leftOver, []);
  });
}

test("the report names every tensor, its shapes, and what was done to it", async () => {
  const { report } = await importTorch(recorded("state-dicts", "lstm.safetensors"));
  assert.deepEqual(report.tensors.slice(0, 3), [
    { weight: "rnn/W", shape: [3, 20], foreign: ["rnn.weight_ih_l0"], foreignShapes: [[20, 3]], transposed: true, gates: same("ifgo") },
    { weight: "rnn/U", shape: [5, 20], foreign: ["rnn.weight_hh_l0"], foreignShapes: [[20, 5]], transposed: true, gates: same("ifgo") },
    {
      weight: "rnn/b",
      shape: [20],
      foreign: ["rnn.bias_ih_l0", "rnn.bias_hh_l0"],
      foreignShapes: [[20], [20]],
      transposed: false,
      gates: same("ifgo"),
    },
  ]);
  assert.match(String(report), /rnn\/W {3}\[3, 20\] {2}rnn\.weight_ih_l0 {17}\[20, 3\] {6}transposed, same gate order\n/);
});

function same(letters: string): { foreign: string[]; ours: string[] } {
  return { foreign: [...letters], ours: [...letters] };
}

test("layers that are asked for are taken, the rest is left over; what is not known is named otherwise", async () => {
  const path = recorded("state-dicts", "batch-norm.safetensors");
  await assert.rejects(importTorch(path), (error: unknown) => {
    assert.ok(error instanceof DataError);
    assert.equal(error.code, "torch_module");
    assert.match(error.message, /1\.bias \[3\] belongs to a batch normalisation\./);
    return true;
  });
  const { report } = await importTorch(path, { layers: ["0"] });
  assert.deepEqual(
    report.leftOver.map(({ name }) => name),
    ["1.bias", "1.num_batches_tracked", "1.running_mean", "1.running_var", "1.weight"],
  );
});

test("an order that names and shapes do not tell is asked for", async () => {
  const one = (rows: number, columns: number) => ({
    dtype: "float32" as const,
    shape: [rows, columns],
    data: new Float32Array(rows * columns),
  });
  const file = writeSafetensors(
    new Map([
      ["a.weight", one(3, 2)],
      ["b.weight", one(2, 3)],
      ["c.weight", one(2, 3)],
    ]),
  );
  await assert.rejects(importTorch(file), { code: "layers_unknown_order", message: /several fit\. Give them in order: layers/ });
  await assert.rejects(importTorch(file, { layers: ["a", "d"] }), { code: "unknown_layer" });
  await assert.rejects(importTorch(file, { layers: ["a", { name: "b", activation: "relo" }] }), { code: "unknown_activation" });
  const { report } = await importTorch(file, { layers: ["a", { name: "b", activation: "relu" }] });
  assert.deepEqual(
    report.leftOver.map(({ name }) => name),
    ["c.weight"],
  );
});

test("a pickle is refused with the way to save safetensors", async () => {
  for (const start of [
    [0x50, 0x4b, 3, 4],
    [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46],
  ]) {
    await assert.rejects(importTorch(Uint8Array.from([...start, ...new Array<number>(100).fill(7)])), {
      code: "torch_pickle",
      message: /can run code when it is read\. Save its weights so: .*save_file/,
    });
  }
});

test("every truncation of a state dict is refused with one sentence", async () => {
  const bytes = readFileSync(recorded("state-dicts", "lstm.safetensors"));
  for (let length = 0; length < bytes.length; length += 37) await assert.rejects(importTorch(bytes.subarray(0, length)), DataError);
});

const exported: readonly { readonly name: string; make(): Model; readonly words: readonly string[] }[] = [
  {
    name: "recurrent layers of every kind, in both directions",
    make: () =>
      sequential([
        bidirectional(lstm({ units: 3, returnSequences: true })),
        simpleRnn({ units: 4, activation: "relu", returnSequences: true }),
        layerNorm(),
        dropout(0.2),
        lstm({ units: 3, projection: 2, returnSequences: true }),
        gru({ units: 3 }),
        dense({ units: 2, activation: "softmax" }),
      ]),
    words: [
      "nn.LSTM(2, 3, bidirectional=True, batch_first=True)",
      'nn.RNN(6, 4, nonlinearity="relu", batch_first=True)',
      "nn.LayerNorm(4)",
      "nn.LSTM(4, 3, proj_size=2, batch_first=True)",
      "nn.GRU(2, 3, batch_first=True)",
      "nn.Linear(3, 2)",
    ],
  },
];

for (const { name, make, words } of exported) {
  test(`${name}: there and back are the same bits`, async () => {
    const model = make();
    model.build(["time", 2], { seed: 3 });
    const { bytes, report } = await exportTorch(model);
    assert.deepEqual(
      report.layers.map(({ foreign }) => foreign),
      words,
    );
    const { model: back } = await importTorch(bytes);
    const x = random(5, [3, 4, 2]);
    assert.deepEqual((await back.predict(x)).toArray(), (await model.predict(x)).toArray());
  });
}

test("a stack that came from one module becomes that module again, tensor for tensor", async () => {
  const path = recorded("state-dicts", "gru-both-ways.safetensors");
  const before = readSafetensors(readFileSync(path)).tensors;
  const { model } = await importTorch(path);
  const after = readSafetensors((await exportTorch(model)).bytes).tensors;
  assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort());
  for (const [name, { data }] of before) assert.deepEqual(after.get(name)?.data, data, name);
});

test("what PyTorch does not have is named", async () => {
  for (const [layer, words] of [
    [lstm({ units: 2, peephole: true }), /layer "lstm-1" \(lstm\) has peepholes/],
    [gru({ units: 2, resetAfter: false }), /resets before the product/],
    [simpleRnn({ units: 2, activation: "sigmoid" }), /has the activation sigmoid/],
    [recurrent(gruCell, { units: 2 }), /layer "gru-1" \(recurrent\) has no counterpart in PyTorch/],
    [bidirectional(gru({ units: 2, dilation: 2 })), /has a dilation, which no module does/],
    [bidirectional(gru({ units: 2 }), { merge: "sum" }), /by another way than concat/],
  ] as const) {
    const model = sequential([layer]);
    model.build(["time", 2]);
    await assert.rejects(exportTorch(model), { code: "cannot_export", message: words });
  }
  await assert.rejects(exportTorch(sequential([embedding({ vocabularySize: 3, size: 2 })])), { code: "not_built" });
});

test("half precision and whole numbers of other programs are read on request only", () => {
  const header = new TextEncoder().encode(
    JSON.stringify({
      a: { dtype: "F16", shape: [4], data_offsets: [0, 8] },
      b: { dtype: "BF16", shape: [2], data_offsets: [8, 12] },
    }).padEnd(128),
  );
  const file = new Uint8Array(8 + header.length + 12);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  [0x3c00, 0xc100, 0x0001, 0x7c00, 0x3fc0, 0xc000].forEach((bits, index) => {
    view.setUint16(8 + header.length + 2 * index, bits, true);
  });
  assert.throws(() => readSafetensors(file), { code: "safetensors_dtype" });
  const { tensors } = readSafetensors(file, "w", { convert: true });
  assert.deepEqual([...tensors.get("a")!.data], [1, -2.5, 2 ** -24, Infinity]);
  assert.deepEqual([...tensors.get("b")!.data], [1.5, -2]);
});
