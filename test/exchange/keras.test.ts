// Keras files in and out: outputs computed from Keras's formulas, the same bits after a way there and back, damage in one sentence.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exportKeras, importKeras, type LayerChoice } from "../../src/exchange/index.js";
import {
  activation,
  bidirectional,
  conv1d,
  DataError,
  deepRnn,
  dense,
  dropout,
  embedding,
  globalMaxPool1d,
  gru,
  layerNorm,
  loadModel,
  lstm,
  type Model,
  maxPool1d,
  sequential,
  simpleRnn,
  type Tensor,
  UsageError,
} from "../../src/index.js";
import { readZip, writeZip } from "../../src/io/zip.js";
import { drawer } from "../io/mutations.js";
import { random } from "../train/support.js";
import { recorded, recordedProbe, tolerance } from "./support.js";

const cases: readonly { readonly file: string; readonly layers?: readonly LayerChoice[]; readonly kinds: readonly string[] }[] = [
  { file: "lstm.keras", kinds: ["lstm", "lstm", "dense"] },
  { file: "gru-both-ways.keras", kinds: ["embedding", "bidirectional", "dropout", "gru", "dense"] },
  { file: "functional.keras", kinds: ["lstm", "dense", "dense"] },
  { file: "convolution.keras", kinds: ["conv1d", "maxPool1d", "layerNorm", "simpleRnn", "dense", "globalAveragePool1d"] },
  { file: "encoder-decoder.keras", kinds: ["gru", "flatten", "dense", "repeat", "lstm", "dense"] },
  { file: "gru.weights.h5", layers: ["embedding", "gru", { name: "dense", activation: "tanh" }], kinds: ["embedding", "gru", "dense"] },
  { file: "keras-2.weights.h5", kinds: ["gru", "dense"] },
  { file: "keras-2.h5", kinds: ["bidirectional", "dense"] },
];

for (const { file, layers, kinds } of cases) {
  test(`${file}: the model gives the outputs that Keras's formulas give`, async () => {
    const probe = recordedProbe("keras-files", `${file.replace(/\.(keras|h5)$/, "")}.probe.safetensors`);
    const { model, report } = await importKeras(recorded("keras-files", file), { probe, ...(layers === undefined ? {} : { layers }) });
    assert.ok(report.probe !== null && report.probe.maxDifference < tolerance, String(report));
    assert.deepEqual(
      report.layers.map(({ kind }) => kind),
      kinds,
    );
    assert.deepEqual(
      report.leftOver.filter(({ reason }) => reason !== "state of Keras's training"),
      [],
    );
    const loaded = await loadModel(model.toBytes());
    assert.deepEqual(plain(await loaded.predict(probe.input)), plain(await model.predict(probe.input)));
  });
}

function plain(output: Tensor): unknown {
  return output.toArray();
}

test("gates are put in our order, by name in the report", async () => {
  const { report } = await importKeras(recorded("keras-files", "gru-both-ways.keras"));
  const recurrent = report.tensors.filter(({ weight }) => weight.startsWith("gru_1/"));
  assert.deepEqual(
    recurrent.map(({ weight, foreign, gates }) => [weight, foreign[0], gates?.foreign.join(""), gates?.ours.join("")]),
    [
      ["gru_1/W", "layers/gru/cell/vars/0", "zrn", "rzn"],
      ["gru_1/U", "layers/gru/cell/vars/1", "zrn", "rz"],
      ["gru_1/Un", "layers/gru/cell/vars/1", "zrn", "n"],
      ["gru_1/b", "layers/gru/cell/vars/2", "zrn", "rzn"],
    ],
  );
});

