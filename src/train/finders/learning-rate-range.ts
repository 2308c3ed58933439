// The learning rate range test: the rate grows from step to step, and the loss shows where learning begins and where it breaks.

import { UsageError } from "../../base/errors.js";
import { checkOptions } from "../../nn/options.js";
import { wholeBatchSize } from "../batches.js";
import { type DataLike, rowsOf, toColumns } from "../columns.js";
import type { Callback, Dataset, Model, Named, TrainEvent } from "../types.js";
import { trainedAndBack } from "./untouched.js";

/** Options of `learningRateRange`. */
export interface LearningRateRangeOptions extends Pick<Dataset, "lengths" | "sampleWeights"> {
  /** The first rate: 1e-6. */
  readonly from?: number;
  /** The last rate, where the loss has not broken before: 1. */
  readonly to?: number;
  /** Steps from the first to the last: 100. */
  readonly steps?: number;
  /** Rows in one step: 32. */
  readonly batchSize?: number | "full";
  readonly seed?: number;
}

/** What the test found. */
export interface LearningRateRange {
  /** One per step made. */
  readonly rates: readonly number[];
  readonly losses: readonly number[];
  /** Losses as an average that forgets, so that single batches do not decide; those of batches that come again are made comparable. */
  readonly smoothed: readonly number[];
  /** The rate where the smoothed loss falls fastest, by the logarithm of the rate; null if it never falls. */
  readonly suggestion: number | null;
  /** The rate at which the loss broke: four times its lowest, or no number; null if it did not. */
  readonly breaksAt: number | null;
  /** All that in a sentence. */
  readonly message: string;
}

const memory = 0.9;
const broken = 4;

/**
 * Trains for some steps with a growing learning rate (Smith 2017, "Cyclical learning rates for training neural networks") and looks at
 * the loss. The model must be compiled; its weights and optimiser are as before afterwards.
 *
 * @throws UsageError `not_compiled`, `bad_option`
 * @example const { suggestion } = await learningRateRange(model, x, y); // compile again with adam({ learningRate: suggestion })
 */
export async function learningRateRange<O>(
  model: Model<O>,
  x: Named<DataLike>,
  y: Named<DataLike>,
  options: LearningRateRangeOptions = {},
): Promise<LearningRateRange> {
  checkOptions("learningRateRange", options, {
    from: "number",
    to: "number",
    steps: "size",
    batchSize: "any",
    seed: "any",
    lengths: "any",
    sampleWeights: "any",
  });
  const { from = 1e-6, to = 1, steps = 100, batchSize = 32, seed = 0, lengths, sampleWeights } = options;
  if (!(from > 0 && to > from)) throw bad(`the rates must rise from above 0, got from ${from} to ${to}`);
  if (steps < 10) throw bad(`fewer than 10 steps show nothing, got ${steps}`);
  const rows = rowsOf(toColumns(x, "x"));
  const batches = Math.ceil(rows / wholeBatchSize(batchSize, rows));
  // Few batches come again and again, in one order: each is then measured by itself.
  const isRepeating = batches <= steps / 4;
  const test = new RangeTest({ from, to, steps, batches: isRepeating ? batches : null });
  const data = { x, y, ...(lengths === undefined ? {} : { lengths }), ...(sampleWeights === undefined ? {} : { sampleWeights }) };
  // Every epoch has a step at least, so these suffice.
  const history = await trainedAndBack("learningRateRange", model, data, {
    epochs: steps,
    batchSize,
    seed,
    shuffle: !isRepeating,
    callback: test.callback(),
  });
  return test.found(history.stopped === "nan");
}

interface RangePlan {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  /** Batches that come in turn; null if each comes once. */
  readonly batches: number | null;
}

class RangeTest {
  readonly #rateAt: (index: number) => number;
  readonly #steps: number;
  readonly #batches: number | null;
  readonly #losses: number[] = [];
  readonly #smoothed: number[] = [];
  #average = 0;
  #isBroken = false;

  constructor({ from, to, steps, batches }: RangePlan) {
    this.#batches = batches;
    this.#rateAt = (index) => from * (to / from) ** (index / (steps - 1));
    this.#steps = steps;
  }

  callback(): Callback {
    return {
      name: "learningRateRange",
      onTrainStart: (event) => {
        event.learningRate = this.#rateAt(0);
      },
      onBatchEnd: (event) => this.#take(event),
    };
  }

  #take(event: TrainEvent): void {
    const loss = event.logs.loss ?? Number.NaN;
    this.#losses.push(loss);
    this.#average = memory * this.#average + (1 - memory) * this.#comparable(loss);
    // Divided by the weights so far, the average does not start at zero.
    this.#smoothed.push(this.#average / (1 - memory ** this.#losses.length));
    const lowest = Math.min(...this.#smoothed);
    this.#isBroken = this.#losses.length > 10 && this.#smoothed.at(-1)! > broken * lowest && lowest > 0;
    if (this.#isBroken || this.#losses.length === this.#steps) event.stop("the range is passed");
    else event.learningRate = this.#rateAt(this.#losses.length);
  }

  /** Batches differ in how hard they are: a loss in units of its batch's first one, times the mean of those. */
  #comparable(loss: number): number {
    if (this.#batches === null) return loss;
    const first = this.#losses[(this.#losses.length - 1) % this.#batches]!;
    const firsts = this.#losses.slice(0, this.#batches);
    const mean = firsts.reduce((sum, value) => sum + value, 0) / firsts.length;
    return first > 0 ? (loss / first) * mean : loss;
  }

  found(isLost: boolean): LearningRateRange {
    const rates = this.#losses.map((_, index) => this.#rateAt(index));
    const breaksAt = this.#isBroken ? rates.at(-1)! : isLost ? this.#rateAt(rates.length) : null;
    const place = steepest(this.#smoothed);
    const suggestion = place === null ? null : Number(rates[place]!.toPrecision(2));
    const end = breaksAt === null ? "" : ` and breaks at ${Number(breaksAt.toPrecision(2))}`;
    const message =
      suggestion === null
        ? `The loss never falls${end}: lower the first rate, or look at the data and the network.`
        : `The loss falls fastest at a learning rate of ${suggestion}${end}.`;
    return { rates, losses: this.#losses, smoothed: this.#smoothed, suggestion, breaksAt, message };
  }
}

/** Where the curve falls most over a window of steps; null if its lowest place is no tenth below what came before. */
function steepest(curve: readonly number[]): number | null {
  // The first averages are those of one batch or two.
  const begin = Math.min(unsettled, curve.length - 1);
  const settled = curve.slice(begin);
  const lowest = begin + settled.indexOf(Math.min(...settled));
  const before = Math.max(...curve.slice(begin, lowest + 1));
  if (!(curve[lowest]! < 0.9 * before)) return null;
  const reach = Math.max(2, Math.round(curve.length / 20));
  let best = { place: begin, slope: 0 };
  for (let at = begin; at <= lowest; at++) {
    const [left, right] = [Math.max(begin, at - reach), Math.min(lowest, at + reach)];
    const slope = right === left ? 0 : (curve[right]! - curve[left]!) / (right - left);
    if (slope < best.slope) best = { place: at, slope };
  }
  return best.slope < 0 ? best.place : null;
}

const unsettled = 5;

function bad(what: string): UsageError {
  return new UsageError({ code: "bad_option", op: "learningRateRange", what });
}
