// Whether the day or the month comes first in dates with slashes: what the user says, or what the dates show; else they are refused.

import { DataError } from "../base/errors.js";
import { shownCell } from "./shown.js";
import { placeOf } from "./table-builder.js";
import { type DateOrder, findDateOrder } from "./time.js";
import type { Table } from "./types.js";

/** Dates of a table, by number. */
export interface WrittenDates {
  readonly count: number;
  /** null for what is no text with slashes. */
  cell(index: number): string | null;
  /** The order that the user gives. */
  readonly given: DateOrder | undefined;
  /** The column whose rows they are; without it they stand in the header. */
  readonly column?: string;
  /** The order in which dates that fit both make sense; null if they do in both. */
  readonly decide?: () => DateOrder | null;
}

/**
 * The order of dates; null if none is written with slashes.
 * @throws DataError `ambiguous_dates`
 */
export function dateOrderOf(table: Table, { count, cell, given, column, decide }: WrittenDates): DateOrder | null {
  if (given !== undefined) return given;
  const { order, ambiguous } = findDateOrder(cells(count, cell));
  if (ambiguous < 0) return order;
  const decided = decide?.() ?? null;
  if (decided !== null) return decided;
  const message = `"${shownCell(cell(ambiguous) ?? "")}" fits day or month first throughout;`;
  const place = column === undefined ? {} : { line: table.lines.get(ambiguous), column };
  throw new DataError("ambiguous_dates", message, "give --date-order dmy|mdy.", { ...placeOf(table.file), ...place });
}

function* cells(count: number, cell: (index: number) => string | null): Generator<string | null> {
  for (let index = 0; index < count; index++) yield cell(index);
}