const models: readonly { readonly name: string; readonly shape: readonly (number | "time")[]; make(): Model; readonly x: Tensor }[] = [
  {
    name: "recurrent layers of every kind",
    shape: ["time", 2],
    make: () =>
      sequential([
        bidirectional(gru({ units: 3, returnSequences: true }), { merge: "sum" }),
        lstm({ units: 3, returnSequences: true, dropout: 0.1 }),
        layerNorm({ epsilon: 1e-4 }),
        simpleRnn({ units: 2, activation: "sigmoid", returnSequences: true }),
        gru({ units: 3, resetAfter: false }),
        activation("silu"),
        dense({ units: 2, activation: "softmax", useBias: false }),
      ]),
    x: random(3, [3, 5, 2]),
  },
  {
    name: "convolution and pooling",
    shape: ["time", 4],
    make: () =>
      sequential([
        conv1d({ filters: 4, kernelSize: 3, dilation: 2, padding: "causal", groups: 2, activation: "relu" }),
        maxPool1d({ poolSize: 3, strides: 2, padding: "same" }),
        dropout(0.2),
        bidirectional(lstm({ units: 2, returnSequences: true })),
        globalMaxPool1d(),
        dense({ units: 1 }),
      ]),
    x: random(4, [3, 9, 4]),
  },
  {
    name: "the article's network",
    shape: ["time", 2],
    make: () => deepRnn({ units: [4, 3], activation: "relu", outputSize: 2 }),
    x: random(5, [2, 4, 2]),
  },
];

for (const { name, shape, make, x } of models) {
  test(`${name}: there and back, as a whole and as weights, are the same bits`, async () => {
    const model = make();
    model.build(shape, { seed: 7 });
    const whole = await exportKeras(model);
    const { model: back } = await importKeras(whole.bytes);
    assert.deepEqual((await back.predict(x)).toArray(), (await model.predict(x)).toArray());
    assert.equal(whole.report.parameters, (await importKeras(whole.bytes)).report.parameters);
    const weights = await exportKeras(model, { weightsOnly: true });
    assert.equal(Buffer.from(weights.bytes.subarray(1, 4)).toString(), "HDF");
  });
}

test("a file of weights is read in the order it is told, and in the only order its shapes allow", async () => {
  const model = sequential([
    embedding({ vocabularySize: 5, size: 3 }),
    bidirectional(gru({ units: 2 })),
    dense({ units: 2, activation: "tanh" }),
  ]);
  model.build(["time"], { seed: 1 });
  const { bytes } = await exportKeras(model, { weightsOnly: true });
  const told = await importKeras(bytes, { layers: ["embedding", "bidirectional", { name: "dense", activation: "tanh" }] });
  const x = [[1, 2, 4, 0]];
  assert.deepEqual((await told.model.predict(x)).toArray(), (await model.predict(x)).toArray());
  const found = await importKeras(bytes);
  assert.deepEqual(
    found.report.layers.map(({ name }) => name),
    ["embedding", "bidirectional", "dense"],
  );
  assert.match(found.report.notes.join("\n"), /Order from names and shapes: embedding, bidirectional, dense\./);
});

/** The recorded archive with its configuration changed. */
function edited(change: (layers: Record<string, Record<string, unknown>>[]) => void): Uint8Array {
  const files = readZip(readFileSync(recorded("keras-files", "lstm.keras")));
  const config = JSON.parse(new TextDecoder().decode(files.get("config.json"))) as {
    config: { layers: Record<string, Record<string, unknown>>[] };
  };
  change(config.config.layers);
  return writeZip(new Map([...files, ["config.json", new TextEncoder().encode(JSON.stringify(config))]]));
}

