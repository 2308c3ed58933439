// Everything decided before the first training step: series, sizes, transform, network, and which windows each phase sees.

import { DataError } from "../../base/errors.js";
import { counted } from "../../base/words.js";
import { type Frame, firstOrigin, makeFrame, rescaled } from "../../data/frame.js";
import { placeOf } from "../../data/table.js";
import { chooseTransform, countTransform, measureScale, type SharedSteps } from "../../data/transform.js";
import type { Series } from "../../data/types.js";
import { taskCell } from "../cells.js";
import { esRnnNetworkSpec } from "./es-rnn/options.js";
import { isIntermittent } from "./intermittent.js";
import { lastRows } from "./last-rows.js";
import { type Channels, type NetworkSpec, plainNetwork } from "./network/types.js";
import { mannerWords, networkWords } from "./network/words.js";
import { observedOrigins } from "./observed.js";
import { checkNetworkSize, dropoutOf, effortOf, inputSteps, isDirect, longestLag, type Sizes, sizesOf, validationRows } from "./plan.js";
import type { ForecastData, ForecastOptions, ForecastPhase, SavedTransform } from "./types.js";

/** What is fixed before training. */
export interface Plan {
  readonly series: Series;
  readonly sizes: Sizes;
  readonly transform: SavedTransform;
  /** Rows the network reads. */
  readonly steps: number;
  readonly validation: number;
  readonly spec: NetworkSpec;
  readonly epochs: number;
  readonly mostWindows: number;
  readonly options: ForecastOptions;
}

/**
 * Decides for one series; of the columns beside the target it only asks whether they reach far enough. `shared` is for one of many.
 * @throws DataError `constant_target`, `values_too_large`, `all_missing`, `bad_option`, `too_few_rows`, `future_too_short`
 */
export function planSeries(found: Series, options: ForecastOptions, shared: SharedSteps | null = null): Plan {
  const { values, file } = found;
  const first = values.find((value) => !Number.isNaN(value));
  if (values.every((value) => Number.isNaN(value) || value === first)) {
    throw new DataError("constant_target", `${found.name} is ${first} in every row: nothing to learn.`, "", {
      ...placeOf(file),
      column: found.name,
    });
  }
  const sizes = sizesOf(found, options);
  refuseShortFuture(found, options.future ?? [], { horizon: sizes.horizon, isFixed: false });
  const training = values.subarray(0, sizes.rows - sizes.test);
  if (training.every((value) => Number.isNaN(value))) {
    throw new DataError(
      "all_missing",
      `${found.name} has no values before ${lastRows(sizes.test)}.`,
      "Hold out fewer rows with --test.",
      placeOf(file),
    );
  }
  refuseTooLarge(found);
  const { horizon } = sizes;
  const readsLevels = isDirect(options);
  const transform = transformOf(found, training, { ...options, horizon, longestLag: longestLag(sizes, options), shared, readsLevels });
  const steps = inputSteps(sizes, transform, options);
  const validation = validationRows(sizes, transform, steps);
  const windows = windowsOf({ sizes, steps, transform });
  // Of intermittent demand forecasts are means; so is a value that is read back.
  const error = isDirect(options) && !isIntermittent(training, found.season) ? "absolute" : "squared";
  const spec: NetworkSpec = { ...specOf(options, { steps, horizon, windows }), error };
  const effort = effortOf(windows, spec, options);
  return { series: found, sizes, transform, steps, validation, spec, ...effort, options };
}

/**
 * The transform that the training part asks for.
 * @throws DataError `not_a_count` if counts are to be forecast and a value is none
 */
