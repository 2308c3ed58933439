// Missing rows of a series: how old the last observed one is at each, and what stands there instead.

import { DataError } from "../base/errors.js";
import type { Numbers } from "./number-store.js";

/** Runs of missing rows, found once: a series of millions of rows keeps two numbers per run and no copy. */
export class Holes {
  readonly #rows: number;
  /** First row of each run, and the row after its last. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;

  /** @throws DataError `all_missing` */
  constructor(values: Float64Array) {
    this.#rows = values.length;
    const isStart = (row: number): boolean => Number.isNaN(values[row]) && (row === 0 || !Number.isNaN(values[row - 1]));
    let count = 0;
    for (let row = 0; row < values.length; row++) if (isStart(row)) count++;
    this.#starts = new Int32Array(count);
    this.#ends = new Int32Array(count);
    for (let row = 0, n = -1; row < values.length; row++) {
      if (isStart(row)) this.#starts[++n] = row;
      if (Number.isNaN(values[row])) this.#ends[n] = row + 1;
    }
    if (count === 1 && this.#ends[0]! - this.#starts[0]! === values.length) throw new DataError("all_missing", "every value is missing.");
  }

  /** Rows since the last observed one; rows before the first observed one count as observed then. */
  ageAt(row: number): number {
    const n = this.#holding(row);
    return n < 0 || this.#starts[n] === 0 ? 0 : row - this.#starts[n]! + 1;
  }

  /** Straight lines between observed rows; before the first its value, after the last what `carry` gives. */
  bridge(seen: Numbers, season: number): Numbers {
    const last = this.#ends.at(-1) === this.#rows ? this.#starts.at(-1)! - 1 : this.#rows - 1;
    const after = new Float64Array(this.#rows - 1 - last);
    const get = (row: number): number => {
      if (row > last) return after[row - last - 1]!;
      const n = this.#holding(row);
      if (n < 0) return seen.get(row);
      const [left, next] = [this.#starts[n]! - 1, this.#ends[n]!];
      if (left < 0) return seen.get(next);
      return seen.get(left) + ((seen.get(next) - seen.get(left)) * (row - left)) / (next - left);
    };
    for (let row = last + 1; row < this.#rows; row++) after[row - last - 1] = carry(get, last, row, season);
    return { length: this.#rows, get };
  }

  /** The run that holds a row, -1 if it is observed. */
  #holding(row: number): number {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= row) low = middle + 1;
      else high = middle;
    }
    return low > 0 && row < this.#ends[low - 1]! ? low - 1 : -1;
  }
}

export type LevelAt = (row: number) => number;

/** What a row after the last observed one is taken to be: last season's value plus the change seen at the last row. */
export function carry(levels: LevelAt, last: number, row: number, season: number): number {
  if (season < 2 || last < season) return levels(last);
  return levels(row - season) + levels(last) - levels(last - season);
}
