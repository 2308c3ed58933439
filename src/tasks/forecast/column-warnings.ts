// What is told about columns beside the target: those that say nothing, or not what the rows ahead need.

import { counted, listed } from "../../base/words.js";
import { missingCode, missingCodeWords } from "../../data/missing-code.js";
import { columnOf } from "../../data/table.js";
import type { Covariate, Series, Table } from "../../data/types.js";
import type { ScaledColumn } from "../../data/window-columns.js";
import type { Beside, BesideFacts, BesideMember } from "./beside.js";
import type { Warning } from "./run-plan.js";

type OfSeries = Pick<BesideMember, "series">;

/** A number among the targets that looks like a code for "missing": one warning, of the series that it was first found in. */
export function codeWarnings(members: readonly OfSeries[]): Warning[] {
  const found = members.flatMap(({ series }) => {
    const code = missingCode(series.values.length, (row) => series.values[row]!);
    return code === null ? [] : [{ series, code }];
  });
  const [first] = found;
  if (first === undefined) return [];
  const { name, id } = first.series;
  const more = found.length > 1 ? ` (and so in ${found.length - 1} more)` : "";
  return [{ code: "missing_code", message: missingCodeWords(id === null ? name : `${name} of ${id}${more}`, first.code) }];
}

/** One warning if the forecast goes into a year of which no holiday is known. */
export function holidayWarnings({ holidays }: Pick<BesideFacts, "holidays">, members: readonly OfSeries[], horizon: number): Warning[] {
  const last = holidays?.at(-1);
  if (last === undefined) return [];
  const end = members.reduce((latest, { series }) => Math.max(latest, series.timeAt(series.values.length + horizon - 1)), 0);
  const year = new Date(end).getUTCFullYear();
  if (year <= Number(last.slice(0, 4))) return [];
  return [{ code: "holidays_end", message: `the holidays end with ${last}: none is known for ${year}, to which the forecast goes` }];
}

/** Columns and cycles that are the same in every row of every series, up to the end of the targets: a network learns nothing from them. */
export function constantWarnings({ columns, facts }: Beside, members: readonly OfSeries[]): Warning[] {
  const isConstant = (pick: (of: Beside["columns"][number]) => ScaledColumn): boolean => {
    const first = pick(columns[0]!).column.get(0);
    return columns.every((each, n) => isFilledWith(first, pick(each).column, members[n]!.series.values.length));
  };
  const [{ series }] = members as [OfSeries];
  const begin = series.future.length;
  const still = [
    ...series.past.filter((_, k) => isConstant(({ past }) => past[k]!)).map(({ name }) => name),
    ...series.future.filter((_, k) => isConstant(({ future }) => future[k]!)).map(({ name }) => name),
    ...facts.calendar.filter((_, k) => [0, 1].every((half) => isConstant(({ future }) => future[begin + 2 * k + half]!))),
  ];
  const warnings: Warning[] = [];
  if (still.length > 0) {
    const which = still.length === 1 ? `${still[0]} is` : `${still.join(", ")} are`;
    warnings.push({ code: "constant_columns", message: `${which} the same in every row: the network learns nothing from that` });
  }
  const days = facts.holidays;
  if (days === null || !isConstant(({ future }) => future.at(-1)!)) return warnings;
  const end = series.timeLabel(series.values.length - 1);
  const which = columns[0]!.future.at(-1)!.column.get(0) === 0 ? "no row" : "every row";
  const file = `the ${days.length} days of the file go from ${days[0]} to ${days.at(-1)}, the rows from ${series.timeLabel(0)} to ${end}`;
  return [...warnings, { code: "constant_columns", message: `${which} is a holiday, so that nothing is learnt from them: ${file}` }];
}

/** Whether the values up to `end` are one, or all missing. */
function isFilledWith(first: number, column: ScaledColumn["column"], end: number): boolean {
  for (let row = 0; row < end; row++) if (!Object.is(column.get(row), first)) return false;
  return true;
}

/** Known-future columns without a single value in the rows that are forecast. */
export function emptyFutureWarnings(members: readonly OfSeries[], horizon: number): Warning[] {
  const names = [...new Set(members.flatMap(({ series }) => series.future.map(({ name }) => name)))];
  return names.flatMap((name): Warning[] => {
    const empty = members.filter(({ series }) =>
      series.future.some((column) => column.name === name && isEmptyAhead(series, column, horizon)),
    );
    if (empty.length === 0) return [];
    const [{ series }] = empty as [OfSeries];
    const whose = series.id === null ? "" : ` of ${listed(empty.map((member) => member.series.id!))}`;
    const from = series.timeLabel(series.values.length);
    const message = `${name}${whose} has no value in the rows that are forecast, from ${from} on: the network reads it as missing there`;
    return [{ code: "future_empty", message }];
  });
}

function isEmptyAhead({ values: { length } }: Series, column: Covariate, horizon: number): boolean {
  for (let step = 0; step < horizon; step++) if (!Number.isNaN(column.get(length + step))) return false;
  return true;
}

/** Words that a saved model has not seen in a column that it reads. */
export function unseenWordWarnings(table: Table, { words }: BesideFacts): Warning[] {
  return Object.entries(words).flatMap(([name, known]): Warning[] => {
    if (known === null) return [];
    const column = columnOf(table, name);
    const unseen = new Set<string>();
    let rows = 0;
    for (let row = 0; row < table.rows; row++) {
      const cell = column.cell(row);
      if (cell === null || known.includes(cell)) continue;
      unseen.add(cell);
      rows++;
    }
    if (rows === 0) return [];
    const which = listed([...unseen].map((word) => JSON.stringify(word)));
    const message = `${name} is ${which} in ${counted(rows, "row")}, which the model has not seen: read as missing`;
    return [{ code: "unseen_words", message }];
  });
}
