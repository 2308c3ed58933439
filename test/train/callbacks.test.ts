// Callbacks: logs that programs read, rates by epoch, and what happens when numbers are lost.
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type Callback,
  checkpoint,
  csvLog,
  dense,
  type FitOptions,
  jsonlLog,
  learningRateSchedule,
  lstm,
  type Model,
  mul,
  rollBackOnNaN,
  sequential,
  sgd,
  sub,
  tensorBoard,
  terminateOnNaN,
} from "../../src/index.js";
import { crc32c } from "../../src/io/event-file-node.js";
import { type Event, readEvents } from "./event-reader.js";
import { numbers, random } from "./support.js";

const x = random(1, [12, 5, 2]);
const y = random(2, [12, 1]);
const options = { epochs: 3, batchSize: 4, seed: 3, verbose: "silent", validationSplit: 0.25 } as const satisfies FitOptions;

function small(learningRate = 0.1): Model {
  const model = sequential([lstm({ units: 3 }), dense({ units: 1 })]);
  model.compile({ optimizer: sgd({ learningRate }), loss: "mse", metrics: ["mae"] });
  return model;
}

function desk(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "deep-rnn-callbacks-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("csvLog and jsonlLog hold the history, number for number", async (t) => {
  const [csv, jsonl] = [join(desk(t), "a.csv"), join(desk(t), "deep/er/b.jsonl")];
  const { history } = await small().fit(x, y, { ...options, callbacks: [csvLog(csv), jsonlLog(jsonl)] });
  const names = Object.keys(history);
  const [head = "", ...rows] = readFileSync(csv, "utf8").trimEnd().split("\n");
  assert.deepEqual(head.split(","), ["epoch", "step", ...names]);
  rows.forEach((row, index) => {
    assert.deepEqual(row.split(",").map(Number), [index + 1, 3 * (index + 1), ...names.map((name) => history[name]![index])]);
  });
  const lines = readFileSync(jsonl, "utf8").trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [0, 1, 2].map((at) => ({ epoch: at + 1, step: 3 * (at + 1), ...Object.fromEntries(names.map((name) => [name, history[name]![at]])) })),
  );
});

test("logs of a resumed training are those of one that never stopped: what came after the checkpoint is cut off", async (t) => {
  const folder = desk(t);
  const logs = (name: string): readonly Callback[] => [
    csvLog(join(folder, `${name}.csv`)),
    jsonlLog(join(folder, `${name}.jsonl`), { everySteps: 1 }),
    tensorBoard(join(folder, name), { everySteps: 2 }),
  ];
  await small().fit(x, y, { ...options, callbacks: logs("whole") });
  const controller = new AbortController();
  const stop: Callback = { name: "stop", onBatchEnd: ({ step }) => (step === 5 ? controller.abort() : undefined) };
  const path = join(folder, "checkpoints");
  await small().fit(x, y, { ...options, signal: controller.signal, callbacks: [...logs("parts"), stop, checkpoint({ path })] });
  // As if it had been killed later, in the middle of a line.
  for (const name of ["parts.csv", "parts.jsonl"]) appendFileSync(join(folder, name), "9,9,9");
  await small().fit(x, y, { ...options, resumeFrom: path, callbacks: logs("parts") });
  for (const ending of ["csv", "jsonl"]) {
    assert.equal(readFileSync(join(folder, `parts.${ending}`), "utf8"), readFileSync(join(folder, `whole.${ending}`), "utf8"));
  }
  const values = (name: string): unknown => eventsIn(join(folder, name)).map(({ step, scalars }) => ({ step, scalars }));
  assert.deepEqual(values("parts"), values("whole"));
});

function eventsIn(folder: string): readonly Event[] {
  const names = readdirSync(folder);
  assert.equal(names.length, 1);
  assert.match(names[0]!, /^events\.out\.tfevents\.\d{10}\./);
  return readEvents(readFileSync(join(folder, names[0]!)));
}

test("tensorBoard writes event files by the format's rules: checksums, version, scalars by step, histograms that count every weight", async (t) => {
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  const folder = join(desk(t), "board");
  const model = small();
  const { history } = await model.fit(x, y, { ...options, callbacks: [tensorBoard(folder, { histograms: true, everySteps: 4 })] });
  const [version, ...events] = eventsIn(folder);
  assert.equal(version?.version, "brain.Event:2");
  assert.ok(events.every(({ wallTime }) => Math.abs(wallTime - Date.now() / 1000) < 600));
  const epochs = events.filter(({ scalars }) => "epoch/loss" in scalars);
  assert.deepEqual(
    epochs.map(({ step, scalars }) => [step, scalars["epoch/loss"], scalars["epoch/valMae"]]),
    history.loss!.map((loss, index) => [index + 1, Math.fround(loss), Math.fround(history.valMae![index]!)]),
  );
  assert.deepEqual(
    events.filter(({ scalars }) => "batch/gradientNorm" in scalars).map(({ step }) => step),
    [4, 8],
  );
  const weights = numbers(model.weights);
  const last = epochs.at(-1)!.histograms;
  assert.deepEqual(
    Object.keys(last),
    Object.keys(weights).map((path) => `weights/${path}`),
  );
  for (const [path, values] of Object.entries(weights)) {
    const { count, sum, min, max, limits, counts } = last[`weights/${path}`]!;
    assert.equal(count, values.length);
    assert.deepEqual([min, max], [Math.min(...values), Math.max(...values)]);
    assert.ok(Math.abs(sum - values.reduce((a, b) => a + b, 0)) < 1e-9);
    assert.deepEqual(
      counts,
      limits.map((limit, at) => {
        const isLast = at === limits.length - 1;
        return values.filter((value) => (isLast || value < limit) && (at === 0 || value >= limits[at - 1]!)).length;
      }),
    );
  }
});

