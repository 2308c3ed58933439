// A table from JSON objects: a row each, or several rows where an object holds lists; keys are columns, in order of appearance.

import { DataError } from "../base/errors.js";
import { ColumnBuilder, type ColumnFacts } from "./column-builder.js";
import { shortName } from "./decode.js";
import { fromGluon, isGluon } from "./gluon.js";
import { columnsOf } from "./json-forms.js";
import { NumberStore } from "./number-store.js";
import { missingTest } from "./numbers.js";
import { factsOf, placeOf, tableFrom } from "./table-builder.js";
import type { Table, TableOptions } from "./types.js";

type Cell = number | string | boolean | null;

/** Builds a table from objects. */
export class JsonTable {
  readonly #options: TableOptions;
  readonly #lineWord: Table["lineWord"];
  readonly #facts: ColumnFacts;
  readonly #columns: Map<string, ColumnBuilder> = new Map();
  readonly #lines: NumberStore = new NumberStore();

  /** @param lineWord  what the numbers of objects count */
  constructor(options: TableOptions, lineWord: Table["lineWord"] = "line") {
    this.#options = options;
    this.#lineWord = lineWord;
    this.#facts = { ...missingTest(options.missing ?? []), delimiter: "," };
  }

  /** @throws DataError `bad_json` if the lists of one object differ in length */
  add(value: Readonly<Record<string, unknown>>, line: number): void {
    const entries = columnsOf(isGluon(value) ? fromGluon(value) : value);
    const lists = entries.filter((entry): entry is [string, readonly unknown[]] => Array.isArray(entry[1]));
    const rows = lists.length === 0 ? 1 : lists[0]![1].length;
    const odd = lists.find(([, list]) => list.length !== rows);
    if (odd !== undefined) {
      const message = `${this.#lineWord} ${line}: "${odd[0]}" has ${odd[1].length} values, "${lists[0]![0]}" ${rows}.`;
      throw new DataError("bad_json", message, `Lists in one ${this.#lineWord === "row" ? "row" : "object"} are columns of equal length.`, {
        ...placeOf(this.#options.file),
        line,
      });
    }
    for (let row = 0; row < rows; row++) {
      this.#row(entries.map(([name, entry]) => [name, cellOf(Array.isArray(entry) ? entry[row] : entry)]));
      this.#lines.push(line);
    }
  }

  /** @throws DataError `no_rows` */
  finish(): Table {
    const { file } = this.#options;
    if (this.#lines.length === 0) throw new DataError("no_rows", `${shortName(file)} has no rows.`, "", placeOf(file));
    const names = [...this.#columns.keys()];
    const rest = {
      lines: this.#lines,
      lineWord: this.#lineWord,
      file: file ?? null,
      hasHeader: true,
      named: names.length,
      delimiter: ",",
      isKeyed: true,
    } as const;
    return tableFrom(names, [...this.#columns.values()], rest);
  }

  #row(cells: readonly (readonly [string, Cell])[]): void {
    const given = new Map(cells);
    for (const name of given.keys()) if (!this.#columns.has(name)) this.#columns.set(name, this.#lateColumn(name));
    for (const [name, column] of this.#columns) column.pushValue(given.get(name) ?? null);
  }

  /** A key that appears late is missing in the rows before. */
  #lateColumn(name: string): ColumnBuilder {
    const column = new ColumnBuilder(factsOf(this.#options, name, this.#facts));
    for (let row = 0; row < this.#lines.length; row++) column.pushValue(null);
    return column;
  }
}

function cellOf(value: unknown): Cell {
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") return value;
  return value === null || value === undefined ? null : JSON.stringify(value);
}
