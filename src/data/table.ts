// A table from text or from arrays, and the sentence for a column that is not there.

import { DataError } from "../base/errors.js";
import { listed } from "../base/words.js";
import { ColumnBuilder } from "./column-builder.js";
import { shortName } from "./decode.js";
import { NumberStore } from "./number-store.js";
import { missingTest } from "./numbers.js";
import { shownCell } from "./shown.js";
import { placeOf, tableFrom } from "./table-builder.js";
import { TextSink } from "./text-sink.js";
import type { Column, Table, TableOptions } from "./types.js";

export { placeOf } from "./table-builder.js";

/**
 * Parses a table with columns separated by comma, semicolon or tab, or JSON. Pure: no file is read.
 *
 * @throws DataError `empty_file`, `no_rows`, `field_count`, `bad_quote`, `duplicate_column`, `bad_json`
 * @example  const table = parseTable("Month,Sales\n2020-01,7\n2020-02,9\n")
 */
export function parseTable(text: string, options: TableOptions = {}): Table {
  const sink = new TextSink(options);
  sink.push(new TextEncoder().encode(text.startsWith("\ufeff") ? text.slice(1) : text));
  return sink.end();
}

/**
 * What a table made in memory needs: columns of numbers or words of equal length.
 *
 * @example const sales = series(tableOf({ day: ["2024-01-01", "2024-01-02", "2024-01-03"], sold: [7, 9, 8] }), { time: "day", target: "sold" });
 */
export function tableOf(columns: Readonly<Record<string, readonly (number | string | null)[]>>): Table {
  const names = Object.keys(columns);
  const rows = names.length === 0 ? 0 : columns[names[0]!]!.length;
  const odd = names.find((name) => columns[name]!.length !== rows);
  if (odd !== undefined) throw new DataError("column_lengths", `Column "${odd}" has ${columns[odd]!.length} rows, "${names[0]}" ${rows}.`);
  if (rows === 0) throw new DataError("no_rows", "the table has no rows.");
  const facts = { ...missingTest([]), delimiter: "," };
  const builders = names.map((name) => {
    const builder = new ColumnBuilder(facts);
    for (const value of columns[name]!) builder.pushValue(value);
    return builder;
  });
  const lines = new NumberStore();
  for (let row = 0; row < rows; row++) lines.push(row + 1);
  return tableFrom(names, builders, { lines, lineWord: "row", file: null, hasHeader: true, named: names.length, delimiter: "," });
}

/**
 * The column of this name.
 * @throws DataError `unknown_column`, with the nearest name
 */
export function columnOf(table: Table, name: string): Column {
  const column = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
  if (column !== undefined) return column;
  const near = nearestName(name, table.names);
  const hint = near === null ? `Its columns are ${listed(table.names.map(shownCell))}.` : `Did you mean "${near}"?`;
  throw new DataError("unknown_column", `${shortName(table.file)} has no column "${name}".`, hint, {
    ...placeOf(table.file),
    column: name,
  });
}

/** The closest of `names` by edit distance (ignoring case), or null if none is close: half of the letters must stand. */
export function nearestName(name: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && 2 * distance <= Math.max(name.length, candidate.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Letters changed, put in, left out, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let [before, previous] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      current.push(Math.min(change, previous[j]! + 1, current[j - 1]! + 1, isSwapped ? before[j - 2]! + 1 : change));
    }
    [before, previous] = [previous, current];
  }
  return previous[b.length]!;
}
