// Where the batches of a training come from: rows of data at hand, or a stream.

import type { Feeds } from "../engine/program.js";
import type { BatchStream } from "./batch-stream.js";
import { toColumns } from "./columns.js";
import { prepareData } from "./dataset.js";
import { BatchFeeder, type FeedPlan, planFeeds } from "./feeds.js";
import type { FitPlan } from "./fit.js";
import { batchesOf } from "./run.js";
import { trainingData } from "./sample-weights.js";
import { epochRows, orderedRows } from "./shuffle.js";

/** One batch; its feeds are made when it is run, in memory that the next batch uses again. */
export interface TrainingBatch {
  readonly plan: FeedPlan;
  readonly feeds: () => Feeds;
}

/** The next batch of an epoch; null at its end. */
export type NextBatch = () => TrainingBatch | null | Promise<TrainingBatch | null>;

/** The batches of each epoch. */
export interface BatchSource {
  /** Types of the first batch. */
  readonly plan: FeedPlan;
  /** Batches of an epoch (from 1), the first `from` left out. */
  open(epoch: number, from: number): Promise<NextBatch>;
  /** Feeds of the batch with the most steps, where that is known and memory is to be planned for it. */
  longest(): readonly (() => Feeds | Promise<Feeds>)[];
  /** Training is over. */
  close(): Promise<void>;
}

/** The source for a plan. */
export function batchSource(plan: FitPlan): BatchSource {
  return plan.stream === null ? rowBatches(plan) : streamBatches(plan, plan.stream);
}

function rowBatches(fit: FitPlan): BatchSource {
  const { data, session, trainRows, batchSize } = fit;
  const plan = planFeeds(data, session.ports);
  const feeder = new BatchFeeder(data, session.carried);
  const batch = (feeds: () => Feeds): TrainingBatch => ({ plan, feeds });
  return {
    plan,
    async open(epoch, from) {
      const left = batchesOf({ rows: epochRows(trainRows, epoch, fit), batchSize }).slice(from);
      let at = 0;
      return () => {
        const rows = left[at++];
        if (rows === undefined) return null;
        const prepared = feeder.prepare(rows);
        return prepared instanceof Promise ? prepared.then(batch) : batch(prepared);
      };
    },
    longest() {
      if (batchSize >= trainRows) return [];
      return [...data.lengths.values()].map((lengths) => {
        const rows = Int32Array.from({ length: trainRows }, (_, row) => row).sort((a, b) => lengths[b]! - lengths[a]!);
        const prepared = feeder.prepare(rows.subarray(0, batchSize));
        return async () => (await prepared)();
      });
    },
    close: async () => {},
  };
}

function streamBatches({ session, measures, data, options }: FitPlan, stream: BatchStream): BatchSource {
  const { ports } = session;
  const { losses } = measures;
  return {
    plan: planFeeds(data, ports),
    async open(epoch, from) {
      await stream.seek(epoch, from);
      let done = from;
      return async () => {
        const given = await stream.next(done);
        if (given === null) return null;
        done += 1;
        const whole = prepareData(
          { ...given, x: toColumns(given.x, "x"), y: toColumns(given.y, "y"), lengths: given.lengths },
          ports,
          losses,
          false,
        );
        const prepared = trainingData(whole, options, { ports, losses });
        const feeds = await new BatchFeeder(prepared, session.carried).prepare(orderedRows(0, prepared.rows));
        return { plan: planFeeds(prepared, ports), feeds };
      };
    },
    longest: () => [],
    close: () => stream.close(),
  };
}
