// Windows over many series at once: places instead of copies, scaled per series by its training part, masked where missing.

import { DataError } from "../base/errors.js";
import { type CalendarPart, calendarColumns, usefulParts } from "./calendar.js";
import { applyChain, chainLag, fitChain } from "./chain.js";
import { meanOf } from "./mean.js";
import type { PanelWindowOptions, PanelWindows, WindowPlaces } from "./panel-window-types.js";
import type { Covariate, Panel, Series, SkippedSeries } from "./types.js";
import { invert, type Prepared, takeWindows } from "./window-batch.js";
import { type ColumnScale, categorySizes, measureColumns, measureStatics, type ScaledColumn, StaticTensors } from "./window-columns.js";
import { sampleWindows } from "./window-sampling.js";

/**
 * Windows over all series of a panel. Scales are measured on each series' own training part, those of the columns beside the
 * target on the training parts of all.
 *
 * @throws DataError `bad_option`, `no_series` if no series is long enough
 * @example  const windowsOfAll = panelWindows(panel(table, { id: "shop" }), { input: 56, horizon: 28, test: 28, calendar: true });
 *   const batch = windowsOfAll.take(windowsOfAll.sample(64, { seed: 7, by: "scale" }));
 */
export function panelWindows(panel: Panel, options: PanelWindowOptions): PanelWindows {
  checkOptions(options);
  const skipped: SkippedSeries[] = [];
  const parts = partsOf(panel, options);
  const known = panel.series.map((series) => knownColumns(series, parts, options));
  const held = (options.test ?? 0) + (options.validation ?? 0);
  const scales = measureColumns(
    panel.series.map(({ past, future, values }) => ({ columns: [...past, ...future], until: values.length - held })),
  );
  const prepared = panel.series.map((series, i) => attempt(series, skipped, () => prepare(series, known[i]!, scales, options)));
  if (prepared.every((one) => one === null)) {
    throw new DataError("no_series", `no series is long enough for windows; ${skipped[0]!.message}`, "Use a shorter input and horizon.");
  }
  const part = (from: (one: Prepared) => number, to: (one: Prepared) => number): WindowPlaces => placesIn(prepared, options, from, to);
  const train = part(
    () => 0,
    (one) => one.trainEnd,
  );
  const staticScales = measureStatics(panel.statics);
  const statics = new StaticTensors(panel.statics, staticScales);
  return {
    ...{ train, skipped, chains: prepared.map((one) => one?.chain ?? null), categorySizes: categorySizes(staticScales) },
    validation: part(
      (one) => one.trainEnd,
      (one) => one.testStart,
    ),
    test: part(
      (one) => one.testStart,
      (one) => one.values.length,
    ),
    ahead: endPlaces(prepared),
    columns: [panel.targets.join(","), ...panel.series[0]!.past.map(({ name }) => name), ...known[0]!.map(({ name }) => name)],
    futureColumns: known[0]!.map(({ name }) => name),
    take: (places) => takeWindows(prepared, statics, places, options),
    inverse: (outputs, places) => invert(prepared, outputs, places),
    sample: (count, { seed = 0, by = "windows" } = {}) => sampleWindows(prepared, train, count, { seed, by }),
  };
}

function attempt<T>(series: Series, skipped: SkippedSeries[], f: () => T): T | null {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    skipped.push({ id: series.id ?? series.name, code: error.code, message: error.message });
    return null;
  }
}

/** The cycles of the calendar, the same for all: those that suit the longest series. */
function partsOf({ series }: Panel, { calendar }: PanelWindowOptions): readonly CalendarPart[] | null {
  if (calendar === undefined || calendar === false) return null;
  return calendar === true ? usefulParts(series.reduce((a, b) => (b.values.length > a.values.length ? b : a))) : calendar;
}

function knownColumns(
  series: Series,
  parts: readonly CalendarPart[] | null,
  { holidays, horizon }: PanelWindowOptions,
): readonly Covariate[] {
  if (parts === null) return series.future;
  const ahead = Math.max(series.ahead, horizon);
  return [...series.future, ...calendarColumns(series, { parts, ahead, ...(holidays === undefined ? {} : { holidays }) })];
}

/** Calendar columns come scaled. */
const asTheyAre: ColumnScale = { centre: 0, scale: 1 };

function prepare(
  series: Series,
  known: readonly Covariate[],
  scales: ReadonlyMap<string, ColumnScale>,
  options: PanelWindowOptions,
): Prepared {
  const { test = 0, validation = 0, input, horizon, transform = ["standard"] } = options;
  const { values } = series;
  const [testStart, trainEnd] = [values.length - test, values.length - test - validation];
  const training = values.subarray(0, Math.max(0, trainEnd));
  const chain = fitChain(training, transform, { season: series.season });
  const needed = input + horizon + chainLag(chain);
  if (trainEnd < needed) {
    throw new DataError("too_few_rows", `${series.id ?? series.name} has ${trainEnd} rows to train on; ${needed} are needed.`);
  }
  if (training.every((value) => Number.isNaN(value))) {
    throw new DataError("all_missing", `${series.id ?? series.name} has no values in its training part.`);
  }
  const own = new Set(series.future);
  const scaled = (column: Covariate): ScaledColumn => ({
    column,
    ...(own.has(column) || series.past.includes(column) ? scales.get(column.name)! : asTheyAre),
  });
  return {
    ...{ values, chain, trainEnd, testStart, scaled: applyChain(chain, values), size: meanOf(training.map(Math.abs)) },
    columns: { past: series.past.map(scaled), future: known.map(scaled) },
  };
}

function placesIn(
  prepared: readonly (Prepared | null)[],
  { input, horizon, stride = 1 }: PanelWindowOptions,
  from: (one: Prepared) => number,
  to: (one: Prepared) => number,
): WindowPlaces {
  const [series, origins]: [number[], number[]] = [[], []];
  prepared.forEach((one, k) => {
    if (one === null) return;
    const first = Math.max(from(one), input + chainLag(one.chain));
    // Counted back from the end of the part: its newest window is always among them.
    const last = to(one) - horizon;
    for (let origin = last - stride * Math.floor(Math.max(0, last - first) / stride); origin <= last; origin += stride) {
      if (origin < first || !isSeen(one.values, origin, horizon)) continue;
      series.push(k);
      origins.push(origin);
    }
  });
  return { series: Int32Array.from(series), origins: Int32Array.from(origins) };
}

function isSeen(values: Float64Array, start: number, count: number): boolean {
  for (let i = start; i < start + count; i++) if (!Number.isNaN(values[i]!)) return true;
  return false;
}

function endPlaces(prepared: readonly (Prepared | null)[]): WindowPlaces {
  const series = Int32Array.from(prepared.keys()).filter((k) => prepared[k] !== null);
  return { series, origins: series.map((k) => prepared[k]!.values.length) };
}

function checkOptions({ input, horizon, stride = 1, validation = 0, test = 0 }: PanelWindowOptions): void {
  for (const [name, count, least] of [
    ["input", input, 1],
    ["horizon", horizon, 1],
    ["stride", stride, 1],
    ["validation", validation, 0],
    ["test", test, 0],
  ] as const) {
    if (Number.isInteger(count) && count >= least) continue;
    throw new DataError("bad_option", `${name} ${count}: a whole number of rows, at least ${least}, is needed.`);
  }
}
