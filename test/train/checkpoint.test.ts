// Checkpoints: a training that is killed at any moment and goes on ends with the bits of one that never stopped.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Callback,
  checkpoint,
  cosineSchedule,
  dense,
  type FitOptions,
  gru,
  init,
  latestCheckpoint,
  loadModel,
  type Model,
  nadam,
  reduceOnPlateau,
  type Stored,
  sequential,
  sgd,
  tensor,
} from "../../src/index.js";
import { draws, numbers, random } from "./support.js";

const child = fileURLToPath(new URL("checkpoint-child.js", import.meta.url));

function desk(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "deep-rnn-checkpoint-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A moment to be killed at: so many milliseconds after so many steps. */
interface Moment {
  readonly steps: number;
  readonly ms: number;
}

/** What the child printed; null if it was killed first. */
function trained(args: readonly string[], kill: Moment | null = null): Promise<string | null> {
  return new Promise((done, failed) => {
    const env = { ...process.env };
    delete env.NODE_TEST_CONTEXT;
    const running = spawn(process.execPath, [child, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    let [out, words] = ["", ""];
    running.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    running.stderr.setEncoding("utf8").on("data", (text: string) => {
      const before = words.length;
      words += text;
      if (kill !== null && before < kill.steps && words.length >= kill.steps) setTimeout(() => running.kill("SIGKILL"), kill.ms);
    });
    running.on("error", failed);
    running.on("close", (code, signal) => {
      if (signal === "SIGKILL") done(null);
      else if (code === 0) done(out);
      else failed(new Error(words));
    });
  });
}

test("ten SIGKILLs at random moments change no bit of weights, slots, history or callback state", async (t) => {
  const path = join(desk(t), "run");
  const whole = await trained([""]);
  const next = draws(Number(process.env.DEEP_RNN_SEED ?? Date.now()));
  // While a step is made, a file written, or a folder moved into place: a step with its writing takes about 20 ms.
  for (let kills = 0; kills < 10; kills++) {
    const moment = { steps: 1 + Math.floor(Math.abs(next()) * 4), ms: Math.abs(next()) * 20 };
    assert.equal(await trained([path, "tells"], moment), null);
  }
  assert.equal(await trained([path]), whole);
  assert.deepEqual(
    readdirSync(path).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("a training in float64 on the reference goes on to the bit", async (t) => {
  const path = join(desk(t), "run");
  const whole = await trained(["", "", "reference"]);
  assert.equal(await trained([path, "tells", "reference", "3"], { steps: 8, ms: 5 }), null);
  assert.equal(await trained([path, "", "reference", "3"]), whole);
});

const x = random(1, [12, 5, 2]);
const y = random(2, [12, 1]);

function small(learningRate = 0.1): Model {
  const model = sequential([gru({ units: 3 }), dense({ units: 1 })]);
  model.compile({ optimizer: sgd({ learningRate, momentum: 0.9 }), loss: "mse" });
  return model;
}

const options = { epochs: 3, batchSize: 4, seed: 3, verbose: "silent" } as const satisfies FitOptions;

/** A training that wrote checkpoints after its steps and was interrupted after five of its nine. */
async function interrupted(path: string): Promise<void> {
  const controller = new AbortController();
  const stop: Callback = { name: "stop", onBatchEnd: ({ step }) => (step === 5 ? controller.abort() : undefined) };
  const history = await small().fit(x, y, { ...options, signal: controller.signal, callbacks: [stop, checkpoint({ path })] });
  assert.equal(history.stopped, "interrupted");
}

test("an interrupted training has saved the step it stood at, and goes on in the middle of the epoch", async (t) => {
  const path = join(desk(t), "run");
  await interrupted(path);
  const whole = small();
  const history = await whole.fit(x, y, options);
  const resumed = small();
  const steps: number[] = [];
  const epochs: number[] = [];
  const watch: Callback = {
    name: "watch",
    onEpochStart: ({ epoch }) => void epochs.push(epoch),
    onBatchEnd: ({ step }) => void steps.push(step),
  };
  const went = await resumed.fit(x, y, { ...options, resumeFrom: path, callbacks: [watch] });
  assert.deepEqual(steps, [6, 7, 8, 9]);
  assert.deepEqual(epochs, [3]);
  assert.deepEqual(went, history);
  assert.deepEqual(numbers(resumed.weights), numbers(whole.weights));
});

test("more epochs than before go on where the end was, as if they had been asked for at once", async (t) => {
  const path = join(desk(t), "run");
  await small().fit(x, y, { ...options, callbacks: [checkpoint({ path })] });
  const [more, once] = [small(), small()];
  const went = await more.fit(x, y, { ...options, epochs: 5, resumeFrom: path });
  assert.deepEqual(went, await once.fit(x, y, { ...options, epochs: 5 }));
  assert.deepEqual(numbers(more.weights), numbers(once.weights));
});

test("last and best are models too: best is the one with the lowest value", async (t) => {
  const path = join(desk(t), "run");
  const model = small();
  const seen: { loss: number; weights: unknown }[] = [];
  const watch: Callback = {
    name: "watch",
    onEpochEnd: ({ logs }) => void seen.push({ loss: logs.valLoss ?? Number.NaN, weights: numbers(model.weights) }),
  };
  await model.fit(x, y, { ...options, epochs: 6, validationSplit: 0.25, callbacks: [watch, checkpoint({ path, keep: 2, everySteps: 3 })] });
  const best = seen.reduce((a, b) => (b.loss < a.loss ? b : a));
  assert.deepEqual(numbers((await loadModel(`${path}/best`)).weights), best.weights);
  assert.deepEqual(numbers((await loadModel(`${path}/last`)).weights), numbers(model.weights));
  assert.deepEqual(readdirSync(path).sort(), ["best", "last", "step-15", "step-18"]);
  assert.equal(await latestCheckpoint(path), join(path, "last"));
  assert.equal(await latestCheckpoint(join(path, "nothing")), null);
});

for (const [what, changed, expected] of [
  ["batch size", { batchSize: 6 }, /was trained with batchSize 4, now it is 6/],
  ["seed", { seed: 4 }, /was trained with seed 3, now it is 4/],
  ["order", { shuffle: false }, /was trained with shuffle true, now it is false/],
  ["split", { validationSplit: 0.5 }, /was trained with rows 12, now it is 6/],
] as const) {
  test(`going on with another ${what} is refused in one sentence, and the model is as before`, async (t) => {
    const path = join(desk(t), "run");
    await interrupted(path);
    const model = small();
    model.build(["time", 2], { seed: 1 });
    const before = numbers(model.weights);
    await assert.rejects(model.fit(x, y, { ...options, ...changed, resumeFrom: path }), expected);
    assert.deepEqual(numbers(model.weights), before);
  });
}

test("going on with other data or another network is refused, with another learning rate or other values said", async (t) => {
  const path = join(desk(t), "run");
  await interrupted(path);
  await assert.rejects(small().fit(random(1, [12, 6, 2]), y, { ...options, resumeFrom: path }), /trained with x .*\[12,5,2\].*\[12,6,2\]/);
  const other = sequential([gru({ units: 4 }), dense({ units: 1 })]);
  other.compile({ optimizer: "sgd", loss: "mse" });
  await assert.rejects(other.fit(x, y, { ...options, resumeFrom: path }), /trained with weights/);
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  await small(0.05).fit(random(9, [12, 5, 2]), y, { ...options, resumeFrom: path, log });
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? "", /"learningRate":0.1.*goes on with.*"learningRate":0.05/);
  assert.match(lines[1] ?? "", /other values of the same sizes/);
});

test("another arithmetic class is said, not refused", async (t) => {
  const path = join(desk(t), "run");
  await interrupted(path);
  const before = await init();
  await init({ backend: "reference" });
  t.after(() => init({ backend: before.backend, threads: before.threads }));
  const lines: string[] = [];
  const history = await small().fit(x, y, { ...options, resumeFrom: path, log: (line) => void lines.push(line) });
  assert.equal(history.stopped, "done");
  assert.match(lines.join("\n"), new RegExp(`class ${before.class} .* this is float64`));
});

test("what is no checkpoint, or a damaged one, is refused in one sentence", async (t) => {
  const path = join(desk(t), "run");
  const go = (from: string) => small().fit(x, y, { ...options, resumeFrom: from });
  await assert.rejects(go(path), /does not exist.*no checkpoint/);
  mkdirSync(path);
  await assert.rejects(go(path), /holds no checkpoint/);
  await interrupted(path);
  const file = join(path, "last", "training.json");
  const text = readFileSync(file, "utf8");
  const json = JSON.parse(text) as { standing: { key: unknown } };
  for (const [broken, expected] of [
    ["", /not valid JSON/],
    [text.slice(0, 200), /not valid JSON/],
    ["[]", /not written by deep-rnn/],
    [text.replace('"formatVersion": 1', '"formatVersion": 99'), /checkpoint version 99/],
    [JSON.stringify({ ...json, standing: { ...json.standing, key: "a" } }), /does not say where training stands/],
    [text.replaceAll("vector/weights", "vector/weight"), /names the array/],
  ] as const) {
    writeFileSync(file, broken);
    await assert.rejects(go(path), expected);
  }
  writeFileSync(file, text);
  const bytes = readFileSync(join(path, "last", "training.safetensors"));
  for (const length of [0, 7, 50, bytes.length - 1]) {
    writeFileSync(join(path, "last", "training.safetensors"), bytes.subarray(0, length));
    await assert.rejects(go(path), /training\.safetensors is damaged/);
  }
});

test("NaN, infinities, -0 and tensors in the state of a callback come back as they were", async (t) => {
  const path = join(desk(t), "run");
  const given: Stored = {
    list: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e-310],
    $number: "a name of my own",
    nested: {
      w: tensor([
        [1, 2],
        [3, 4.5],
      ]),
      nothing: null,
      truth: true,
    },
  };
  const keep: Callback = { name: "keep", state: () => given };
  await small().fit(x, y, { ...options, callbacks: [keep, checkpoint({ path })] });
  let found: Stored = null;
  const take: Callback = {
    name: "keep",
    restore: (state) => {
      found = state;
    },
  };
  await small().fit(x, y, { ...options, resumeFrom: path, callbacks: [take] });
  assert.deepEqual(found, given);
});

test("a folder that cannot be written stops training before its first step, and a disk that fills leaves the checkpoint before", async (t) => {
  const folder = desk(t);
  writeFileSync(join(folder, "file"), "");
  let steps = 0;
  const count: Callback = { name: "count", onBatchEnd: () => void steps++ };
  await assert.rejects(
    small().fit(x, y, { ...options, callbacks: [count, checkpoint({ path: join(folder, "file", "run") })] }),
    /cannot be written/,
  );
  assert.equal(steps, 0);
  const path = join(folder, "run");
  await interrupted(path);
  const before = readFileSync(join(path, "last", "training.safetensors"));
  // A file where the new folder's parent would be made stands for any writing that fails.
  const fail: Callback = { name: "fail", onSafePoint: ({ snapshot }) => snapshot().write(join(folder, "file", "x")) };
  await assert.rejects(small().fit(x, y, { ...options, resumeFrom: path, callbacks: [fail] }), /cannot be written: .*Nothing was changed/);
  assert.deepEqual(readFileSync(join(path, "last", "training.safetensors")), before);
  assert.ok(existsSync(join(path, "last", "model.json")));
});

/** Writes more and more checkpoints until there is no room. */
async function fillsUp(path: string): Promise<void> {
  await interrupted(path);
  const more: FitOptions = { ...options, epochs: 50, resumeFrom: path, callbacks: [checkpoint({ path, keep: 50 })] };
  await assert.rejects(small().fit(x, y, more), /run\/\S+ cannot be written: the disk is full\. Nothing was changed\./);
  // Complete, and newer than the one that was there.
  await small().fit(x, y, { ...options, resumeFrom: path, epochs: 60 });
}

test("a disk that is really full, and a folder of somebody else, are one sentence; the checkpoint before is whole", async (t) => {
  const folder = desk(t);
  const disk = join(folder, "disk");
  mkdirSync(disk);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=200k", "tmpfs", disk]);
  if (mounted.status !== 0) {
    t.skip("a small disk can be made by the administrator only");
    return;
  }
  try {
    await fillsUp(join(disk, "run"));
  } finally {
    spawnSync("umount", [disk]);
  }
  const own = join(folder, "own");
  mkdirSync(own, { mode: 0o700 });
  const refused = spawnSync(process.execPath, [child, join(own, "run")], { uid: 65534, gid: 65534, cwd: "/", encoding: "utf8" });
  if (/EACCES.*checkpoint-child|Cannot find module/.test(refused.stderr)) t.diagnostic("this checkout is not readable for others");
  else assert.match(refused.stderr, /cannot be written: permission denied/);
});

test("averages, added batches, noise, a reduced rate and metrics of all elements go on to the bit in the middle of an epoch", async (t) => {
  const path = join(desk(t), "run");
  const made = (): Model => {
    const model = sequential([gru({ units: 3, weightDrop: 0.2 }), dense({ units: 1, activation: "sigmoid" })]);
    const optimizer = nadam({ gradientNoise: 1e-3, learningRate: cosineSchedule({ learningRate: 0.01, steps: 20, warmupSteps: 3 }) });
    model.compile({ optimizer, loss: "binaryCrossEntropy", metrics: ["auroc", "accuracy"] });
    model.build(["time", 2], { seed: 2 });
    return model;
  };
  const labels = Array.from({ length: 12 }, (_, row) => [row % 2]);
  const run = async (options: FitOptions): Promise<{ readonly model: Model; readonly history: object }> => {
    const model = made();
    const callbacks = [reduceOnPlateau({ monitor: "loss", patience: 1, minDelta: 1, cooldown: 1 }), ...(options.callbacks ?? [])];
    const settings: FitOptions = {
      verbose: "silent",
      epochs: 5,
      batchSize: 2,
      accumulate: 2,
      ema: 0.8,
      sampleWeights: Float32Array.from(random(5, [12]).data, Math.abs),
    };
    return { model, history: await model.fit(x, labels, { ...settings, ...options, callbacks }) };
  };
  const whole = await run({});
  for (const steps of [4, 6, 9]) {
    const ending = new AbortController();
    const end: Callback = { name: "end", onBatchEnd: ({ step }) => (step === steps ? ending.abort() : undefined) };
    await run({ signal: ending.signal, callbacks: [checkpoint({ path, everySteps: 100 }), end] });
    const resumed = await run({ resumeFrom: path });
    assert.deepEqual(resumed.history, whole.history);
    assert.deepEqual(numbers(resumed.model.weights), numbers(whole.model.weights));
  }
});
