// One column while it is read: numbers as long as its cells are numbers, their text as well from the first cell that is not.

import { isoFound, readIso } from "./iso-form.js";
import { NumberStore } from "./number-store.js";
import { isAmbiguousNumber, isCommaDecimal, parseNumber, pointOf } from "./numbers.js";
import { plainFound, readPlain } from "./plain-number.js";
import { TextStore } from "./text-store.js";
import type { Column } from "./types.js";

/** What the columns of one table have in common. */
export interface ColumnFacts {
  /** Whether a trimmed cell means "missing". */
  isMissing(cell: string): boolean;
  /** Numbers that mean "missing". */
  readonly missingNumbers: ReadonlySet<number>;
  /** Between commas "1.234" is a decimal, and stays one. */
  readonly delimiter: string;
}

/** Takes the cells of one column, from the first row to the last. */
export interface CellSink {
  /** "," once a cell has shown that it is the decimal. */
  readonly decimal: "." | ",";
  /** A cell of a text, or a value of a file that has types: numbers as they are, the rest by its text. Infinity is a word, as in a text. */
  pushValue(value: number | string | boolean | null): void;
  /** @param decimal  what the other columns of the table show */
  finish(name: string, decimal: "." | ","): Column;
}

/** Collects the cells of one column. */
export class ColumnBuilder implements CellSink {
  readonly #facts: ColumnFacts;
  #numbers: NumberStore = new NumberStore();
  /** Kept from the first cell on whose text says more than its number. */
  #texts: TextStore | null = null;
  #textsFrom = 0;
  #hasNames = false;
  #missing = 0;
  #numeric = 0;
  #firstText = -1;
  #decimal: "." | "," = ".";
  /** "1.234" was taken for a decimal, and its text was not kept: commas cannot be the decimals any more. */
  #hasPoints = false;
  /** What is known of the points while commas are not seen to be the decimals: "1.234", "1.234.567", "1.2", and "987" beside "1234". */
  readonly #points = { group: 0, groups: 0, fraction: 0, none: 0 };
  #hasLongWhole = false;

  constructor(facts: ColumnFacts) {
    this.#facts = facts;
  }

  get decimal(): "." | "," {
    return this.#decimal;
  }

