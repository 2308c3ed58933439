// A column that nobody will read: of a long file only its first cells stay, which may tell series apart, and its last, which may sum it up.

import { DataError } from "../base/errors.js";
import { type CellSink, ColumnBuilder, type ColumnFacts } from "./column-builder.js";
import { mostTotals } from "./totals.js";
import type { Column } from "./types.js";

/** Rows at the beginning whose cells stay. */
export const headRows = 65_536;

type Value = Parameters<CellSink["pushValue"]>[0];

/** Takes the cells of a column that is left out. */
export class LeftColumnBuilder implements CellSink {
  readonly #facts: ColumnFacts;
  readonly #head: ColumnBuilder;
  readonly #last: Value[] = [];
  #rows = 0;

  constructor(facts: ColumnFacts) {
    this.#facts = facts;
    this.#head = new ColumnBuilder(facts);
  }

  pushValue(value: Value): void {
    if (this.#rows < headRows) this.#head.pushValue(value);
    this.#last[this.#rows++ % mostTotals] = value;
  }

  get decimal(): "." | "," {
    return this.#head.decimal;
  }

  finish(name: string, decimal: "." | ","): Column {
    const head = this.#head.finish(name, decimal);
    if (this.#rows <= headRows) return head;
    const last = new ColumnBuilder(this.#facts);
    for (let row = this.#rows - mostTotals; row < this.#rows; row++) last.pushValue(this.#last[row % mostTotals]!);
    return new LeftColumn(head, last.finish(name, decimal), this.#rows);
  }
}

/** Whether a column is one of which only the first and last cells are there. */
export function isLeftOut(column: Column): boolean {
  return column instanceof LeftColumn;
}

/** Everything between its first and last cells throws: a value that was left out is not a missing one. */
class LeftColumn implements Column {
  readonly rows: number;
  readonly #head: Column;
  readonly #last: Column;

  constructor(head: Column, last: Column, rows: number) {
    this.#head = head;
    this.#last = last;
    this.rows = rows;
  }

  get name(): string {
    return this.#head.name;
  }

  /** Of the cells that are there. */
  get kind(): "number" | "text" {
    return this.#head.kind;
  }

  get numbers(): never {
    throw this.#leftOut();
  }

  get text(): never {
    throw this.#leftOut();
  }

  get missing(): never {
    throw this.#leftOut();
  }

  get firstText(): never {
    throw this.#leftOut();
  }

  get numeric(): never {
    throw this.#leftOut();
  }

  get(row: number): number {
    return this.#read(row, (column, at) => column.get(at));
  }

  cell(row: number): string | null {
    return this.#read(row, (column, at) => column.cell(at));
  }

  time(row: number): number {
    return this.#read(row, (column, at) => column.time(at));
  }

  /** @throws DataError `column_left_out` */
  #read<T>(row: number, read: (column: Column, at: number) => T): T {
    if (row < headRows) return read(this.#head, row);
    if (row < this.rows - mostTotals) throw this.#leftOut();
    return read(this.#last, row - this.rows + mostTotals);
  }

  #leftOut(): DataError {
    const message = `The column "${this.name}" was left out when the table was read.`;
    return new DataError("column_left_out", message, "Name it in the option `only` of readTable.", { column: this.name });
  }
}
