// From a table to its series: choose columns, group and order rows, lay each series on one common step, leave out the broken ones.

import { DataError } from "../base/errors.js";
import { shortName } from "./decode.js";
import { foundInPanel, foundInSeries } from "./found.js";
import { findStep, inOrder, placeOn, type Step } from "./frequency.js";
import { stepOfName } from "./frequency-names.js";
import { hasKnownNames, knownNames } from "./known-names.js";
import { frequencyOf, type Laid, type LayFacts, laySeries } from "./lay.js";
import type { Numbers } from "./number-store.js";
import { checkNoTime, checkRoles, covariateColumns, targetColumns } from "./roles.js";
import { groupRows, idIn, type MergedRows, mergeRows, type RowGroup } from "./rows.js";
import { chooseSeason, type SeasonChoice } from "./season-choice.js";
import { findStatics, namedStatics, staticValues } from "./statics.js";
import { columnOf, placeOf } from "./table.js";
import { readTimes, splitNames, type Times } from "./time-column.js";
import type { Column, Panel, PanelOptions, Series, SkippedSeries, Table } from "./types.js";
import { hasSeriesInRows, layColumn, layRow, seriesColumns, seriesRows, wideTarget } from "./wide.js";

/**
 * All series of a table in the long form: one row per series and time, the series named by `id`. A table with the columns
 * `unique_id`, `ds` and `y` needs no options. Without ids the table is one series. In the `wide` form a row is an id followed by
 * its values, or, if the first column is the time, each further column is a series.
 *
 * Rows may come in any order; steps without a row become NaN; a series that cannot be used is skipped with its reason.
 *
 * @throws DataError as `series`, and `no_series` if every series of several is skipped, `too_many_categories`, `not_static`
 * @example  const shops = panel(await readTable("shops.csv"), { id: "shop", time: "day", target: "sales", future: ["promotion"] });
 */
export function panel(table: Table, options: PanelOptions = {}): Panel {
  const laying =
    options.wide !== true
      ? layLong(table, options)
      : hasSeriesInRows(table, options)
        ? layRows(table, options)
        : layColumns(table, options);
  const { times, usable, skipped, isAlone } = laying;
  if (usable.length === 0) throw noSeries(skipped, table);
  const frequency = frequencyOf(laying.step, times, laying.frequency);
  const trainings = usable.map(({ laid }) => trainingOf(laid, options.test));
  const season = chooseSeason(frequency, trainings, options.season);
  const kept = usable.flatMap(({ group, laid }) => laid.targets.map((_, k) => ({ group, laid, k })));
  const series = kept.map(({ laid, k }) => seriesOf(laid, k, { table, times, frequency, season, isAlone }));
  const groups = kept.map(({ group }) => group);
  const found = isAlone ? series[0]!.found : foundInPanel({ table, times, frequency, season, series, skipped, columns: laying.statics });
  return {
    ...{ series, skipped, statics: staticValues(laying.statics, groups), targets: laying.targets, id: laying.id },
    ...{ frequency, season: season.rows, timeColumns: times.columns, rows: table.rows, dateOrder: times.dateOrder },
    ...sumsOf(usable.map(({ laid }) => laid)),
    ...{ found, file: table.file },
  };
}

/** The series of a table in whichever form, before their season is known. */
interface Laying {
  readonly times: Times;
  readonly step: Step;
  readonly usable: readonly { readonly group: RowGroup; readonly laid: Laid }[];
  readonly skipped: readonly SkippedSeries[];
  readonly statics: readonly Column[];
  readonly targets: readonly string[];
  readonly id: string | null;
  readonly frequency: string | undefined;
  /** One series without an id: its errors are the table's. */
  readonly isAlone: boolean;
}

function layLong(table: Table, options: PanelOptions): Laying {
  const roles = rolesOf(table, options);
  const groups = groupRows(roles.times.rows, roles.ids, roles.times);
  const isAlone = roles.ids.length === 0;
  const { skipped, attempt } = skipping(isAlone);
  const timed = groups.flatMap((group) => attempt(group.id, () => ({ group, merged: mergeTimed(group, roles.times) })));
  const clocks = timed.map(({ merged }) => merged.times);
  const step = stepFor(clocks, roles.times, options.frequency, table);
  const facts: LayFacts = { table, how: options.duplicates, ...roles };
  const usable = timed.flatMap(({ group, merged }) =>
    attempt(group.id, () => {
      const laid = laySeries(group, merged, step, facts);
      if (!isAlone) checkUsable(laid, options);
      return { group, laid };
    }),
  );
  const named = options.statics;
  return {
    ...{ times: roles.times, step, usable, skipped, isAlone },
    statics: named === undefined ? findStatics(table, groups, usedNames(roles)) : namedStatics(table, groups, named),
    targets: roles.targets.map((column) => column.name),
    id: isAlone ? null : roles.ids.map((column) => column.name).join(","),
    frequency: options.frequency,
  };
}

