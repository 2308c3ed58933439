// Windows over many series at once: places instead of copies, scaled per series by its training part, masked where missing.

import { DataError } from "../base/errors.js";
import { calendarColumns } from "./calendar.js";
import { applyChain, chainLag, fitChain } from "./chain.js";
import type { PanelWindowOptions, PanelWindows, WindowPlaces } from "./panel-window-types.js";
import { meanOf } from "./transform.js";
import type { Covariate, Panel, Series, SkippedSeries } from "./types.js";
import { invert, type Prepared, staticTables, takeWindows } from "./window-batch.js";
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
  const known = panel.series.map((series) => knownColumns(series, options));
  const scales = columnScales(panel, known, options);
  const prepared = panel.series.map((series, i) => attempt(series, skipped, () => prepare(series, known[i]!, scales, options)));
  if (prepared.every((one) => one === null)) {
    throw new DataError("no_series", `no series is long enough for windows; ${skipped[0]!.message}`, "Use a shorter input and horizon.");
  }
  const part = (from: (one: Prepared) => number, to: (one: Prepared) => number): WindowPlaces => placesIn(prepared, options, from, to);
  const train = part(
    () => 0,
    (one) => one.trainEnd,
  );
  const statics = staticTables(panel.statics);
  return {
    ...{ train, skipped, chains: prepared.map((one) => one?.chain ?? null), categorySizes: statics.sizes },
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

function knownColumns(series: Series, { calendar, holidays, horizon }: PanelWindowOptions): readonly Covariate[] {
  if (calendar === undefined || calendar === false) return series.future;
  const parts = calendar === true ? {} : { parts: calendar };
  const ahead = Math.max(series.ahead, horizon);
  return [...series.future, ...calendarColumns(series, { ...parts, ahead, ...(holidays === undefined ? {} : { holidays }) })];
}

type Scale = { readonly centre: number; readonly scale: number };

/** One scale per column beside the target, over the training parts of all series. Calendar columns come scaled. */
function columnScales(panel: Panel, known: readonly (readonly Covariate[])[], options: PanelWindowOptions): ReadonlyMap<string, Scale> {
  const held = (options.test ?? 0) + (options.validation ?? 0);
  const sums = new Map<string, { n: number; sum: number; squares: number }>();
  panel.series.forEach((series, i) => {
    const own = new Set(series.future);
    for (const column of [...series.past, ...known[i]!.filter((each) => own.has(each))]) {
      const total = sums.get(column.name) ?? { n: 0, sum: 0, squares: 0 };
      sums.set(column.name, total);
      for (let row = 0; row < series.values.length - held; row++) {
        const value = column.values[row]!;
        if (Number.isNaN(value)) continue;
        total.n++;
        total.sum += value;
        total.squares += value * value;
      }
    }
  });
  return new Map(
    [...sums].map(([name, { n, sum, squares }]) => {
      const centre = n === 0 ? 0 : sum / n;
      const scale = Math.sqrt(Math.max(0, squares / Math.max(1, n) - centre * centre));
      return [name, { centre, scale: scale > 1e-9 * Math.abs(centre) && scale > 0 ? scale : 1 }];
    }),
  );
}

function prepare(series: Series, known: readonly Covariate[], scales: ReadonlyMap<string, Scale>, options: PanelWindowOptions): Prepared {
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
  const scaledColumn = ({ name, values: column }: Covariate): Float64Array => {
    const scale = scales.get(name);
    return scale === undefined ? column : column.map((value) => (value - scale.centre) / scale.scale);
  };
  return {
    ...{ values, chain, trainEnd, testStart, scaled: applyChain(chain, values), size: meanOf(training.map(Math.abs)) },
    past: series.past.map(scaledColumn),
    future: known.map(scaledColumn),
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
