// The training loop: epochs, batches, one optimiser step each, validation, callbacks, and why it ended.

import type { Backend } from "../backends/contract.js";
import { UsageError } from "../base/errors.js";
import { keyAt } from "../base/random.js";
import { hostTensor } from "../base/tensor.js";
import type { Feeds } from "../engine/program.js";
import { randomKey } from "../ops/index.js";
import { type BatchSource, batchSource, type NextBatch, type TrainingBatch } from "./batch-source.js";
import type { BatchStream } from "./batch-stream.js";
import { CarriedStates } from "./carried.js";
import { type ReadCheckpoint, type Standing, TrainingSnapshot } from "./checkpoint.js";
import { type Prepared, stepsIn } from "./dataset.js";
import { culpritWords, findCulprit } from "./diagnose.js";
import type { FeedPlan } from "./feeds.js";
import { type EventSource, Events } from "./fit-events.js";
import { circumstancesOf, identityOf } from "./fit-identity.js";
import { LearningRate } from "./learning-rate.js";
import { type Logs, Tally, validationLogs } from "./measures.js";
import type { OptimizerRule } from "./optimizers/define.js";
import { makePause } from "./pause.js";
import { evaluateRows, type Pass } from "./run.js";
import type { SavedModel } from "./save.js";
import type { Session } from "./session.js";
import { Stepper, type StepResult } from "./stepper.js";
import type { Measures } from "./terms.js";
import type { Callback, FitOptions, History, Model, Snapshot } from "./types.js";

/** What a training needs, checked and with defaults filled in. */
export interface FitPlan {
  readonly model: Model<unknown>;
  /** What checkpoints store of the model. */
  readonly saved: SavedModel;
  readonly session: Session;
  readonly measures: Measures;
  readonly optimizer: string;
  readonly rule: OptimizerRule;
  /** All data; of a stream its first batch. */
  readonly data: Prepared;
  readonly stream: BatchStream | null;
  /** As they were given. */
  readonly options: FitOptions;
  /** The first rows of the data are trained on. */
  readonly trainRows: number;
  readonly validation: Pass | null;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly shuffle: boolean;
  readonly bucketByLength: boolean;
  /** Batches of one step. */
  readonly accumulate: number;
  /** Memory of the weights' average; null to keep none. */
  readonly ema: number | null;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignal | null;
  /** Where to go on; null to begin. */
  readonly resume: ReadCheckpoint | null;
  /** Takes sentences about a checkpoint that does not quite fit. */
  readonly warn: (sentence: string) => void;
}

/** Runs the training. */
export function runFit(plan: FitPlan): Promise<History> {
  return plan.session.pinned(async (backend) => {
    try {
      return await new Training(plan, backend).run();
    } finally {
      // The reference trains in float64; a model has the float32 weights that files keep.
      if (backend.info.class === "float64") plan.session.store.round();
    }
  });
}

class Training {
  readonly #plan: FitPlan;
  readonly #backend: Backend;
  readonly #batches: BatchSource;
  /** By the types of their batches: a stream may have several. */
  readonly #steppers = new Map<string, Stepper>();
  readonly #events: Events;
  readonly #rate: LearningRate;
  readonly #pause = makePause();
  readonly #history: Record<string, number[]> = {};
  #stop: Standing["stop"] = null;
  #completed = 0;
  /** Batches of the running epoch that are over; null between epochs. */
  #batch: number | null = null;
  #tally: Tally;
  #steps = 0;
  #clipped = 0;
  #key: readonly [number, number];

  constructor(plan: FitPlan, backend: Backend) {
    const { rule, measures, seed } = plan;
    this.#plan = plan;
    this.#backend = backend;
    this.#batches = batchSource(plan);
    this.#rate = new LearningRate(rule);
    this.#tally = new Tally(measures);
    this.#events = new Events(plan.callbacks, this.#source());
    const [low = 0, high = 0] = randomKey(seed).data;
    this.#key = [low, high];
  }

