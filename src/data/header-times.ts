// Times that stand in the header: column names such as 2020-01, Jan 2020 or 2019, in any order.

import { dateOrderOf } from "./date-order.js";
import { numbersOf } from "./number-store.js";
import { type DateOrder, finer, type ParsedTime, type Precision, parseTime, timeOfNumber } from "./time.js";
import { allRows, noProblem, type Times } from "./time-column.js";
import type { Column, Table } from "./types.js";

/** The clock of a table's value columns, and their order in time. */
export interface HeaderTimes {
  readonly times: Times;
  /** Places in `columns`, oldest first; without columns such as totals among times. */
  readonly order: readonly number[];
}

/**
 * Reads the names of the columns as times, and leaves out those that are none, if most are; else columns are numbered as they
 * stand.
 * @throws DataError `ambiguous_dates`
 */
export function headerTimes(table: Table, columns: readonly Column[], dateOrder: DateOrder | undefined): HeaderTimes {
  const all = columns.map((column) => column.name);
  const either = all.map((name) => timeOfName(name, "dmy") ?? timeOfName(name, "mdy"));
  const asWritten = columns.map((_, place) => place);
  const places = asWritten.filter((place) => either[place] !== null);
  if (!table.hasHeader || places.length < 2 || 2 * places.length <= columns.length)
    return { times: numbered(columns.length), order: asWritten };
  const names = places.map((place) => all[place]!);
  const written = dateOrderOf(table, { count: names.length, cell: (place) => names[place]!, given: dateOrder });
  const parsed = all.map((name) => timeOfName(name, written)?.ms ?? Number.NaN);
  const order = places.toSorted((a, b) => parsed[a]! - parsed[b]!);
  const ms = Float64Array.from(order, (place) => parsed[place]!);
  if (ms.some((value, i) => !(i === 0 || value > ms[i - 1]!))) return { times: numbered(columns.length), order: asWritten };
  const precision = places.reduce((finest: Precision, place) => finer(finest, either[place]!.precision), "year");
  const others = columns.filter((column, place) => either[place] === null && column.missing < column.rows);
  const times: Times = {
    ...{ ms: numbersOf(ms), precision, columns: ["header"], dateOrder: written, ...noProblem, ...allRows(order.length) },
    totals: others.map((column) => column.name),
    textOf: (i) => all[order[i]!]!,
  };
  return { times, order };
}

function numbered(length: number): Times {
  return {
    ...{ ms: { length, get: (i) => i + 1 }, precision: "number", columns: [], dateOrder: null, ...noProblem, ...allRows(length) },
    textOf: (i) => `column ${i + 1}`,
  };
}

function timeOfName(name: string, order: DateOrder | null): ParsedTime | null {
  const time = parseTime(name, order);
  return time ?? (/^\d{4}(?:\d{4})?$/.test(name) ? timeOfNumber(Number(name)) : null);
}