test("layers and options without a counterpart are named in one sentence", async () => {
  const changes: readonly [(layers: Record<string, Record<string, unknown>>[]) => void, RegExp][] = [
    [
      (layers) => Object.assign(layers[1]!, { class_name: "MultiHeadAttention" }),
      /the Keras layer MultiHeadAttention \("lstm"\) has no counterpart/,
    ],
    [(layers) => Object.assign(layers[1]!.config!, { activation: "relu" }), /layer "lstm" \(LSTM\) has the activation "relu"/],
    [(layers) => Object.assign(layers[1]!.config!, { recurrent_activation: "hard_sigmoid" }), /recurrent_activation "hard_sigmoid"/],
    [(layers) => Object.assign(layers[1]!.config!, { return_state: true }), /return_state true/],
    [(layers) => Object.assign(layers[1]!.config!, { go_backwards: true }), /go_backwards with return_sequences/],
    [(layers) => Object.assign(layers[3]!.config!, { activation: "hard_sigmoid" }), /the activation "hard_sigmoid"/],
    [(layers) => Object.assign(layers[1]!.config!, { units: 5 }), /layers\/lstm\/cell\/vars\/0 \[3, 16\] of "lstm" should be \[3, 20\]/],
    [(layers) => Object.assign(layers[1]!.config!, { units: -1 }), /units of "lstm" must be a whole number above 0, found -1/],
    [
      (layers) => Object.assign(layers[0]!.config!, { batch_shape: [null, null, 1e9] }),
      /\[3, 16\] cannot become the weight "lstm\/W" \[1000000000, 16\]/,
    ],
    [(layers) => layers.push(layers[3]!), /two layers are called "dense"/],
    [(layers) => layers.splice(2, 1), /do not fit together|cannot become|should be/],
  ];
  for (const [change, words] of changes) {
    await assert.rejects(
      importKeras(edited(change), { probe: recordedProbe("keras-files", "lstm.probe.safetensors") }),
      (error: unknown) => {
        assert.ok(error instanceof DataError, String(error));
        assert.match(error.message, words);
        return true;
      },
    );
  }
});

test("what Keras does not have is named", async () => {
  for (const [layer, words] of [
    [gru({ units: 2, dilation: 2 }), /has a dilation/],
    [lstm({ units: 2, projection: 3 }), /layer "lstm-1" \(lstm\) has peepholes or a projection/],
    [simpleRnn({ units: 2, activation: "leakyRelu" }), /leakyRelu/],
    [activation("hardSigmoid"), /has the activation hardSigmoid/],
    [lstm({ units: 2, goBackwards: true, returnSequences: true }), /opposite order/],
  ] as const) {
    const model = sequential([layer]);
    model.build(["time", 2]);
    await assert.rejects(exportKeras(model), { code: "cannot_export", message: words });
  }
});

test("damaged Keras files are refused with one sentence, without a word from the HDF5 library", async () => {
  const draw = drawer(3);
  const archive = readFileSync(recorded("keras-files", "lstm.keras"));
  const weights = readZip(archive).get("model.weights.h5")!;
  const written: string[] = [];
  const { error: original } = console;
  console.error = (...words: unknown[]) => written.push(words.join(" "));
  try {
    for (let count = 0; count < 150; count++) {
      const bytes = new Uint8Array(count % 2 === 0 ? weights : archive);
      const cut = count % 3 === 0 ? bytes.subarray(0, draw(bytes.length)) : bytes;
      if (count % 3 !== 0) for (let flips = 0; flips < 20; flips++) cut[draw(cut.length)] = draw(256);
      await importKeras(cut).catch((error: unknown) => {
        assert.ok(error instanceof DataError || error instanceof UsageError, error instanceof Error ? error.stack : String(error));
        assert.ok(!error.message.includes("\n"));
      });
    }
  } finally {
    console.error = original;
  }
  assert.deepEqual(written, []);
});

test("archives that unpack to far more than they are, or hold no model, are refused", async () => {
  const entry = new Uint8Array(writeZip(new Map([["config.json", new TextEncoder().encode("{}")]])));
  await assert.rejects(importKeras(entry), { code: "keras_config", message: /is incomplete: it has no model\.weights\.h5/ });
  const view = new DataView(entry.buffer);
  const central = 30 + 11 + 2;
  view.setUint16(central + 10, 8, true);
  view.setUint32(central + 24, 4_000_000_000, true);
  await assert.rejects(importKeras(entry), { code: "zip_bomb" });
  view.setUint32(central + 24, 5, true);
  await assert.rejects(importKeras(entry), { code: "zip_entry", message: /cannot be decompressed/ });
  await assert.rejects(importKeras(Uint8Array.from([1, 2, 3])), { code: "keras_config" });
});
