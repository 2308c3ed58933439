// The series of a new table as a saved model wants them, each with what was stored for it.

import { DataError, type DataPlace } from "../../base/errors.js";
import { counted, listed } from "../../base/words.js";
import type { Holidays } from "../../data/calendar.js";
import { shortName } from "../../data/decode.js";
import { type Frame, firstOrigin, makeFrame } from "../../data/frame.js";
import { panel } from "../../data/panel.js";
import { notANumber } from "../../data/roles.js";
import { columnOf, placeOf } from "../../data/table.js";
import { splitNames } from "../../data/time-column.js";
import type { Duplicates, Panel, PanelOptions, Series, Table } from "../../data/types.js";
import type { OwnCell } from "../../nn/cell.js";
import { readColumns } from "../other-input.js";
import { type Beside, type BesideFacts, daysOf, openBeside, staticsOf } from "./beside.js";
import { emptyFutureWarnings, holidayWarnings, unseenWordWarnings } from "./column-warnings.js";
import type { Forecaster } from "./forecaster.js";
import { lastRows } from "./last-rows.js";
import { settleNewcomers } from "./newcomers.js";
import { nameIn, shownId, type Warning } from "./run-plan.js";
import { refuseShortFuture } from "./setup.js";
import { savedForecaster } from "./strategies.js";
import type { ForecastModel, SavedPreprocess, SavedSeries } from "./types.js";

/** How the times of a new table are to be read, where they differ from those trained on, and what the model uses. */
export interface PredictOptions {
  readonly duplicates?: Duplicates;
  readonly dateOrder?: "dmy" | "mdy";
  /** The cells of one's own that the model uses. */
  readonly cells?: readonly OwnCell[];
  /** Holidays beside those that the model knows: a model that reads none refuses them. */
  readonly holidays?: Holidays;
}

/** A series that the model can forecast. */
export interface SavedMember {
  readonly series: Series;
  readonly saved: SavedSeries;
  readonly frame: Frame;
}

/** A table as a saved model reads it. */
export interface Opened {
  readonly found: Panel;
  /** At least one. */
  readonly members: readonly SavedMember[];
  /** The model at work on them. */
  readonly forecaster: Forecaster;
  readonly warnings: readonly Warning[];
}

/** A series with its place in the panel, before what is found for new ones is known. */
interface Candidate {
  readonly series: Series;
  readonly place: number;
  /** null for a series that the model was not trained on. */
  readonly stored: SavedSeries | null;
}

/**
 * The series of a table, ready to be forecast. Of many those that the model cannot forecast are left out with a warning; one that it
 * was not trained on has its transform and its combination found from its own rows.
 *
 * @param test  rows at the end of each that are held back
 * @throws DataError for one series what is wrong with it: `unknown_column`, `frequency_differs`, `not_positive`, `too_few_rows`,
 *   `future_too_short` and those of `series`; for many `no_series` if none is left, and those of `panel`
 */
export async function openMembers(
  table: Table,
  preprocess: SavedPreprocess,
  options: PredictOptions,
  { model, test }: { readonly model: ForecastModel; readonly test: number },
): Promise<Opened> {
  const found = readSaved(table, preprocess, options);
  const { candidates, warnings } = candidatesOf(found, preprocess, test);
  if (candidates.length === 0) {
    const [first] = warnings;
    const what = `${shortName(table.file)} has no series that the model can forecast`;
    const [message, hint] = first === undefined ? [`${what}.`, "Give the series it was trained on."] : [`${what}; ${first.message}`, ""];
    throw new DataError("no_series", message, hint, placeOf(table.file));
  }
  const facts = withHolidays(preprocess.beside, options, table);
  const beside = facts && besideOf(table, facts, found, { candidates, horizon: preprocess.horizon });
  const ids = candidates.map(({ series }) => series.id ?? series.name);
  const forecaster = savedForecaster(model, preprocess, { ids, beside, cells: options.cells ?? [] });
  const isNew = candidates.filter(({ stored }) => stored === null);
  const places = new Map(candidates.map((candidate, member) => [candidate, member]));
  const settled = await settleNewcomers(
    forecaster,
    isNew.map((candidate) => ({ member: places.get(candidate)!, series: candidate.series })),
    { preprocess, test },
  );
  const members = candidates.map((candidate): SavedMember => {
    const saved = candidate.stored ?? settled[isNew.indexOf(candidate)]!;
    return { series: candidate.series, saved, frame: makeFrame(candidate.series.values, saved.transform, preprocess.season) };
  });
  if (facts !== null) warnings.push(...unseenWordWarnings(table, facts));
  if (facts !== null && test === 0)
    warnings.push(...emptyFutureWarnings(candidates, preprocess.horizon), ...holidayWarnings(facts, candidates, preprocess.horizon));
  if (isNew.length > 0) {
    const which = listed(isNew.map(({ series }) => series.id ?? series.name));
    const message = `the model was not trained on ${which}: scale and simple methods are found from the rows given`;
    warnings.push({ code: "new_series", message });
  }
  return { found, members, forecaster, warnings };
}

function candidatesOf(found: Panel, preprocess: SavedPreprocess, test: number): { candidates: Candidate[]; warnings: Warning[] } {
  const warnings: Warning[] = [];
  if (preprocess.panel === undefined) {
    if (found.series.length > 1) {
      const what = `${shortName(found.file)} holds ${found.series.length} series, told apart by ${found.id}; the model forecasts one.`;
      throw new DataError("several_series", what, "Give the rows of one.", placeOf(found.file));
    }
    checkMember(found.series[0]!, preprocess, preprocess, test);
    return { candidates: [{ series: found.series[0]!, place: 0, stored: preprocess }], warnings };
  }
  const known = preprocess.panel.series;
  const skip = (id: string, message: string): void =>
    void warnings.push({ code: "series_skipped", message: `${shownId(id)} is left out: ${message}` });
  for (const { id, message } of found.skipped) skip(id, message);
  const candidates = found.series.flatMap((series, place): Candidate[] => {
    const id = nameIn(found, series);
    const stored = Object.hasOwn(known, id) ? known[id]! : null;
    try {
      const named = { ...series, id };
      checkMember(named, stored, preprocess, test);
      return [{ series: named, place, stored }];
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      skip(id, error.message);
      return [];
    }
  });
  return { candidates, warnings };
}