function layRows(table: Table, options: PanelOptions): Laying {
  const parts = seriesRows(table, options);
  const { skipped, attempt } = skipping(false);
  const usable = Array.from({ length: table.rows }, (_, row) => row).flatMap((row) => {
    const id = idIn(parts.ids, row);
    return attempt(id, () => {
      const laid = layRow(table, parts, row);
      checkUsable(laid, options);
      return { group: { id, rows: { length: 1, get: () => row } }, laid };
    });
  });
  const { times, step, frequency, values } = parts;
  const groups = usable.map(({ group }) => group);
  const used = new Set([...parts.ids, ...values].map((column) => column.name));
  const statics = options.statics === undefined ? findStatics(table, groups, used) : parts.statics;
  const id = parts.ids.map((column) => column.name).join(",");
  return { ...{ times, step, usable, skipped, statics, id, frequency }, targets: [wideTarget], isAlone: false };
}

function layColumns(table: Table, options: PanelOptions): Laying {
  const parts = seriesColumns(table, options);
  const step = stepFor([mergeRows(parts.group.rows, parts.times).times], parts.times, options.frequency, table);
  const { skipped, attempt } = skipping(false);
  const usable = parts.columns.flatMap((column, k) =>
    attempt(column.name, () => {
      const laid = layColumn(parts, k, step);
      checkUsable(laid, options);
      return { group: { id: column.name, rows: parts.group.rows }, laid };
    }),
  );
  const { times } = parts;
  return {
    ...{ times, step, usable, skipped, statics: [], frequency: options.frequency },
    targets: [wideTarget],
    id: "column",
    isAlone: false,
  };
}

/** Errors of one series among several become its reason for being left out. */
function skipping(isAlone: boolean): { skipped: SkippedSeries[]; attempt<T>(id: string | null, f: () => T): T[] } {
  const skipped: SkippedSeries[] = [];
  return {
    skipped,
    attempt(id, f) {
      if (isAlone) return [f()];
      try {
        return [f()];
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        skipped.push({ id: id ?? "", code: error.code, message: error.message });
        return [];
      }
    },
  };
}

interface Roles {
  readonly times: Times;
  readonly ids: readonly Column[];
  readonly targets: readonly Column[];
  readonly past: LayFacts["past"];
  readonly future: LayFacts["future"];
  /** Names as they stand in the table. */
  readonly beside: readonly string[];
}

function rolesOf(table: Table, given: PanelOptions): Roles {
  const options = withKnownNames(table, given);
  const named = typeof options.target === "string" ? splitNames(table, options.target) : [...(options.target ?? [])];
  const ids = options.id === undefined ? [] : splitNames(table, options.id).map((name) => columnOf(table, name));
  const beside = [...(options.past ?? []), ...(options.future ?? [])];
  for (const name of [...named, ...beside, ...(options.statics ?? [])]) columnOf(table, name);
  const idNames = ids.map((column) => column.name);
  const { past = [], future = [], statics = [] } = options;
  checkRoles(table, { target: named, id: idNames, past, future, static: statics });
  const taken = [...named, ...idNames, ...beside, ...statics];
  const times = readTimes(table, { ...options, taken });
  if (times.columns.length === 0) checkNoTime(table, { target: named, past, future, static: statics });
  if (ids.length === 0 && times.firstBad >= 0) throw times.problem(times.firstBad);
  const targets = targetColumns(table, named, new Set([...taken, ...times.columns]));
  checkRoles(table, { time: times.columns, target: targets.map((column) => column.name), past, future, static: statics });
  const [own, known] = [covariateColumns(table, past, options.words), covariateColumns(table, future, options.words)];
  return { times, ids, targets, past: own, future: known, beside };
}

/** The columns of Nixtla's libraries say by their names what they are. */
export function withKnownNames<Options extends PanelOptions>(table: Pick<Table, "names">, options: Options): Options {
  if (!hasKnownNames(table, "time", "target")) return options;
  const { id, ...others } = knownNames;
  return { ...others, ...(options.id === undefined && hasKnownNames(table, "id") ? { id } : {}), ...options };
}