export function transformOf(
  { values, season, name, timeLabel, file }: Series,
  training: Float64Array,
  {
    distribution,
    shared,
    readsLevels,
    ...sizes
  }: Pick<ForecastOptions, "distribution"> & {
    readonly horizon: number;
    readonly longestLag: number;
    readonly shared: SharedSteps | null;
    readonly readsLevels: boolean;
  },
): SavedTransform {
  if (distribution !== "negative-binomial") {
    const isPositive = values.every((value) => Number.isNaN(value) || value > 0);
    return { ...chooseTransform(training, { season, isPositive, shared, ...sizes }), ...(readsLevels ? { readsLevels } : {}) };
  }
  const bad = values.findIndex((value) => value < 0 || (!Number.isNaN(value) && !Number.isInteger(value)));
  if (bad < 0) return countTransform(training);
  const message = `${name} is ${values[bad]} at ${timeLabel(bad)}; negative-binomial is for counts, whole numbers from 0 on.`;
  throw new DataError("not_a_count", message, "Choose another --distribution.", { ...placeOf(file), column: name });
}

/** The plan of a network that reads columns beside the target: they cost operations too. */
export function withChannels(plan: Plan, channels: Channels): Plan {
  const spec = { ...plan.spec, channels };
  return { ...plan, spec, ...effortOf(windowsOf(plan), spec, plan.options) };
}

function windowsOf({ sizes, steps, transform }: Pick<Plan, "sizes" | "steps" | "transform">): number {
  return Math.max(1, sizes.rows - firstOrigin({ transform }, steps) - sizes.horizon);
}

/**
 * Known-future columns must be known for all rows that are forecast. The horizon of a saved model is fixed.
 * @throws DataError `future_too_short`
 */
export function refuseShortFuture(
  { ahead, values, timeLabel, file }: Series,
  names: readonly string[],
  { horizon, isFixed }: { readonly horizon: number; readonly isFixed: boolean },
): void {
  if (names.length === 0 || ahead >= horizon) return;
  const known = ahead === 0 ? "no row" : counted(ahead, "row");
  const message = `the future of ${names.join(", ")} is known for ${known} after ${timeLabel(values.length - 1)}; the ${isFixed ? "model forecasts" : "forecast needs"} ${horizon}.`;
  const fewer = ahead === 0 || isFixed ? "" : `, or give --horizon ${ahead}`;
  throw new DataError("future_too_short", message, `Add rows without a target${fewer}.`, placeOf(file));
}

/** Sums over all rows, and their errors, must stay finite. */
function refuseTooLarge({ values, name, file }: Series): void {
  const largest = values.reduce((most, value) => Math.max(most, Number.isNaN(value) ? 0 : Math.abs(value)), 0);
  if (Number.isFinite(largest * values.length * 1000)) return;
  const message = `${name} reaches ${largest.toPrecision(2)}: sums of such values are no longer finite.`;
  throw new DataError("values_too_large", message, "Divide the column by a power of ten.", { ...placeOf(file), column: name });
}

function specOf(options: ForecastOptions, { steps, horizon, windows }: { steps: number; horizon: number; windows: number }): NetworkSpec {
  if (options.strategy === "es-rnn") return esRnnNetworkSpec(options, { steps, horizon });
  const given = options.units ?? 64;
  const units = typeof given === "number" ? new Array<number>(options.layers ?? 2).fill(given) : [...given];
  if (options.layers !== undefined && units.length !== options.layers) {
    throw new DataError("bad_option", `--layers ${options.layers} and --units ${units.join(",")} name different numbers of layers.`);
  }
  const dropout = dropoutOf(windows, options);
  const cell = taskCell(options.cell, options.activation);
  const { strategy = "direct", distribution = "none", stack = "plain", ensemble = 1, paths = plainNetwork.paths, seed = 0 } = options;
  const manner = { strategy, distribution, stack, ensemble, paths, linear: isDirect(options) };
  const spec = { ...plainNetwork, cell, units, steps, horizon, dropout, seed, ...manner };
  refuseKeptInputs(spec);
  checkNetworkSize(spec);
  return spec;
}

/** A decoder reads other columns than the encoder whose states it takes over. */
function refuseKeptInputs({ cell, strategy }: NetworkSpec): void {
  const [kept] = Object.entries(cell.cell.definition.state).find(([, size]) => size === "inputSize") ?? [];
  if (strategy !== "encoder-decoder" || kept === undefined) return;
  const message = `cell ${cell.name} keeps inputs in its state "${kept}", and those of the decoder are others: it cannot go on from the encoder.`;
  throw new DataError("bad_option", message, "Give --strategy direct or recursive.");
}

