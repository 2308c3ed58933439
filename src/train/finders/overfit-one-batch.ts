// The first check of a new network: a few rows, trained on again and again, must be learnt by heart.

import type { Tensor } from "../../base/tensor.js";
import { checkOptions } from "../../nn/options.js";
import { readRows } from "../batches.js";
import { type Column, type Columns, type DataLike, rowsOf, toColumns } from "../columns.js";
import { orderedRows } from "../shuffle.js";
import type { Callback, Dataset, Model, Named } from "../types.js";
import { trainedAndBack } from "./untouched.js";

/** Options of `overfitOneBatch`. */
export interface OverfitOptions extends Pick<Dataset, "lengths"> {
  /** Rows of the batch, from the beginning: 8, or all if there are fewer. */
  readonly rows?: number;
  /** Steps at most: 300. */
  readonly steps?: number;
  /** Learnt when the loss is below this share of the first one: 0.01. */
  readonly share?: number;
  readonly seed?: number;
}

/** How it went. */
export interface Overfit {
  /** `slow`: it learns, but not all; `stuck`: it does not learn; `diverges`: the loss grows or is lost. */
  readonly verdict: "learns" | "slow" | "stuck" | "diverges";
  readonly losses: readonly number[];
  readonly rows: number;
  /** The verdict and what to do in a sentence or two. */
  readonly message: string;
}

/**
 * Trains on one small batch only. A network that cannot learn eight rows by heart will not learn eight thousand: targets and outputs
 * do not fit, gradients do not arrive, or the rate is wrong. The model must be compiled; it is as before afterwards.
 *
 * @throws UsageError `not_compiled`, `bad_option`
 * @example const { verdict, message } = await overfitOneBatch(model, x, y); console.log(message);
 */
export async function overfitOneBatch<O>(
  model: Model<O>,
  x: Named<DataLike>,
  y: Named<DataLike>,
  options: OverfitOptions = {},
): Promise<Overfit> {
  checkOptions("overfitOneBatch", options, { rows: "size", steps: "size", share: "rate", seed: "any", lengths: "any" });
  const { steps = 300, share = 0.01, seed = 0 } = options;
  const [columns, targets] = [toColumns(x, "x"), toColumns(y, "y")];
  const rows = Math.min(options.rows ?? 8, rowsOf(columns));
  const data = await firstRows(columns, targets, options.lengths, rows);
  const losses: number[] = [];
  const watch: Callback = {
    name: "overfitOneBatch",
    onBatchEnd({ logs, stop }) {
      losses.push(logs.loss ?? Number.NaN);
      if (losses.at(-1)! <= share * losses[0]!) stop("learnt");
    },
  };
  const history = await trainedAndBack("overfitOneBatch", model, data, {
    epochs: steps,
    batchSize: "full",
    shuffle: false,
    seed,
    callback: watch,
  });
  return { ...judged(losses, share, history.stopped === "nan" ? history.reason : null), losses, rows };
}

function judged(losses: readonly number[], share: number, lost: string | null): Pick<Overfit, "verdict" | "message"> {
  const shown = (value: number): number => Number(value.toPrecision(3));
  const [first = Number.NaN, last = Number.NaN] = [losses[0], losses.at(-1)];
  const fell = `the loss went from ${shown(first)} to ${shown(last)} in ${losses.length} steps`;
  if (lost !== null) return { verdict: "diverges", message: `Diverges: ${lost}. Try a tenth of the learning rate.` };
  if (last <= share * first) return { verdict: "learns", message: `Learns: ${fell}. Network, targets and loss fit each other.` };
  if (last > 1.05 * first) return { verdict: "diverges", message: `Diverges: ${fell}. Try a tenth of the learning rate.` };
  if (last > 0.9 * first)
    return {
      verdict: "stuck",
      message: `Stuck: ${fell}. Check that targets belong to their rows, that inputs are scaled, and try ten times the learning rate.`,
    };
  return {
    verdict: "slow",
    message: `Slow: ${fell}. Give it more steps or a larger learning rate; dropout, penalties and equal inputs with different targets keep a loss up too.`,
  };
}

async function firstRows(x: Columns, y: Columns, lengths: Dataset["lengths"], count: number): Promise<Dataset> {
  const rows = orderedRows(0, count);
  const cut = async (columns: Columns): Promise<Named<Tensor>> => {
    const parts = await Promise.all(
      [...columns].map(async ([name, column]): Promise<[string, Tensor]> => [name, await readRows(column, rows)]),
    );
    return columns.has("") ? parts[0]![1] : Object.fromEntries(parts);
  };
  const own = lengths === undefined ? ownLengths(x) : toColumns(lengths, "lengths");
  const cutLengths = own.size === 0 ? {} : { lengths: await cut(own) };
  return { x: await cut(x), y: await cut(y), ...cutLengths };
}

/** Lengths that ragged rows had by themselves. */
function ownLengths(x: Columns): Columns {
  return new Map(
    [...x].flatMap(([name, { label, lengths }]): [string, Column][] =>
      lengths === null ? [] : [[name, { label, dtype: "int32", shape: [lengths.length], data: lengths, lengths: null }]],
    ),
  );
}