test("learningRateSchedule sets the rate of each epoch, as separate trainings with these rates would", async () => {
  const model = small();
  const { history } = await model.fit(x, y, {
    ...options,
    callbacks: [learningRateSchedule((epoch, rate) => (epoch === 1 ? 0.2 : rate / 2))],
  });
  assert.deepEqual(history.learningRate, [0.2, 0.1, 0.05]);
  const byHand = small();
  let left = 0;
  const hand: Callback = {
    name: "hand",
    onEpochStart: (event) => {
      event.learningRate = [0.2, 0.1, 0.05][left++]!;
    },
  };
  await byHand.fit(x, y, { ...options, callbacks: [hand] });
  assert.deepEqual(numbers(model.weights), numbers(byHand.weights));
  await assert.rejects(small().fit(x, y, { ...options, callbacks: [learningRateSchedule(() => -1)] }), /bad_learning_rate/);
});

/** A loss that is no number while `lost()` says so: 0/0 in the gradient of the dense layer's output. */
function explosive(): Model {
  const model = sequential([lstm({ units: 3, name: "memory" }), dense({ units: 1, name: "head", useBias: false })]);
  model.compile({ optimizer: sgd({ learningRate: 1e38, clipNorm: false }), loss: (a, b) => mul(sub(a, b), sub(a, b)) });
  return model;
}

test("a training that loses its numbers says in one sentence what, where, at which step and with which norm", async () => {
  const history = await explosive().fit(mul(random(1, [12, 5, 2]), 3), y, options);
  assert.equal(history.stopped, "nan");
  assert.match(
    history.reason,
    /^the (loss|gradient's norm) became (NaN|Infinity) in epoch \d+ at step \d+ \(gradient norm (NaN|Infinity|[\d.e+]+)\): the (weights|output|gradient) of layer "(memory|head)" (is the first that is|are) not finite; the weights are those of the last good step$/,
  );
});

test("rollBackOnNaN goes back to good weights with a smaller rate until training works, and gives up after its retries", async () => {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const model = explosive();
  const saved = await model.fit(x, y, { ...options, callbacks: [rollBackOnNaN({ retries: 3, factor: 1e-20, log })] });
  assert.deepEqual([saved.stopped, saved.epochs], ["done", 3]);
  assert.ok(lines.length >= 1 && lines.length <= 3);
  assert.match(
    lines[0]!,
    /became (NaN|Infinity) at step \d+, first in layer "\w+", gradient norm .*: back to step \d+ with learning rate 1000000000000000000 \(1 of 3\)/,
  );
  assert.ok(Object.values(numbers(model.weights)).flat().every(Number.isFinite));
  const lost = await explosive().fit(x, y, { ...options, callbacks: [rollBackOnNaN({ retries: 2, factor: 1, log: () => {} })] });
  assert.equal(lost.stopped, "nan");
});

test("going back restores weights and slots of the copy", async () => {
  const model = small();
  const seen: Record<string, readonly number[]>[] = [];
  let isBack = false;
  const go: Callback = {
    name: "go",
    onSafePoint: ({ moment, snapshot }) => {
      if (moment === "start") held = snapshot();
    },
    onNonFinite: ({ rollBack }) => {
      if (isBack || held === null) return;
      isBack = true;
      rollBack(held);
      seen.push(numbers(model.weights));
    },
  };
  let held: Parameters<NonNullable<Callback["onNonFinite"]>>[0] extends { rollBack(to: infer S): void } ? S | null : never = null;
  model.build(["time", 2], { seed: 3 });
  const before = numbers(model.weights);
  model.compile({ optimizer: sgd({ learningRate: 1e38, clipNorm: false }), loss: "mse" });
  await model.fit(x, y, { ...options, epochs: 20, callbacks: [go] });
  assert.deepEqual(seen[0], before);
});

test("terminateOnNaN ends training for a validation value that is no number", async () => {
  const model = small();
  const history = await model.fit(x, y, {
    ...options,
    validationSplit: 0,
    validationData: [x, mul(y, 1e38)],
    callbacks: [terminateOnNaN()],
  });
  assert.deepEqual([history.stopped, history.epochs], ["nan", 1]);
  assert.match(history.reason, /valLoss became Infinity in epoch 1 at step 3/);
});