/** The windows one training sees. */
export interface Phase {
  readonly frame: Frame;
  readonly origins: readonly number[];
  readonly every: number;
}

export interface Phases extends Readonly<Record<ForecastPhase, Phase>> {
  /** Whole windows inside the validation part. */
  readonly validation: readonly number[];
  /** Share of target values that had to be bridged for want of complete windows. */
  readonly bridged: number;
}

const leastValidation = 64;

/** Frames and origins of the three trainings. */
export function preparePhases(plan: Plan): Phases {
  const { series: s, sizes, transform, steps, mostWindows } = plan;
  const { horizon } = sizes;
  const testStart = sizes.rows - sizes.test;
  const trainEnd = testStart - plan.validation;
  const range = { horizon, season: s.season };
  let bridged = 0;
  // The steps of the transform stay as chosen before the hold-out; only mean and scale follow the rows that may be seen.
  const whole = makeFrame(s.values, transform, s.season);
  const phase = (end: number): Phase => {
    const seen = s.values.subarray(0, end);
    const isCount = plan.spec.distribution === "negative-binomial";
    const frame = rescaled(whole, isCount ? countTransform(seen) : measureScale(seen, transform, { horizon, reasons: transform.reasons }));
    const { bridged: own, ...found } = observedOrigins(frame, { ...range, from: firstOrigin(frame, steps), to: end, most: mostWindows });
    bridged = Math.max(bridged, own);
    if (found.origins.length === 0)
      throw new DataError(
        "too_few_rows",
        `${sizes.rows} rows leave no window to train on.`,
        "Try a shorter --horizon and --input.",
        placeOf(s.file),
      );
    return { frame, ...found };
  };
  const select = phase(trainEnd);
  const { origins: validation } = observedOrigins(select.frame, {
    ...{ ...range, from: Math.max(trainEnd, firstOrigin(select.frame, steps)), to: testStart },
    most: Math.max(leastValidation, Math.floor(mostWindows / 4)),
  });
  return {
    select,
    evaluate: phase(testStart),
    refit: phase(sizes.rows),
    validation,
    bridged,
  };
}

/** What was found, as it is printed. */
export function dataOf({ series: s, transform }: Pick<Plan, "series" | "transform">): ForecastData {
  return {
    file: s.file,
    rows: s.rows,
    series: 1,
    time: s.timeColumns.length === 0 ? null : s.timeColumns.join(","),
    targets: [s.name],
    id: null,
    frequency: s.frequency,
    season: s.season,
    start: s.timeLabel(0),
    end: s.timeLabel(s.values.length - 1),
    missing: s.missing,
    gaps: s.gaps,
    duplicates: s.duplicates,
    transform: transform.words,
  };
}

/** Sizes for the `planned` event. */
export function shownSizes({ steps, sizes }: Plan): { input: number; horizon: number; test: number } {
  return { input: steps, horizon: sizes.horizon, test: sizes.test };
}

/** The plan in sentences. */
export function planLines({ spec, steps, sizes, validation, epochs, series: s }: Plan, phases: Phases): string[] {
  const testStart = sizes.rows - sizes.test;
  const from = s.timeLabel(testStart - validation);
  const chooser = validation === 1 ? `the row from ${from} chooses` : `the ${validation} rows from ${from} choose`;
  const lines = [
    `reads ${counted(steps, "row")}, forecasts ${sizes.horizon} ${mannerWords(spec)}; held out: ${lastRows(sizes.test)} from ${s.timeLabel(testStart)}`,
    `${counted(phases.select.origins.length, "window")} to train on, ${chooser} the best of ${epochs} epochs`,
    ...networkWords(spec),
  ];
  if (phases.select.every > 1) lines.push(`one window in ${phases.select.every} is used, so that training takes about a minute`);
  return lines;
}
