// How many rows of training fit into so much memory, by planning small batches and reckoning from them: nothing large is allocated.

import { UsageError } from "../../base/errors.js";
import { hostTensor } from "../../base/tensor.js";
import { checkOptions } from "../../nn/options.js";
import { type DataLike, toColumns } from "../columns.js";
import { inputColumns, type Prepared, prepareData, singleLengths } from "../dataset.js";
import { BatchFeeder, planFeeds } from "../feeds.js";
import { requiredInside } from "../inside.js";
import { LearningRate } from "../learning-rate.js";
import { Session } from "../session.js";
import { measuresFor } from "../setup.js";
import { Stepper } from "../stepper.js";
import type { Dataset, Model, Named } from "../types.js";

/** Options of `largestBatch`. */
export interface LargestBatchOptions extends Pick<Dataset, "lengths"> {
  /** Memory that training may take, without the data itself. */
  readonly bytes: number;
}

/** What was found. */
export interface LargestBatch {
  /** Rows of the largest batch; 0 if not even one row fits. It may be larger than the data. */
  readonly batchSize: number;
  /** What does not depend on the batch: weights, gradients, slots of the optimiser. */
  readonly fixedBytes: number;
  /** What each further row takes. */
  readonly bytesPerRow: number;
  /** Memory at that batch size. */
  readonly bytes: number;
  readonly message: string;
}

/**
 * The largest batch whose training fits into `bytes`: weights, gradients, slots, activations kept for the gradient, and the batch.
 * Counts the longest row for every row. The model must be compiled and built; its own memory is left alone.
 *
 * @throws UsageError `not_compiled`, `not_built`, `bad_option`, `no_plan` on the reference backend
 * @example const { batchSize } = await largestBatch(model, x, y, { bytes: 2e9 });
 */
export async function largestBatch<O>(
  model: Model<O>,
  x: Named<DataLike>,
  y: Named<DataLike>,
  options: LargestBatchOptions,
): Promise<LargestBatch> {
  checkOptions("largestBatch", options, { bytes: "any", lengths: "any" }, ["bytes"]);
  const { bytes, lengths } = options;
  if (!(bytes > 0 && Number.isFinite(bytes)))
    throw new UsageError({ code: "bad_option", op: "largestBatch", what: `bytes must be above 0, got ${String(bytes)}` });
  const inside = requiredInside(model, "largestBatch");
  const setup = inside.compiled("largestBatch");
  const { built, frozen } = inside.session("largestBatch");
  // Plans only grow, so they are made in a session that nobody else uses.
  const session = new Session(built, ({ size }) => new Float32Array(size));
  session.setFrozen(frozen, true);
  const measures = measuresFor(setup, session.ports);
  const data = prepareData({ x: inputColumns(x), y: toColumns(y, "y"), lengths }, session.ports, measures.losses);
  const backend = await session.backend();
  if (backend.info.class === "float64")
    throw new UsageError({
      code: "no_plan",
      op: "largestBatch",
      what: "the reference backend plans no memory",
      hint: "Choose another with init.",
    });
  const { rule } = setup.optimizer;
  const feeds = planFeeds(data, session.ports);
  const stepper = new Stepper(backend, { session, feeds, measures, rule, rate: new LearningRate(rule), accumulate: 1, ema: null, seed: 0 });
  const vectorBytes = [...session.store.vectors().keys(), "gradients"].length * session.store.layout.size * 4;
  const feeder = new BatchFeeder(data, session.carried);
  const row = longestRow(data);
  const planned = async (rows: number): Promise<number> => {
    const made = await feeder.prepare(new Int32Array(rows).fill(row));
    stepper.reserve({ ...made(), key: hostTensor(new Int32Array(2), [2], "int32") });
    return session.arenaBytes + rows * rowBytes(data);
  };
  return reckoned(bytes, vectorBytes, [await planned(probes[0]), await planned(probes[1]), await planned(probes[2])]);
}

/** Batches that are planned. Buffers grow in a line with the rows; from some tens on the largest of them decide how they are laid out. */
const probes = [16, 32, 64] as const;

function reckoned(limit: number, vectorBytes: number, [small, middle, large]: readonly [number, number, number]): LargestBatch {
  const bytesPerRow = Math.max((middle - small) / (probes[1] - probes[0]), (large - middle) / (probes[2] - probes[1]));
  const at = (rows: number): number => vectorBytes + (rows <= 0 ? 0 : large + (rows - probes[2]) * bytesPerRow);
  const batchSize = Math.max(0, Math.floor((limit - vectorBytes - large) / bytesPerRow + probes[2]));
  const found = { batchSize, fixedBytes: vectorBytes, bytesPerRow: Math.ceil(bytesPerRow), bytes: Math.ceil(at(batchSize)) };
  const mega = (amount: number): string => `${Number((amount / 1e6).toPrecision(3))} MB`;
  const message =
    batchSize === 0
      ? `Not even one row fits into ${mega(limit)}: weights, gradients and slots take ${mega(vectorBytes)}, a row ${mega(bytesPerRow)}.`
      : `${batchSize} rows fit into ${mega(limit)}: weights, gradients and slots take ${mega(vectorBytes)}, each row ${mega(bytesPerRow)}.`;
  return { ...found, message };
}

function longestRow({ lengths }: Prepared): number {
  const known = singleLengths(lengths);
  return known === null ? 0 : known.reduce((best, length, row) => (length > known[best]! ? row : best), 0);
}

/** One row of the batch as the host gathers it. */
function rowBytes({ x, y, weights }: Prepared): number {
  const columns = [...x.values(), ...y.values(), ...weights.values()];
  return columns.reduce((sum, { shape }) => sum + 4 * shape.slice(1).reduce((product, size) => product * size, 1), 0);
}