function withHolidays(beside: BesideFacts | null, { holidays }: PredictOptions, table: Table): BesideFacts | null {
  if (holidays === undefined) return beside;
  if (beside !== null && beside.holidays !== null)
    return { ...beside, holidays: [...new Set([...beside.holidays, ...daysOf(holidays)])].sort() };
  throw new DataError("bad_option", "The model reads no holidays.", "Leave out --holidays, or train with it.", placeOf(table.file));
}

function besideOf(
  table: Table,
  beside: BesideFacts,
  found: Panel,
  { candidates, horizon }: { readonly candidates: readonly Candidate[]; readonly horizon: number },
): Beside {
  const places = candidates.map(({ place }) => place);
  const statics = found.statics.map((column) => staticsOf(column, places));
  const odd = statics.find(({ kind }, k) => kind === "category" && beside.statics[k]!.kind === "number");
  if (odd === undefined) return openBeside(beside, candidates, { statics, horizon });
  const column = columnOf(table, odd.name);
  throw notANumber(table, column, column.firstText);
}

/** Which columns of a new table a saved model reads, and as what. */
export function savedRoles({ columns, panel: many, beside }: SavedPreprocess): PanelOptions {
  const isWide = many?.wide === true;
  return {
    ...(isWide ? { wide: true } : { target: many?.targets ?? [columns.target] }),
    ...(beside === null ? {} : { past: beside.past, future: beside.future, words: beside.words }),
    statics: beside?.statics.map(({ name }) => name) ?? [],
    ...(isWide || columns.time.length === 0 ? {} : { time: columns.time.join(",") }),
    ...(isWide || many === undefined || many.id === null ? {} : { id: many.id }),
  };
}

/** The series of a table in the form and frequency that the model knows. */
function readSaved(table: Table, preprocess: SavedPreprocess, options: PredictOptions): Panel {
  const { columns, frequency, season, panel: many } = preprocess;
  const duplicates = options.duplicates ?? preprocess.duplicates ?? undefined;
  const dateOrder = options.dateOrder ?? preprocess.dateOrder ?? undefined;
  const isWide = many?.wide === true;
  const settings: PanelOptions = {
    season,
    constant: true,
    ...savedRoles(preprocess),
    ...(duplicates === undefined ? {} : { duplicates }),
    ...(dateOrder === undefined ? {} : { dateOrder }),
  };
  const read = (): Panel => {
    if (!isWide) for (const name of columns.time) columnOf(table, name);
    return inOwnWords(() => panel(table, settings));
  };
  const names = [...(many?.id ? splitNames(table, many.id) : []), ...columns.time, ...(many?.targets ?? [columns.target])];
  const found = isWide ? read() : readColumns(table, names, read);
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

/** Hints that offer what a saved model has decided already. */
const ownHints: Readonly<Record<string, string>> = { duplicate_times: "--duplicates mean.", all_missing: "" };

function inOwnWords<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const hint = error instanceof DataError ? ownHints[error.code] : undefined;
    throw error instanceof DataError && hint !== undefined ? new DataError(error.code, error.what, hint, error as DataPlace) : error;
  }
}

/** Refuses a series that the model cannot forecast. */
function checkMember(
  series: Series,
  stored: SavedSeries | null,
  { input, horizon, columns, beside, esRnn }: SavedPreprocess,
  test: number,
): void {
  if (stored?.transform.log === true || esRnn?.spec.form === "multiplicative") refuseNonPositive(series, columns.target);
  if (test === 0) refuseShortFuture(series, beside?.future ?? [], { horizon, isFixed: true });
  const rows = series.values.length;
  const needed = stored === null ? input : firstOrigin(stored, input);
  const who = series.id === null ? shortName(series.file) : "it";
  if (rows < needed + test) {
    const most = rows - needed;
    const why = test === 0 ? `the model reads ${needed}` : `scoring the last ${test} needs ${needed + test}`;
    const hint = test > 0 && most > 0 ? `Try --test ${most}.` : "Give it more of the past.";
    throw new DataError("too_few_rows", `${who} has ${counted(rows, "row")}; ${why}.`, hint, placeOf(series.file));
  }
  const isEmpty = (from: number, to: number): boolean => series.values.subarray(from, to).every(Number.isNaN);
  if (test > 0 && isEmpty(rows - test, rows)) {
    const message = `${series.name} has no values in ${lastRows(test)}.`;
    throw new DataError("all_missing", message, "Score more rows with --test.", placeOf(series.file));
  }
  if (isEmpty(0, rows - test)) {
    const message = `${series.name} has no values before ${lastRows(test)}.`;
    throw new DataError("all_missing", message, "Score fewer rows with --test.", placeOf(series.file));
  }
}

/** A model that takes logarithms needs positive values. */
function refuseNonPositive({ values, timeLabel, file }: Series, target: string): void {
  const bad = values.findIndex((value) => value <= 0);
  if (bad < 0) return;
  const message = `${target} is ${values[bad]} at ${timeLabel(bad)}; the model takes logarithms and was trained on positive values.`;
  throw new DataError("not_positive", message, "Train again with such values in the data.", { ...placeOf(file), column: target });
}
