// The series of a new table as a saved model wants them, each with what was stored for it.

import { DataError } from "../../base/errors.js";
import { shortName } from "../../data/decode.js";
import { type Frame, firstOrigin, makeFrame } from "../../data/frame.js";
import { panel } from "../../data/panel.js";
import { columnOf, placeOf } from "../../data/table.js";
import type { Duplicates, Panel, PanelOptions, Series, Table } from "../../data/types.js";
import { nameIn, type Warning } from "./run-plan.js";
import type { SavedPreprocess, SavedSeries } from "./types.js";

/** How the times of a new table are to be read, where they differ from those trained on. */
export interface PredictOptions {
  readonly duplicates?: Duplicates;
  readonly dateOrder?: "dmy" | "mdy";
}

/** A series that the model can forecast. */
export interface SavedMember {
  readonly series: Series;
  readonly saved: SavedSeries;
  readonly frame: Frame;
}

/**
 * The series of a table, ready to be forecast. Of many those that the model cannot forecast are left out with a warning.
 *
 * @param test  rows at the end of each that are held back
 * @throws DataError for one series what is wrong with it: `unknown_column`, `frequency_differs`, `not_positive`, `too_few_rows` and
 *   those of `series`; for many `no_series` if none is left, and those of `panel`
 */
export function savedMembers(
  table: Table,
  preprocess: SavedPreprocess,
  options: PredictOptions,
  test = 0,
): { readonly found: Panel; readonly members: readonly SavedMember[]; readonly warnings: readonly Warning[] } {
  const found = readSaved(table, preprocess, options);
  if (preprocess.panel === undefined) return { found, members: [memberOf(found.series[0]!, preprocess, preprocess, test)], warnings: [] };
  const stored = preprocess.panel.series;
  const warnings: Warning[] = [];
  const members = found.series.flatMap((series): SavedMember[] => {
    const id = nameIn(found, series);
    try {
      const saved = Object.hasOwn(stored, id) ? stored[id] : undefined;
      if (saved === undefined) throw new DataError("unknown_series", "the model was not trained on it");
      return [memberOf({ ...series, id }, saved, preprocess, test)];
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      warnings.push({ code: "series_skipped", message: `${id} is left out: ${error.message}` });
      return [];
    }
  });
  if (members.length > 0) return { found, members, warnings };
  const what = `${shortName(table.file)} has no series that the model can forecast; ${warnings[0]?.message ?? "it has none"}.`;
  throw new DataError("no_series", what, "Give the series it was trained on.", placeOf(table.file));
}

/** The series of a table in the form and frequency that the model knows. */
function readSaved(table: Table, preprocess: SavedPreprocess, options: PredictOptions): Panel {
  const { columns, frequency, season, panel: many } = preprocess;
  const duplicates = options.duplicates ?? preprocess.duplicates ?? undefined;
  const dateOrder = options.dateOrder ?? preprocess.dateOrder ?? undefined;
  const isWide = many?.wide === true;
  if (!isWide) for (const name of columns.time) columnOf(table, name);
  const settings: PanelOptions = {
    season,
    ...(isWide ? { wide: true } : { target: [columns.target] }),
    ...(isWide || columns.time.length === 0 ? {} : { time: columns.time.join(",") }),
    ...(isWide || many === undefined || many.id === null ? {} : { id: many.id }),
    ...(duplicates === undefined ? {} : { duplicates }),
    ...(dateOrder === undefined ? {} : { dateOrder }),
  };
  const found = panel(table, settings);
  if (found.frequency === frequency || columns.time.length === 0) return found;
  // A frequency that was given for training is not found again by itself: the times only have to fit it.
  if (frequency !== "row" && frequency !== "irregular") {
    try {
      return panel(table, { ...settings, frequency });
    } catch (error) {
      if (!(error instanceof DataError && error.code === "bad_frequency")) throw error;
    }
  }
  const message = `${shortName(table.file)} has ${found.frequency} times, the model was trained on ${frequency} ones.`;
  throw new DataError("frequency_differs", message, "Give rows like those it was trained on.", placeOf(table.file));
}

function memberOf(series: Series, saved: SavedSeries, { input, season, columns }: SavedPreprocess, test: number): SavedMember {
  refuseNonPositive(series, saved, columns.target);
  // The frame takes the season of the training: another one would read other rows.
  const frame = makeFrame(series.values, saved.transform, season);
  const rows = series.values.length;
  const needed = firstOrigin(frame, input);
  const who = series.id === null ? shortName(series.file) : "it";
  if (rows < needed + test) {
    const most = rows - needed;
    const message =
      test === 0
        ? `${who} has ${rows} rows; the model reads ${needed}.`
        : `${who} has ${rows} rows; scoring the last ${test} needs ${needed + test}.`;
    const hint = test > 0 && most > 0 ? `Try --test ${most}.` : "Give it more of the past.";
    throw new DataError("too_few_rows", message, hint, placeOf(series.file));
  }
  if (test > 0 && series.values.subarray(rows - test).every(Number.isNaN)) {
    const message = `${series.name} has no values in its last ${test} rows.`;
    throw new DataError("all_missing", message, "Score more rows with --test.", placeOf(series.file));
  }
  return { series, saved, frame };
}

/** A model that takes logarithms needs positive values. */
function refuseNonPositive({ values, timeLabel, file }: Series, { transform }: SavedSeries, target: string): void {
  const bad = transform.log ? values.findIndex((value) => value <= 0) : -1;
  if (bad < 0) return;
  const message = `${target} is ${values[bad]} at ${timeLabel(bad)}; the model takes logarithms and was trained on positive values.`;
  throw new DataError("not_positive", message, "Train again with such values in the data.", { ...placeOf(file), column: target });
}
