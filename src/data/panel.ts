// From a table to its series: choose columns, group and order rows, lay each series on one common step, leave out the broken ones.

import { DataError } from "../base/errors.js";
import { shortName } from "./decode.js";
import { foundInPanel, foundInSeries } from "./found.js";
import { findStep, inOrder, placeOn, type Step, stepOfName } from "./frequency.js";
import { frequencyOf, type Laid, type LayFacts, laySeries } from "./lay.js";
import { covariateColumns, targetColumns } from "./roles.js";
import { groupRows, type MergedRows, mergeRows, type RowGroup } from "./rows.js";
import { chooseSeason, type SeasonChoice } from "./season-choice.js";
import { findStatics, namedStatics, staticValues } from "./statics.js";
import { columnOf, placeOf } from "./table.js";
import { readTimes, splitNames, type Times } from "./time-column.js";
import type { Column, Panel, PanelOptions, Series, SkippedSeries, Table } from "./types.js";

/**
 * All series of a table in the long form: one row per series and time, the series named by `id`. A table with the columns
 * `unique_id`, `ds` and `y` needs no options. Without ids the table is one series.
 *
 * Rows may come in any order; steps without a row become NaN; a series that cannot be used is skipped with its reason.
 *
 * @throws DataError as `series`, and `no_series` if every series of several is skipped, `too_many_categories`, `not_static`
 * @example  const shops = panel(await readTable("shops.csv"), { id: "shop", time: "day", target: "sales", future: ["promotion"] });
 */
export function panel(table: Table, options: PanelOptions = {}): Panel {
  const roles = rolesOf(table, options);
  const groups = groupRows(table.rows, roles.ids, roles.times);
  const isAlone = roles.ids.length === 0;
  const skipped: SkippedSeries[] = [];
  const attempt = <T>(group: RowGroup, f: () => T): T | null => {
    if (isAlone) return f();
    try {
      return f();
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      skipped.push({ id: group.id ?? "", code: error.code, message: error.message });
      return null;
    }
  };
  const timed = groups.flatMap((group) => {
    const merged = attempt(group, () => mergeTimed(group, roles.times));
    return merged === null ? [] : [{ group, merged }];
  });
  const step = stepFor(
    timed.map(({ merged }) => merged),
    roles.times,
    options.frequency,
    table,
  );
  const facts: LayFacts = { table, how: options.duplicates, ...roles };
  const usable = timed.flatMap(({ group, merged }) => {
    const laid = attempt(group, () => {
      const own = laySeries(group, merged, step, facts);
      if (!isAlone) checkUsable(own, options.least ?? 1);
      return own;
    });
    return laid === null ? [] : [{ group, laid }];
  });
  if (usable.length === 0) throw noSeries(skipped, table);
  const frequency = frequencyOf(step, roles.times, options.frequency);
  const trainings = usable.map(({ laid }) => trainingOf(laid, options.test));
  const season = chooseSeason(frequency, trainings, options.season);
  const kept = usable.flatMap(({ group, laid }) => laid.targets.map((_, k) => ({ group, laid, k })));
  const named = options.statics;
  const columns = named === undefined ? findStatics(table, groups, usedNames(roles)) : namedStatics(table, groups, named);
  const series = kept.map(({ laid, k }) => seriesOf(laid, k, { table, times: roles.times, frequency, season, isAlone }));
  return {
    series,
    skipped,
    statics: staticValues(
      columns,
      kept.map(({ group }) => group),
    ),
    ...headOf(table, roles, { frequency, season }),
    ...sumsOf(usable.map(({ laid }) => laid)),
    found: isAlone ? series[0]!.found : foundInPanel({ table, times: roles.times, frequency, season, series, skipped, columns }),
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
  for (const name of [...named, ...beside]) columnOf(table, name);
  const taken = [...named, ...ids.map((column) => column.name), ...beside];
  const times = readTimes(table, { ...options, taken });
  if (ids.length === 0 && times.firstBad >= 0) throw times.problem(times.firstBad);
  const targets = targetColumns(table, named, new Set([...taken, ...times.columns]));
  const [past, future] = [covariateColumns(table, options.past ?? []), covariateColumns(table, options.future ?? [])];
  return { times, ids, targets, past, future, beside };
}

/** The columns of Nixtla's libraries say by their names what they are. */
function withKnownNames(table: Table, options: PanelOptions): PanelOptions {
  const has = (name: string): boolean => Object.hasOwn(table.columns, name);
  if (!has("ds") || !has("y")) return options;
  const id = options.id === undefined && has("unique_id") ? { id: "unique_id" } : {};
  return { time: "ds", target: "y", ...id, ...options };
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
function stepFor(all: readonly MergedRows[], times: Times, frequency: string | undefined, table: Table): Step {
  const clocks = all.map((merged) => merged.times);
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

function checkUsable(laid: Laid, least: number): void {
  for (const { name, values } of laid.targets) {
    const first = values.find((value) => !Number.isNaN(value));
    if (values.some((value) => !Number.isNaN(value) && value !== first)) continue;
    throw new DataError("constant_target", `${name} of ${laid.id} is ${first} in every row: nothing to learn.`);
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

type Head = Pick<Panel, "targets" | "id" | "frequency" | "season" | "timeColumns" | "rows" | "dateOrder" | "file">;

function headOf(table: Table, roles: Roles, { frequency, season }: { frequency: string; season: SeasonChoice }): Head {
  return {
    targets: roles.targets.map((column) => column.name),
    id: roles.ids.length === 0 ? null : roles.ids.map((column) => column.name).join(","),
    frequency,
    season: season.rows,
    timeColumns: roles.times.columns,
    rows: table.rows,
    dateOrder: roles.times.dateOrder,
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
