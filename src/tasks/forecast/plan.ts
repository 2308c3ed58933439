// How many rows go where, and how much training a minute pays for: all decided before the first step.

import { DataError } from "../../base/errors.js";
import { firstOrigin } from "../../data/frame.js";
import { placeOf } from "../../data/table.js";
import type { Transform } from "../../data/transform.js";
import type { Series } from "../../data/types.js";
import { stackedEntries, type TaskCell } from "../cells.js";
import { checkLevel } from "./anomalies.js";
import { type Channels, distributionNames, type Strategy, stackNames, strategies } from "./network/types.js";
import { samplings } from "./sampling.js";
import type { ForecastOptions } from "./types.js";

/** Rows of every part. */
export interface Sizes {
  readonly rows: number;
  readonly horizon: number;
  /** Two seasons, or what was asked for; `inputSteps` is what the network reads of it. */
  readonly input: number;
  readonly test: number;
}

/** Horizon without a season to go by. */
const defaultHorizon = 12;

/**
 * Horizon, input and test from the options and the series. The rows must hold one input and three horizons: a window to
 * train on, one to choose the epoch, and the rows held out.
 * @throws DataError `too_few_rows`, `bad_option`, `bad_season`
 */
export function sizesOf(series: Series, options: ForecastOptions): Sizes {
  checkOptions(options);
  const rows = series.values.length;
  if (options.season !== undefined && options.season >= rows) {
    const message = `--season ${options.season} is not shorter than the ${rows} rows.`;
    throw new DataError("bad_season", message, "Leave it out to have it found, or give 1 for none.", placeOf(series.file));
  }
  const season = series.season > 1 ? series.season : defaultHorizon;
  const fifth = Math.floor(rows / 5);
  // A long hold-out leaves less: input (two horizons), training and validation must fit before it.
  const origins = options.backtest ?? 1;
  const longest =
    options.test === undefined ? Math.min(fifth, Math.floor(rows / (origins + 4))) : Math.min(fifth, Math.floor((rows - options.test) / 4));
  const known = knownAhead(series);
  const wanted = options.test ?? (known === Number.POSITIVE_INFINITY ? season : known);
  const horizon = options.horizon ?? Math.max(1, Math.min(wanted, longest, known));
  const test = options.test ?? origins * horizon;
  const nominal = series.season > 1 ? 2 * series.season : 2 * horizon;
  const fits = (input: number): boolean => input + 2 * horizon + test <= rows;
  const shorter = Math.min(nominal, 2 * horizon);
  const input = options.input ?? (!fits(nominal) && fits(shorter) ? shorter : nominal);
  if (!fits(input)) throw tooFewRows({ rows, horizon, input, test }, options, series.file);
  return { rows, horizon, input, test };
}

/** How far the known-future columns reach, if there are any that do. */
function knownAhead({ future, ahead }: Series): number {
  return future.length > 0 && ahead > 0 ? ahead : Number.POSITIVE_INFINITY;
}

/** Whether all rows ahead are said at once, which goes with more ways to read a window. */
export function isDirect({ strategy = "direct" }: Pick<ForecastOptions, "strategy">): boolean {
  return strategy === "direct";
}

/** Steps the network reads: a seasonal difference already reaches one season back, so half the default input is enough of them. */
export function inputSteps({ input }: Sizes, { seasonalLag, readsLevels = false }: Transform, options: ForecastOptions): number {
  const isAll = seasonalLag === 0 || readsLevels || options.input !== undefined;
  return isAll ? input : Math.max(input - seasonalLag, Math.ceil(input / 2));
}

/** The longest seasonal lag that still leaves a few windows to train on. */
export function longestLag(sizes: Sizes, options: ForecastOptions): number {
  const left = sizes.rows - sizes.test - 2 * sizes.horizon - 4;
  // Levels are read one season before the differences that are forecast.
  return isDirect(options) ? Math.floor(left / 2) : left - (options.input ?? Math.ceil(sizes.input / 2));
}

