// Parts of model.json that contradict each other, or what the layers make, are told in a sentence about the file.
import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, DataError, dense, functional, loadModel, lstm, ones, sequential, type Tensor } from "../../src/index.js";
import { readZip, writeZip } from "../../src/io/zip.js";

type Json = { [name: string]: Json } & Json[];

async function reasonFor(bytes: Uint8Array, change: (document: Json) => void): Promise<string> {
  const files = readZip(bytes);
  const document = JSON.parse(new TextDecoder().decode(files.get("model.json"))) as Json;
  change(document);
  files.set("model.json", new TextEncoder().encode(JSON.stringify(document)));
  const error = await loadModel<unknown>(writeZip(files)).then(
    () => assert.fail("it was loaded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DataError, String(error));
  assert.doesNotMatch(error.message, /\n/);
  return error.message;
}

function stack(): Uint8Array {
  const model = sequential([lstm({ units: 4 }), dense({ units: 2 })]);
  model.build(["time", 3]);
  return model.toBytes();
}

function wired(): Uint8Array {
  const model = functional(
    { a: lstm({ units: 4 }), b: dense({ units: 3 }), c: dense({ units: 1 }) },
    (l, { s, n }: { s: Tensor; n: Tensor }) => ({ p: l.c(concat([l.a(s), l.b(n)])) }),
  );
  model.build({ s: ["time", 3], n: [2] });
  return model.toBytes();
}

const put = (value: unknown): Json => value as Json;

test("outputs must be those of the layers", async () => {
  const sentence = /^the model\/model\.json: its outputs are .*, its layers give the output \[2\] float32\.$/;
  for (const outputs of [[], [{ name: null, shape: [3], dtype: "float32" }], [{ name: "y", shape: [2], dtype: "float32" }]])
    assert.match(
      await reasonFor(stack(), (d) => {
        d.outputs = put(outputs);
      }),
      sentence,
    );
  assert.match(
    await reasonFor(wired(), (d) => {
      d.outputs![0]!.name = put("q");
    }),
    /its outputs are q \[1\] float32, its layers give p \[1\] float32/,
  );
});

test("several inputs need names of their own", async () => {
  for (const bytes of [stack(), wired()])
    assert.match(await reasonFor(bytes, (d) => void d.inputs!.push(d.inputs![0]!)), /several inputs need names of their own/);
});

test("every cell that a layer uses must be described", async () => {
  assert.match(
    await reasonFor(stack(), (d) => {
      d.network!.cells = put([]);
    }),
    /it does not list cell "lstm"/,
  );
});

test("values of the wiring must have the shapes and types that inputs and layers give", async () => {
  const nodes = (d: Json): Json => d.network!.wiring!.nodes!;
  const changes: readonly ((given: Json) => void)[] = [
    (given) => {
      given.shape = put([...given.shape!, 1]);
    },
    (given) => {
      given.shape![1] = put(9);
    },
    (given) => {
      given.dtype = put("int32");
    },
    (given) => void delete given.shape,
  ];
  for (const node of [0, 2])
    for (const change of changes)
      assert.match(await reasonFor(wired(), (d) => change(nodes(d)[node]!)), /node \d is described with another shape or type/);
});

test("weights for a layer that the model has not are refused by its name, also without any weight", () => {
  const model = sequential([lstm({ units: 4 }), dense({ units: 2 })]);
  model.build(["time", 3]);
  for (const extra of [{}, { W: ones([1]) }])
    assert.throws(() => {
      model.weights = { ...model.weights, "dense-2": extra };
    }, /the model has no layer "dense-2" with weights\. It has lstm-1, dense-1\./);
});
