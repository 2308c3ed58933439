// Training data that comes batch by batch: from generators and iterables, synchronous or not.

import { UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { isTensor } from "../trace/traced.js";
import type { Dataset } from "./types.js";

/** Batches one after the other, each a data set of some rows. */
export type Batches = AsyncIterable<Dataset> | Iterable<Dataset>;

/** A stream of batches, or a function that begins one pass (from 1) over it. */
export type BatchesLike = Batches | ((pass: number) => Batches);

/** True for streams and lists of batches; other arrays, typed arrays and tensors are whole data. */
export function isBatches(given: unknown): given is BatchesLike {
  if (typeof given === "function") return true;
  if (Array.isArray(given)) return isBatch(given[0]);
  if (typeof given !== "object" || given === null || ArrayBuffer.isView(given) || isTensor(given)) return false;
  return Symbol.asyncIterator in given || Symbol.iterator in given;
}

type Passing = Iterator<unknown> | AsyncIterator<unknown>;

/** A stream being read. Without `stepsPerEpoch` an epoch is one pass; with it, an epoch goes on where the last one stopped. */
export class BatchStream {
  /** Batches of an epoch; null for as many as a pass has. */
  readonly stepsPerEpoch: number | null;
  readonly #given: BatchesLike;
  #pass = 0;
  #passing: Passing | null = null;
  /** The first batch, which was looked at before training. */
  #waiting: Dataset | null = null;
  /** Batches taken since the beginning. */
  #taken = 0;

  private constructor(given: BatchesLike, stepsPerEpoch: number | null) {
    this.#given = given;
    this.stepsPerEpoch = stepsPerEpoch;
  }

  /** Begins the first pass and looks at its first batch; throws UsageError `no_batches`, `not_a_batch`. */
  static async open(given: BatchesLike, stepsPerEpoch: number | null): Promise<{ readonly stream: BatchStream; readonly first: Dataset }> {
    const stream = new BatchStream(given, stepsPerEpoch);
    const first = await stream.#nextOfPass();
    if (first === null) throw new UsageError({ code: "no_batches", op: "fit", what: "the stream of training data has no batch" });
    stream.#waiting = first;
    return { stream, first };
  }

  /** Goes to the batch `from` (counted from 0) of an epoch (from 1). */
  async seek(epoch: number, from: number): Promise<void> {
    const { stepsPerEpoch } = this;
    if (stepsPerEpoch !== null) {
      const target = (epoch - 1) * stepsPerEpoch + from;
      while (this.#taken < target) await this.#take();
      return;
    }
    while (this.#pass < epoch) this.#begin();
    for (let skipped = 0; skipped < from; skipped++)
      if ((await this.#nextOfPass()) === null) throw ended(`${skipped} batches`, `${from} were trained on`);
  }

  /** The next batch of an epoch that has had `done`; null at its end. */
  async next(done: number): Promise<Dataset | null> {
    if (this.stepsPerEpoch !== null) return done >= this.stepsPerEpoch ? null : this.#take();
    const batch = await this.#nextOfPass();
    if (batch === null && done === 0) throw ended(`${this.#pass - 1} passes`, "another one was needed");
    return batch;
  }

  /** Ends the pass, so that a generator can close what it holds. */
  async close(): Promise<void> {
    await this.#passing?.return?.();
  }

  /** The next batch of any pass. */
  async #take(): Promise<Dataset> {
    let batch = await this.#nextOfPass();
    if (batch === null) {
      this.#begin();
      batch = await this.#nextOfPass();
    }
    if (batch === null) throw ended(`${this.#taken} batches`, "more were needed");
    this.#taken += 1;
    return batch;
  }

  async #nextOfPass(): Promise<Dataset | null> {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) return waiting;
    if (this.#passing === null) this.#begin();
    const { done, value } = await this.#passing!.next();
    return done === true ? null : checkBatch(value);
  }

  #begin(): void {
    this.#waiting = null;
    this.#pass += 1;
    const batches = typeof this.#given === "function" ? this.#given(this.#pass) : this.#given;
    // From a function also an empty list is a stream: one without a batch.
    if (!(isBatches(batches) || Array.isArray(batches)) || typeof batches === "function")
      throw new UsageError({
        code: "no_batches",
        op: "fit",
        what: "the function did not return a generator or another iterable of batches",
      });
    this.#passing = Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
  }
}

function checkBatch(value: unknown): Dataset {
  if (isBatch(value)) return value;
  const what = `a batch must be a data set { x, y }, the stream gave ${value === null ? "null" : Array.isArray(value) ? "a list" : typeof value}`;
  throw new UsageError({ code: "not_a_batch", op: "fit", what });
}

function isBatch(value: unknown): value is Dataset {
  return isRecord(value) && "x" in value && "y" in value;
}

function ended(had: string, needed: string): UsageError {
  return new UsageError({
    code: "batches_ended",
    op: "fit",
    what: `the stream of training data ended after ${had}, ${needed}`,
    hint: "Give a function that begins a new pass: fit(() => myGenerator(), ...).",
  });
}