  async run(): Promise<History> {
    const { session, data, resume, epochs } = this.#plan;
    if (resume !== null) this.#goOn(resume);
    session.seenSteps = stepsIn(data, session.ports);
    const stepper = this.#stepperFor(this.#batches.plan);
    await this.#reserve(stepper);
    await this.#events.call("onTrainStart", {});
    if (resume !== null) await this.#restoreCallbacks(resume);
    await this.#events.safePoint("start", {});
    while (this.#completed < epochs && !this.#isOver()) {
      const logs = await this.#runEpoch(stepper);
      if (logs === null) break;
      this.#completed += 1;
      this.#batch = null;
      for (const [name, value] of Object.entries(logs)) this.#history[name] = [...(this.#history[name] ?? []), value];
      await this.#events.call("onEpochEnd", logs);
      await this.#events.safePoint("epoch", logs);
    }
    const stopped = this.#stop?.stopped;
    // After numbers were lost there is nothing to go on from but the checkpoint before.
    if (stopped !== "nan") await this.#events.safePoint(stopped === "interrupted" ? "interrupt" : "end", {});
    stepper.showAverage();
    await this.#events.call("onTrainEnd", {});
    return {
      epochs: this.#completed,
      bestEpoch: bestEpochOf(this.#history.valLoss ?? this.#history.loss ?? []),
      ...(this.#stop ?? { stopped: "done", reason: "" }),
      clippedShare: this.#steps === 0 ? 0 : this.#clipped / this.#steps,
      history: this.#history,
    };
  }

  /** The epoch's logs; null if training ended inside it. */
  async #runEpoch(stepper: Stepper): Promise<Logs | null> {
    const { measures, validation, session, accumulate } = this.#plan;
    if (this.#batch === null) {
      this.#batch = 0;
      this.#tally = new Tally(measures);
      await this.#events.call("onEpochStart", {});
    }
    const next = await this.#batches.open(this.#completed + 1, this.#batch);
    for (;;) {
      const batches = await this.#take(next, accumulate);
      const [first] = batches;
      if (first === undefined) break;
      if (this.#isOver()) return null;
      const feeds = batches.map((batch) => {
        const key = this.#nextKey();
        return (): Feeds => ({ ...batch.feeds(), key });
      });
      const done = this.#stepperFor(first.plan).step(feeds, this.#tally);
      this.#batch += batches.length;
      if (done.fault !== null) {
        if (await this.#recovers(done, batches[done.faultyBatch]!.plan, feeds[done.faultyBatch]!())) continue;
        return null;
      }
      this.#steps += 1;
      if (done.isClipped) this.#clipped += 1;
      const logs = { loss: done.loss, gradientNorm: done.norm };
      await this.#events.call("onBatchEnd", logs);
      await this.#events.safePoint("batch", logs);
      await this.#pause();
    }
    const logs = this.#tally.whole(this.#plan.data.missing, "the training rows");
    const learningRate = this.#rate.at(session.steps);
    stepper.showAverage();
    if (validation === null) return { ...logs, learningRate };
    const measured = await evaluateRows(
      session,
      measures,
      validation,
      () => this.#plan.signal?.aborted === true,
      // Streams of their own, which begin with every validation.
      { states: new CarriedStates(session.built), called: "the validation rows" },
    );
    if (measured !== null) return { ...logs, ...validationLogs(measured), learningRate };
    this.#isOver();
    return null;
  }

  /** Takes over a checkpoint; throws DataError `resume_differs`. */
  #goOn(checkpoint: ReadCheckpoint): void {
    const plan = this.#plan;
    const { sentences, isSameOptimizer } = checkpoint.compare(identityOf(plan), circumstancesOf(plan, this.#backend.info));
    for (const sentence of sentences) plan.warn(sentence);
    checkpoint.restore(plan.session);
    const { completed, batch, steps, clipped, key, history, stop, tally, learningRate } = checkpoint.standing;
    this.#completed = completed;
    this.#batch = batch;
    this.#steps = steps;
    this.#clipped = clipped;
    this.#key = [key[0] ?? 0, key[1] ?? 0];
    this.#stop = stop;
    for (const [name, values] of Object.entries(history)) this.#history[name] = [...values];
    this.#tally.restore(tally);
    // Another rate given on purpose is not overruled.
    if (isSameOptimizer) this.#rate.restore(learningRate);
  }

  /** Each callback gets the state of the one that had its name; of several with one name the first gets the first. */
  async #restoreCallbacks({ callbacks }: ReadCheckpoint): Promise<void> {
    const left = [...callbacks];
    for (const callback of this.#plan.callbacks) {
      const index = left.findIndex(({ name }) => name === callback.name);
      if (callback.restore === undefined || index < 0) continue;
      const [found] = left.splice(index, 1);
      await callback.restore(found!.state);
    }
  }

  /** True if a callback goes back to good weights; otherwise training is over, for a reason with layer, step and norm. */
  async #recovers({ fault, loss, norm }: StepResult, plan: FeedPlan, feeds: Feeds): Promise<boolean> {
    const what = fault ?? "";
    const culprit = findCulprit(this.#plan.session, this.#backend, plan, feeds);
    if (await this.#events.nonFinite({ what, layer: culprit?.layer ?? null, loss, gradientNorm: norm })) return true;
    const where = `in epoch ${this.#completed + 1} at step ${this.#steps + 1}`;
    const why = culprit === null ? "every layer's output and gradient is finite by itself" : culpritWords(culprit);
    const reason = `${what} ${where} (gradient norm ${norm}): ${why}; the weights are those of the last good step`;
    this.#stop = { stopped: "nan", reason };
    return false;
  }

  /** The key of this step; what it was split from is never used again. */
  #nextKey(): ReturnType<typeof hostTensor> {
    const [low, high] = this.#key;
    this.#key = keyAt(low, high, 1);
    return hostTensor(Int32Array.from(keyAt(low, high, 0)), [2], "int32");
  }

  /**
   * Lengths decide how many steps a batch has. Memory is planned for the batch with most of them, so that it never grows
   * while training.
   */
  async #reserve(stepper: Stepper): Promise<void> {
    const [low, high] = this.#key;
    for (const feeds of this.#batches.longest()) {
      const key = hostTensor(Int32Array.of(low, high), [2], "int32");
      stepper.reserve({ ...(await feeds()), key });
    }
  }

  /** The batches of the next step: fewer at the end of an epoch, none after it. */
  async #take(next: NextBatch, count: number): Promise<TrainingBatch[]> {
    const batches: TrainingBatch[] = [];
    while (batches.length < count) {
      const found = next();
      const batch = found instanceof Promise ? await found : found;
      if (batch === null) break;
      if (batch.plan.signature !== (batches[0] ?? batch).plan.signature) throw unlikeBatches();
      batches.push(batch);
    }
    return batches;
  }

  #stepperFor(feeds: FeedPlan): Stepper {
    const known = this.#steppers.get(feeds.signature);
    if (known !== undefined) return known;
    const made = new Stepper(this.#backend, { ...this.#plan, feeds, rate: this.#rate });
    this.#steppers.set(feeds.signature, made);
    return made;
  }

  #isOver(): boolean {
    if (this.#stop === null && this.#plan.signal?.aborted === true)
      this.#stop = { stopped: "interrupted", reason: "the signal was aborted" };
    return this.#stop !== null;
  }

  #source(): EventSource {
    const { model, session, resume } = this.#plan;
    return {
      model,
      isResumed: resume !== null,
      epoch: () => this.#completed + (this.#batch === null ? 0 : 1),
      step: () => this.#steps,
      learningRate: () => this.#rate.at(session.steps + 1),
      setLearningRate: (rate) => this.#rate.set(rate, session.steps + 1),
      stop: (reason, kind = "early") => {
        this.#stop ??= { stopped: kind, reason };
      },
      snapshot: () => this.#snapshot(),
      rollBack: (to) => this.#rollBack(to),
    };
  }

