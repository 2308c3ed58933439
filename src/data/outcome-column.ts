// Which column of a table of outcomes is the outcome: the one rule of events and of their classification.

import { DataError } from "../base/errors.js";
import { listed } from "../base/words.js";
import { columnOf, placeOf } from "./table.js";
import type { Column, Table } from "./types.js";

/**
 * The column that is named, or the only one that can be it: the only one beside the ids and `others`, the only one with a usual name, or
 * the only one with two values.
 *
 * @param id  the column of the ids
 * @throws DataError `unknown_column`, `label_unclear`
 */
export function outcomeColumn(
  outcomes: Table,
  id: Column,
  { given, others = [], option }: { readonly given: string | undefined; readonly others?: readonly string[]; readonly option: string },
): Column {
  if (given !== undefined) return columnOf(outcomes, given);
  const free = outcomes.names.filter((name) => name !== id.name && !others.includes(name)).map((name) => outcomes.columns[name]!);
  const usual = free.filter(({ name }) => /^(label|class|target|outcome|y)$/i.test(name.trim()));
  const binary = free.filter((column) => distinctCells(column, 3).length === 2);
  const only = [free, usual, binary].find(({ length }) => length === 1)?.[0];
  if (only !== undefined) return only;
  const names = free.map(({ name }) => name);
  const message = names.length === 0 ? `The outcomes have no column beside ${id.name}.` : `Which of ${listed(names)} is the label?`;
  throw new DataError("label_unclear", message, `Name it with ${option}.`, placeOf(outcomes.file));
}

/** Different cells in the order of appearance, at most `most`. */
export function distinctCells(column: Column, most: number): string[] {
  const found = new Set<string>();
  for (let row = 0; row < column.rows && found.size < most; row++) {
    const cell = column.cell(row);
    if (cell !== null) found.add(cell);
  }
  return [...found];
}
