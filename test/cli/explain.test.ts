// `deep-rnn explain` on saved models, through the command itself.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { dense, lstm, sequential } from "../../src/index.js";
import type { Explanation } from "../../src/inspect/index.js";
import { monthlyCsv, openDesk } from "./run.js";

interface Envelope {
  readonly ok: boolean;
  readonly command: string;
  readonly backend: { readonly name: string };
  readonly run: string | null;
  readonly model: string | null;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly result: Explanation;
}

async function saveModel(path: string, projection = 0): Promise<void> {
  const model = sequential([lstm({ units: 8, ...(projection === 0 ? {} : { projection }) }), dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  model.build(["time", 2]);
  await model.save(path);
}

test("a saved model is explained in words on stdout, the backend on stderr", async (t) => {
  const desk = openDesk(t);
  await saveModel(join(desk.path, "m"));
  const { code, stdout, stderr } = await desk.run(["explain", "m", "--backend", "wasm"]);
  assert.equal(code, 0);
  assert.match(stdout, /^lstm-1 \(lstm\): \[batch, time, 2\] to \[batch, 8\], 352 parameters\n/);
  assert.match(stdout, /slow {7}nothing/);
  assert.match(stdout, /training step, 32 sequences of 50 steps \(assumed\)[\s\S]*measured/);
  assert.match(stderr, /^backend: wasm/);
});

test("--json prints one value with layers and totals; on the reference nothing is measured", async (t) => {
  const desk = openDesk(t);
  await saveModel(join(desk.path, "m.drnn"));
  const { code, stdout } = await desk.run(["explain", "m.drnn", "--json", "--backend", "reference", "--threads", "1"]);
  const envelope = JSON.parse(stdout) as Envelope;
  assert.equal(code, 0);
  assert.deepEqual([envelope.ok, envelope.command, envelope.backend.name, envelope.model], [true, "explain", "reference", "m.drnn"]);
  assert.deepEqual(
    envelope.result.layers.map(({ name, mode }) => [name, mode]),
    [
      ["lstm-1", "step"],
      ["dense-1", "scan"],
    ],
  );
  assert.equal(envelope.result.totals.parameters, 361);
  assert.equal(envelope.result.totals.measuredStepMs, null);
});

test("--require fused: 0 if nothing stays slow, 3 with the list if something does, 2 for another word", async (t) => {
  const desk = openDesk(t);
  await saveModel(join(desk.path, "fused"));
  await saveModel(join(desk.path, "projected"), 3);
  assert.equal((await desk.run(["explain", "fused", "--require", "fused", "--backend", "reference"])).code, 0);
  const slow = await desk.run(["explain", "projected", "--require", "fused", "--json", "--backend", "reference"]);
  assert.equal(slow.code, 3);
  assert.match(slow.stderr, /Not fused: lstm-1, forward: /);
  const envelope = JSON.parse(slow.stdout) as Envelope;
  assert.equal(envelope.ok, true);
  assert.ok(envelope.warnings.length > 0 && envelope.warnings.every(({ code }) => code === "not_fused"));
  const wrong = await desk.run(["explain", "fused", "--require", "quick"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Allowed choices are fused\./);
});

test("a run folder is explained with the steps that its model reads", async (t) => {
  const desk = openDesk(t);
  desk.write("sales.csv", monthlyCsv(60));
  const trained = await desk.run(["forecast", "sales.csv", "--units", "4", "--layers", "1", "--epochs", "1", "--out", "run", "--quiet"]);
  assert.equal(trained.code, 0, trained.stderr);
  const { code, stdout } = await desk.run(["explain", "run", "--json", "--backend", "reference"]);
  const envelope = JSON.parse(stdout) as Envelope;
  assert.equal(code, 0);
  assert.deepEqual([envelope.run, envelope.model], ["run", join("run", "model")]);
  assert.doesNotMatch(envelope.result.sizes, /assumed/);
});

test("explaining what is not there is a usage error", async (t) => {
  const { code, stderr } = await openDesk(t).run(["explain", "models/none"]);
  assert.equal(code, 2);
  assert.match(stderr, /^models\/none does not exist\./);
});