  #snapshot(): TrainingSnapshot {
    const { saved, callbacks } = this.#plan;
    const standing: Standing = {
      completed: this.#completed,
      batch: this.#batch,
      steps: this.#steps,
      clipped: this.#clipped,
      key: this.#key,
      history: this.#history,
      // An interrupted training is one that goes on.
      stop: this.#stop?.stopped === "interrupted" ? null : this.#stop,
      tally: this.#tally.state(),
      learningRate: this.#rate.state(),
      optimizerSteps: this.#plan.session.steps,
      averaging: this.#plan.session.averaging,
      carried: this.#plan.session.carried.stored,
    };
    const identity = identityOf(this.#plan);
    return new TrainingSnapshot(saved, { standing, identity, circumstances: circumstancesOf(this.#plan, this.#backend.info), callbacks });
  }

  #rollBack(to: Snapshot): void {
    if (!(to instanceof TrainingSnapshot))
      throw new UsageError({ code: "not_a_snapshot", op: "rollBack", what: "training can go back only to what snapshot() gave" });
    to.restore(this.#plan.session);
  }
}

function unlikeBatches(): UsageError {
  const what = "the batches of one step differ in what they hold: some have lengths, or other numbers of steps in x and y";
  return new UsageError({ code: "unlike_batches", op: "fit", what, hint: "Leave out accumulate, or give all batches the same form." });
}

/** Number, from 1, of the first lowest value; 0 for an empty list. */
function bestEpochOf(values: readonly number[]): number {
  return values.reduce((best, value, index) => (best === 0 || value < values[best - 1]! ? index + 1 : best), 0);
}

/** Checks a whole number option; throws UsageError `bad_option`. */
export function checkWhole(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new UsageError({
    code: "bad_option",
    op: "fit",
    what: `${name} must be a whole number of at least ${least}, got ${String(value)}`,
  });
}
