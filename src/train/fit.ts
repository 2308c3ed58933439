// The training loop: epochs, batches, one optimiser step each, validation, callbacks, and why it ended.

import type { Backend } from "../backends/contract.js";
import { UsageError } from "../base/errors.js";
import { randomKey, splitKey } from "../ops/index.js";
import { type Prepared, stepsIn } from "./dataset.js";
import { BatchFeeder, planFeeds } from "./feeds.js";
import { type Logs, Tally, validationLogs } from "./measures.js";
import type { OptimizerRule } from "./optimizers/define.js";
import { makePause } from "./pause.js";
import { batchesOf, evaluateRows, type Pass } from "./run.js";
import type { Session } from "./session.js";
import { shuffledRows } from "./shuffle.js";
import { Stepper } from "./stepper.js";
import type { Measures } from "./terms.js";
import type { Callback, History, Model, TrainEvent } from "./types.js";

/** What a training needs, checked and with defaults filled in. */
export interface FitPlan {
  readonly model: Model<unknown>;
  readonly session: Session;
  readonly measures: Measures;
  readonly rule: OptimizerRule;
  readonly data: Prepared;
  /** The first rows of the data are trained on. */
  readonly trainRows: number;
  readonly validation: Pass | null;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly shuffle: boolean;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignal | null;
}

type Stop = Pick<History, "stopped" | "reason">;

/** Runs the training. */
export function runFit(plan: FitPlan): Promise<History> {
  return plan.session.pinned(async (backend) => {
    try {
      return await new Training(plan).run(backend);
    } finally {
      // The reference trains in float64; a model has the float32 weights that files keep.
      if (backend.info.class === "float64") plan.session.store.round();
    }
  });
}

class Training {
  readonly #plan: FitPlan;
  readonly #history: Record<string, number[]> = {};
  readonly #pause = makePause();
  #stop: Stop | null = null;
  #epoch = 0;
  #steps = 0;
  #clipped = 0;
  #key;

  constructor(plan: FitPlan) {
    this.#plan = plan;
    this.#key = randomKey(plan.seed);
  }

  async run(backend: Backend): Promise<History> {
    const { session, data, measures, rule } = this.#plan;
    const feeds = planFeeds(data, session.ports);
    session.seenSteps = stepsIn(data, session.ports);
    const stepper = new Stepper(backend, { session, feeds, measures, rule });
    this.#reserve(stepper);
    await this.#call("onTrainStart", {});
    let completed = 0;
    for (let epoch = 1; epoch <= this.#plan.epochs && this.#stop === null; epoch++) {
      this.#epoch = epoch;
      const logs = await this.#runEpoch(stepper);
      if (logs === null) break;
      completed = epoch;
      for (const [name, value] of Object.entries(logs)) this.#history[name] = [...(this.#history[name] ?? []), value];
      await this.#call("onEpochEnd", logs);
    }
    await this.#call("onTrainEnd", {});
    return {
      epochs: completed,
      bestEpoch: bestEpochOf(this.#history.valLoss ?? this.#history.loss ?? []),
      ...(this.#stop ?? { stopped: "done", reason: "" }),
      clippedShare: this.#steps === 0 ? 0 : this.#clipped / this.#steps,
      history: this.#history,
    };
  }

  /** The epoch's logs; null if training ended inside it. */
  async #runEpoch(stepper: Stepper): Promise<Logs | null> {
    const { data, trainRows, seed, shuffle, batchSize, measures, validation, session } = this.#plan;
    await this.#call("onEpochStart", {});
    const order = shuffle ? shuffledRows(trainRows, seed, this.#epoch) : Int32Array.from({ length: trainRows }, (_, row) => row);
    const feeder = new BatchFeeder(data);
    const tally = new Tally(measures);
    for (const rows of batchesOf({ rows: order, batchSize })) {
      if (this.#isOver()) return null;
      const [now, next] = splitKey(this.#key);
      this.#key = next;
      const done = stepper.step({ ...feeder.feeds(rows), key: now }, tally);
      if (done.fault !== null) {
        this.#stop = { stopped: "nan", reason: `${done.fault} in epoch ${this.#epoch}; the weights are those of the last good step` };
        return null;
      }
      this.#steps += 1;
      if (done.isClipped) this.#clipped += 1;
      await this.#call("onBatchEnd", { loss: done.loss, gradientNorm: done.norm });
      await this.#pause();
    }
    const logs = tally.logs();
    return validation === null ? logs : { ...logs, ...validationLogs(await evaluateRows(session, measures, validation)) };
  }

  /**
   * Lengths decide how many steps a batch has. One gradient of the batch with most of them, thrown away, plans memory for all, so
   * that it never grows while training.
   */
  #reserve(stepper: Stepper): void {
    const { data, trainRows, batchSize } = this.#plan;
    if (batchSize >= trainRows) return;
    const feeder = new BatchFeeder(data);
    for (const lengths of data.lengths.values()) {
      const longest = Int32Array.from({ length: trainRows }, (_, row) => row).sort((a, b) => lengths[b]! - lengths[a]!);
      stepper.gradient({ ...feeder.feeds(longest.subarray(0, batchSize)), key: this.#key });
    }
  }

  #isOver(): boolean {
    if (this.#stop === null && this.#plan.signal?.aborted === true)
      this.#stop = { stopped: "interrupted", reason: "the signal was aborted" };
    return this.#stop !== null;
  }

  async #call(hook: Exclude<keyof Callback, "name">, logs: Logs): Promise<void> {
    for (const callback of this.#plan.callbacks) {
      if (callback[hook] === undefined) continue;
      const event: TrainEvent = {
        epoch: this.#epoch,
        step: this.#steps,
        logs,
        model: this.#plan.model,
        stop: (reason) => {
          this.#stop ??= { stopped: "early", reason };
        },
      };
      await callback[hook](event);
    }
  }
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
