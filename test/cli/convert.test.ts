// `deep-rnn convert` through the command itself: in, out, the report, and what it refuses.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ConversionReport } from "../../src/exchange/index.js";
import { dense, functional, lstm, sequential, type Tensor } from "../../src/index.js";
import { recorded } from "../exchange/support.js";
import { openDesk } from "./run.js";

interface Envelope {
  readonly ok: boolean;
  readonly command: string;
  readonly model: string | null;
  readonly warnings: readonly { readonly code: string }[];
  readonly result: ConversionReport;
}

const quick = ["--backend", "reference", "--quiet"];

test("a state dict becomes a model, and the model a state dict and a Keras file again", async (t) => {
  const desk = openDesk(t);
  const file = recorded("state-dicts", "lstm.safetensors");
  const probe = recorded("state-dicts", "lstm.probe.safetensors");
  const first = await desk.run(["convert", file, "m", "--layers", "rnn,fc:sigmoid", "--probe", probe, "--json", ...quick]);
  assert.equal(first.code, 0, first.stderr);
  const envelope = JSON.parse(first.stdout) as Envelope;
  assert.deepEqual([envelope.ok, envelope.command, envelope.model], [true, "convert", "m"]);
  assert.ok((envelope.result.probe?.maxDifference ?? 1) < 1e-6);
  assert.deepEqual(envelope.result.leftOver, []);
  const second = await desk.run(["convert", "m", "back.safetensors", ...quick]);
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, /rnn\/W +\[3, 20\] +rnn\.weight_ih_l0 +\[20, 3\] +transposed/);
  const third = await desk.run(["convert", "m", "m.keras", "--json", ...quick]);
  assert.equal((JSON.parse(third.stdout) as Envelope).result.format, "keras");
  const fourth = await desk.run(["convert", "m.keras", "again.drnn", "--probe", probe, "--json", ...quick]);
  assert.ok(((JSON.parse(fourth.stdout) as Envelope).result.probe?.maxDifference ?? 1) < 1e-6, fourth.stderr);
  const fifth = await desk.run(["convert", "m", "m.weights.h5", ...quick]);
  assert.equal(fifth.code, 0, fifth.stderr);
  assert.deepEqual(desk.names(), ["again.drnn", "back.safetensors", "m", "m.keras", "m.weights.h5"]);
});

test("what cannot be converted is one sentence, exit code 2, and no file", async (t) => {
  const desk = openDesk(t);
  desk.write("model.pt", "PK");
  desk.write("broken.safetensors", new Uint8Array(40).fill(9));
  desk.write("broken.keras", "PK");
  desk.write("text.h5", "hello");
  mkdirSync(join(desk.path, "saved"));
  desk.write("saved/saved_model.pb", "x");
  const model = functional({ a: lstm({ units: 2 }), b: dense({ units: 1 }) }, (l, x: Tensor) => l.b(l.a(x)));
  model.build(["time", 2]);
  await model.save(join(desk.path, "wired"));
  await sequential([lstm({ units: 2 })])
    .save(join(desk.path, "x"))
    .catch(() => undefined);
  const torch = recorded("state-dicts", "lstm.safetensors");
  const before = desk.names();
  for (const [args, words] of [
    [["model.pt", "m"], /is named as a pickle of PyTorch.*save_file/],
    [["broken.safetensors", "m"], /broken\.safetensors is damaged: /],
    [["broken.keras", "m"], /broken\.keras is damaged: it has no ZIP directory/],
    [["text.h5", "m"], /text\.h5 is neither a \.keras archive nor an HDF5 file/],
    [["none.keras", "m"], /none\.keras does not exist/],
    [["saved", "m.keras"], /saved is a SavedModel of TensorFlow\..*model\.keras/],
    [["wired", "m.keras"], /no chain of layers/],
    [["wired", "m"], /^Neither wired nor m is named as a file of another framework\./],
    [[torch, "m.keras"], /are both of other frameworks/],
    [[torch, "wired"], /wired exists already\. .*--force/],
    [[torch, "m.onnx"], /of a format that is not converted/],
    [[torch, "m", "--layers", "rnn,fx"], /has no layer "fx"; its layers are rnn, fc/],
    [[torch, "m", "--layers", "rnn,fc:sigmoyd"], /no activation "sigmoyd".*Did you mean "sigmoid"/],
    [[torch, "m", "--probe", "none.safetensors"], /none\.safetensors does not exist/],
    [[torch, "m", "--probe", recorded("state-dicts", "norm.probe.safetensors")], /probe's input does not fit/],
  ] as const) {
    const { code, stdout, stderr } = await desk.run(["convert", ...args, "--json", ...quick]);
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    const { error } = JSON.parse(stdout) as { error: { message: string } };
    assert.match(error.message, words);
    assert.equal(stderr.trimEnd(), error.message);
    assert.deepEqual(desk.names(), before);
  }
});