/** Whether a column holds ids, by its name: the series NA is Namibia and no missing one. */
export function isIdOf({ id }: { readonly id?: string | null }): (column: string) => boolean {
  const list = id ?? knownNames.id;
  return (column) => splitNames({ names: [column] }, list).includes(column);
}

function usedNames({ times, ids, targets, beside }: Roles): Set<string> {
  return new Set([...times.columns, ...ids.map((column) => column.name), ...targets.map((column) => column.name), ...beside]);
}

function mergeTimed(group: RowGroup, times: Times): MergedRows {
  for (let i = 0; i < group.rows.length && times.firstBad >= 0; i++) {
    const row = group.rows.get(i);
    if (Number.isNaN(times.ms.get(row))) throw times.problem(row);
  }
  return mergeRows(group.rows, times);
}

/** One step for all: the asked one, or the commonest; rows in their order if it fits fewer than half of the series. */
function stepFor(clocks: readonly Numbers[], times: Times, frequency: string | undefined, table: Table): Step {
  const asked = frequency === undefined ? null : stepOfName(frequency);
  if (frequency !== undefined && asked === null) {
    const hint = 'Use yearly, quarterly, monthly, weekly, daily, "business daily", hourly, or a count such as "15 minutes".';
    throw new DataError("bad_frequency", `--frequency "${frequency}" is not known.`, hint, placeOf(table.file));
  }
  const step = times.precision === "number" || asked === null ? findStep(clocks) : asked;
  const fitting = clocks.filter((clock) => placeOn(clock, step) !== null).length;
  if (2 * fitting >= clocks.length && fitting > 0) return step;
  if (times.precision !== "number" && asked !== null) {
    const message = `--frequency ${frequency} does not fit the times.`;
    throw new DataError("bad_frequency", message, "Leave it out to have it found.", placeOf(table.file));
  }
  return clocks.length === 0 ? step : inOrder(clocks[0]!).step;
}

/** A series that is too short is of no use, nor is one of which no target moves, unless it is only to be forecast. */
function checkUsable(laid: Laid, { least = 1, constant = false }: PanelOptions): void {
  const firsts = laid.targets.map(({ values }) => values.find((value) => !Number.isNaN(value)));
  const moves = laid.targets.some(({ values }, k) => values.some((value) => !Number.isNaN(value) && value !== firsts[k]));
  if (!moves && !constant) {
    const names = laid.targets.map(({ name }) => name).join(", ");
    throw new DataError("constant_target", `${names} of ${laid.id} is ${firsts[0]} in every row: nothing to learn.`);
  }
  const rows = laid.targets[0]!.values.length;
  if (rows < least) throw new DataError("too_few_rows", `${laid.id} has ${rows} rows; ${least} are needed.`);
}

function noSeries(skipped: readonly SkippedSeries[], table: Table): DataError {
  const [first] = skipped;
  const several = skipped.length === 1 ? "the only series cannot be used" : `none of the ${skipped.length} series can be used`;
  return new DataError("no_series", `${shortName(table.file)}: ${several}; ${first?.message ?? "there is none."}`, "", placeOf(table.file));
}

function trainingOf({ targets }: Laid, test: number | undefined): Float64Array {
  const { values } = targets[0]!;
  return values.subarray(0, values.length - (test ?? Math.floor(values.length / 5)));
}

interface SeriesFacts {
  readonly table: Table;
  readonly times: Times;
  readonly frequency: string;
  readonly season: SeasonChoice;
  readonly isAlone: boolean;
}

function seriesOf(laid: Laid, k: number, facts: SeriesFacts): Series {
  const { table, times, frequency, season, isAlone } = facts;
  const { name, values, missing } = laid.targets[k]!;
  const { id, past, future, ahead, rows, gaps, duplicates, timeAt, timeLabel } = laid;
  return {
    ...{ id, name, season: season.rows, frequency, values, timeAt, timeLabel, past, future, ahead, rows, missing, gaps, duplicates },
    timeColumns: times.columns,
    dateOrder: times.dateOrder,
    found: isAlone ? foundInSeries(laid, k, facts) : [],
    file: table.file,
  };
}

function sumsOf(laid: readonly Laid[]): Pick<Panel, "missing" | "gaps" | "duplicates"> {
  const total = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0);
  return {
    missing: total(laid.flatMap(({ targets }) => targets.map(({ missing }) => missing))),
    gaps: total(laid.map(({ gaps }) => gaps)),
    duplicates: total(laid.map(({ duplicates }) => duplicates)),
  };
}