/** Rows before the test part that choose the epoch: a fifth, but never less than one horizon nor more than is left to train on. */
export function validationRows(sizes: Sizes, transform: Transform, steps: number): number {
  const before = sizes.rows - sizes.test;
  const fifth = Math.floor((before - transform.seasonalLag) / 5);
  const windows = before - fifth - firstOrigin({ transform }, steps) - sizes.horizon + 1;
  return fifth > sizes.horizon && windows >= fifth ? fifth : sizes.horizon;
}

/** What training may cost: floating-point operations of all phases, about a minute on two slow cores. */
const budgetOperations = 1.2e12;
const phases = 3;
const defaultEpochs = 40;
const leastEpochs = 10;
const leastWindows = 64;

/** The dropout that was asked for; else much of it where there are only a few hundred windows, which overlap so much that a network learns them by heart. */
export function dropoutOf(windows: number, { dropout }: Pick<ForecastOptions, "dropout">): number {
  return dropout ?? (windows < 1000 ? 0.3 : 0.1);
}

export interface Effort {
  readonly epochs: number;
  /** Most windows per epoch; above it they are taken evenly spaced. */
  readonly mostWindows: number;
}

/** Numbers in the tensors of all windows of a training: 256 MB. */
const mostNumbers = 6.4e7;

/** Passes and windows per pass so that training stays inside the budget, whatever the machine, and its windows inside the memory. */
export function effortOf(windows: number, size: NetworkSize, options: ForecastOptions): Effort {
  const passes = budgetOperations / phases / operationsOf(size);
  const found = Math.round(Math.min(defaultEpochs, Math.max(leastEpochs, passes / windows)));
  const epochs = options.epochs ?? found;
  const planned = options.plannedEpochs === undefined ? epochs : (options.plannedEpochs ?? found);
  const affordable = Math.min(passes / planned, mostNumbers / numbersOf(size));
  return { epochs, mostWindows: Math.max(leastWindows, Math.floor(affordable)) };
}

/** Numbers that a window fills: what is read and whether it was seen, what is known ahead, what came. */
function numbersOf({ steps, horizon, channels }: NetworkSize): number {
  const columns = 1 + channels.past + channels.future;
  return steps * (channels.mask ? 2 * columns : columns) + horizon * (1 + channels.future);
}

/** What decides how much a network computes. */
export interface NetworkSize {
  readonly cell: TaskCell;
  readonly units: readonly number[];
  readonly steps: number;
  readonly horizon: number;
  readonly channels: Pick<Channels, "past" | "future" | "mask">;
  readonly strategy: Strategy;
  readonly ensemble: number;
}

/** Operations of one training window: forward and backward products of every layer and step (6 per weight). */
function operationsOf(size: NetworkSize): number {
  const { steps, horizon, ensemble } = size;
  // A network that goes on row by row takes its steps over the horizon too.
  const taken = isDirect(size) ? steps : steps + horizon;
  return 6 * ensemble * (entriesOf(size) * taken + readAtEnd(size) * horizon);
}

/** Numbers that the rows ahead are told from. */
function readAtEnd(size: NetworkSize): number {
  return size.units.at(-1)! + (isDirect(size) ? size.steps : 0);
}

/** Weights, gradients and Adam's two averages of so many take 1.6 GB. */
const mostWeights = 1e8;
const mostLayers = 100;

/**
 * Refuses a network that no machine of these days trains, before it is built.
 * @throws DataError `bad_option`
 */
export function checkNetworkSize(size: NetworkSize): void {
  const { units, horizon } = size;
  if (units.length > mostLayers) throw badOption("layers", units.length, `at most ${mostLayers} layers are possible`);
  const weights = entriesOf(size) + readAtEnd(size) * horizon;
  if (weights <= mostWeights) return;
  const shown = [...new Set(units)].join(",");
  throw new DataError(
    "bad_option",
    `--units ${shown} makes ${weights.toExponential(1).replace("+", "")} weights; at most ${mostWeights.toExponential(0).replace("+", "")} are possible.`,
    "Give fewer units or layers.",
  );
}