  #pushCell(text: string): void {
    if (text === "") {
      this.#pushMissing();
      return;
    }
    if (this.#texts === null) {
      const value = readPlain(text, this.#decimal);
      const isGrouped = plainFound.isGrouped && this.#decimal === ".";
      if (!Number.isNaN(value) && !plainFound.isName && !(isGrouped && this.#facts.delimiter !== ",")) {
        if (isGrouped) this.#hasPoints = true;
        if (this.#facts.delimiter !== ",") this.#notePoint(plainFound.hasPoint ? "fraction" : "none", value);
        this.pushNumber(value);
        return;
      }
    }
    if (readIso(text)) this.#pushTime(isoFound.ms, isoFound.form);
    else this.#pushText(text);
  }

  pushNumber(value: number): void {
    if (Number.isNaN(value) || this.#facts.missingNumbers.has(value)) {
      this.#pushMissing();
      return;
    }
    this.#texts?.push(String(value));
    this.#numbers.push(value);
    this.#numeric++;
  }

  pushValue(value: number | string | boolean | null): void {
    if (value === null) this.#pushMissing();
    else if (typeof value === "number" && Math.abs(value) !== Number.POSITIVE_INFINITY) this.pushNumber(value);
    else this.#pushCell(String(value).trim());
  }

  finish(name: string, decimal: "." | ","): Column {
    if (this.#arePointsThousands(decimal)) this.#readWithCommas();
    return new StoredColumn(name, {
      ...{ numbers: this.#numbers, texts: this.#firstText >= 0 || this.#hasNames ? this.#texts : null },
      ...{ missing: this.#missing, numeric: this.#numeric, firstText: this.#firstText },
    });
  }

  #notePoint(kind: "none" | "group" | "groups" | "fraction", value: number): void {
    this.#points[kind]++;
    if (kind === "none" && Math.abs(value) >= 1000) this.#hasLongWhole = true;
  }

  /**
   * Points part thousands if every one of them can, and another column has decimal commas, a cell has two points, or, between semicolons,
   * smaller numbers have none: 987 beside 1.234.
   */
  #arePointsThousands(decimal: "." | ","): boolean {
    const { group, groups, fraction, none } = this.#points;
    if (this.#decimal === "," || fraction > 0 || group + groups === 0 || this.#facts.delimiter === ",") return false;
    return decimal === "," || groups > 0 || (this.#facts.delimiter === ";" && none > 0 && !this.#hasLongWhole);
  }

  #pushMissing(): void {
    this.#missing++;
    this.#texts?.push(null);
    this.#numbers.push(Number.NaN);
  }

  #pushTime(ms: number, form: number): void {
    if (this.#firstText < 0) this.#firstText = this.#numbers.length;
    this.#openTexts().pushTime(ms, form);
    this.#numbers.push(Number.NaN);
  }

  #pushText(text: string): void {
    if (this.#facts.isMissing(text)) {
      this.#pushMissing();
      return;
    }
    const isOpen = this.#decimal === "." && !this.#hasPoints;
    if (isOpen && isCommaDecimal(text, this.#facts.delimiter)) this.#readWithCommas();
    const value = parseNumber(text, this.#decimal);
    const isName = /^[+-]?0\d+$|^\+|^-?\d{16,}$/.test(text);
    const point = isOpen && this.#facts.delimiter !== "," ? pointOf(text) : "none";
    if (!Number.isNaN(value) || point === "groups") this.#notePoint(point, value);
    if (isName) this.#hasNames = true;
    if (Number.isNaN(value) || isName || (isOpen && isAmbiguousNumber(text)) || this.#texts !== null) this.#openTexts().push(text);
    this.#count(value, this.#numbers.length);
    this.#numbers.push(value);
  }

  #count(value: number, row: number): void {
    if (!Number.isNaN(value)) this.#numeric++;
    else if (this.#firstText < 0) this.#firstText = row;
  }

  #openTexts(): TextStore {
    if (this.#texts !== null) return this.#texts;
    const texts = new TextStore();
    this.#texts = texts;
    this.#textsFrom = this.#numbers.length;
    for (let row = 0; row < this.#textsFrom; row++) texts.push(numberText(this.#numbers.get(row)));
    return texts;
  }

  /** "12,5" makes the whole column one of decimal commas; texts that change their value with it were kept. */
  #readWithCommas(): void {
    this.#decimal = ",";
    const texts = this.#texts;
    if (texts === null) return;
    const before = this.#numbers;
    this.#numbers = new NumberStore();
    this.#numeric = 0;
    this.#firstText = -1;
    for (let row = 0; row < texts.length; row++) {
      const cell = texts.get(row);
      const value = row < this.#textsFrom || cell === null ? before.get(row) : parseNumber(cell, ",");
      if (cell !== null) this.#count(value, row);
      this.#numbers.push(value);
    }
    if (this.#firstText < 0 && !this.#hasNames) this.#texts = null;
  }
}

function numberText(value: number): string | null {
  return Number.isNaN(value) ? null : String(value);
}

interface Stores {
  readonly numbers: NumberStore;
  readonly texts: TextStore | null;
  readonly missing: number;
  readonly numeric: number;
  readonly firstText: number;
}

/** A column in its stores; arrays are made when they are asked for, and may be collected when nobody holds them. */
class StoredColumn implements Column {
  readonly name: string;
  readonly missing: number;
  readonly numeric: number;
  readonly firstText: number;
  readonly #numbers: NumberStore;
  readonly #texts: TextStore | null;
  #numberArray: WeakRef<Float64Array> | null = null;
  #textArray: WeakRef<readonly (string | null)[]> | null = null;

  constructor(name: string, { numbers, texts, missing, numeric, firstText }: Stores) {
    this.name = name;
    this.#numbers = numbers;
    this.#texts = texts;
    this.missing = missing;
    this.numeric = numeric;
    this.firstText = firstText;
  }

  get kind(): "number" | "text" {
    return this.firstText < 0 ? "number" : "text";
  }

  get rows(): number {
    return this.#numbers.length;
  }

  get numbers(): Float64Array {
    const known = this.#numberArray?.deref();
    if (known !== undefined) return known;
    const values = this.#numbers.toArray();
    this.#numberArray = new WeakRef(values);
    return values;
  }

  get text(): readonly (string | null)[] {
    const known = this.#textArray?.deref();
    if (known !== undefined) return known;
    const cells = Array.from({ length: this.#numbers.length }, (_, row) => this.cell(row));
    this.#textArray = new WeakRef(cells);
    return cells;
  }

  get(row: number): number {
    return this.#numbers.get(row);
  }

  cell(row: number): string | null {
    return this.#texts === null ? numberText(this.#numbers.get(row)) : this.#texts.get(row);
  }

  time(row: number): number {
    return this.#texts === null ? Number.NaN : this.#texts.time(row);
  }
}