function entriesOf({ cell, units, channels }: NetworkSize): number {
  return stackedEntries(cell, units, 1 + channels.past + channels.future);
}

function tooFewRows(sizes: Sizes, options: ForecastOptions, file: string | null): DataError {
  const { rows, horizon, input, test } = sizes;
  const needed = input + 2 * horizon + test;
  const fitting = Math.floor(rows / 5);
  const tested = options.test === undefined ? "" : ` --test ${Math.min(test, fitting)}`;
  const hint =
    fitting === 0
      ? "At least 5 rows are needed."
      : `Try --horizon ${Math.min(horizon, fitting)} --input ${2 * Math.min(horizon, fitting)}${tested}.`;
  const held = options.test === undefined || test === horizon ? "" : ` and test ${test}`;
  return new DataError("too_few_rows", `${rows} rows; horizon ${horizon} with input ${input}${held} needs ${needed}.`, hint, placeOf(file));
}

const choicesOf: Readonly<Record<"sampling" | "strategy" | "distribution" | "stack", readonly string[]>> = {
  sampling: samplings,
  strategy: strategies,
  distribution: distributionNames,
  stack: stackNames,
};

function checkOptions(options: ForecastOptions): void {
  if (options.backtest !== undefined && options.test !== undefined)
    throw new DataError("bad_option", "--backtest and --test both say how many rows are held out.", "Give one of them.");
  for (const name of ["horizon", "input", "test", "season", "layers", "epochs", "batchSize", "backtest", "ensemble", "paths"] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw badOption(name, value, "a whole number, at least 1, is needed");
  }
  for (const [name, choices] of Object.entries(choicesOf)) {
    const value = options[name as keyof typeof choicesOf];
    if (value !== undefined && !choices.includes(value))
      throw new DataError("bad_option", `--${name} ${value}: one of ${choices.join(", ")} is needed.`);
  }
  checkNetworkOptions(options);
  if ((options.layers ?? 1) > mostLayers) throw badOption("layers", options.layers!, `at most ${mostLayers} layers are possible`);
  for (const units of [options.units ?? []].flat()) {
    if (!(Number.isInteger(units) && units >= 1)) throw badOption("units", units, "a whole number, at least 1, is needed");
  }
  for (const name of ["learningRate", "maxSeconds"] as const) {
    const value = options[name];
    if (value !== undefined && !(value > 0 && value < Number.POSITIVE_INFINITY)) throw badOption(name, value, "a number above 0 is needed");
  }
  checkLevel(options);
  const { dropout, weightDecay, clipNorm } = options;
  if (dropout !== undefined && !(dropout >= 0 && dropout < 1)) throw badOption("dropout", dropout, "a share from 0 to below 1 is needed");
  if (weightDecay !== undefined && !(weightDecay >= 0)) throw badOption("weightDecay", weightDecay, "a number of at least 0 is needed");
  if (typeof clipNorm === "number" && !(clipNorm >= 0)) throw badOption("clipNorm", clipNorm, "a number of at least 0 is needed");
}

/** Options that do not go together. */
function checkNetworkOptions({ strategy = "direct", distribution = "none", stack, paths }: ForecastOptions): void {
  if (strategy === "recursive" && stack === "bidirectional")
    throw new DataError(
      "bad_option",
      "--stack bidirectional reads the input as a whole, --strategy recursive goes through it row by row.",
      "Give another stack, or --strategy direct or encoder-decoder.",
    );
  if (paths !== undefined && (strategy !== "recursive" || distribution === "none"))
    throw new DataError("bad_option", "--paths are drawn by --strategy recursive with a --distribution.", "Leave it out, or give both.");
}

function badOption(name: string, value: number, need: string): DataError {
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return new DataError("bad_option", `--${flag} ${value}: ${need}.`);
}
