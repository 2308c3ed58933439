// What windows read beside the target, for every kind of window: columns in one scale over all series, and the tensors they fill.

import { hostTensor, type Tensor } from "../base/tensor.js";
import { meanOf } from "./mean.js";
import type { Covariate, StaticColumn } from "./types.js";

/** A scale measured on training parts; a column is read as (value - centre) / scale. */
export interface ColumnScale {
  readonly centre: number;
  readonly scale: number;
}

/** A column of one series with the scale in which it is read; no scaled copy is kept. */
export interface ScaledColumn extends ColumnScale {
  /** NaN where missing, and beyond the last row. */
  readonly column: Pick<Covariate, "get">;
}

/** The columns of one series. */
export interface BesideColumns {
  readonly past: readonly ScaledColumn[];
  readonly future: readonly ScaledColumn[];
}

/** One scale per column name over the rows before `until` of each series. */
export function measureColumns(
  parts: readonly { readonly columns: readonly Covariate[]; readonly until: number }[],
): ReadonlyMap<string, ColumnScale> {
  const sums = new Map<string, { n: number; mean: number; squares: number }>();
  for (const { columns, until } of parts) {
    for (const column of columns) {
      const total = sums.get(column.name) ?? { n: 0, mean: 0, squares: 0 };
      sums.set(column.name, total);
      for (let row = 0; row < until; row++) {
        const value = column.get(row);
        if (Number.isNaN(value)) continue;
        // Around the running mean (Welford 1962): squares of years or epochs would swallow their spread.
        const distance = value - total.mean;
        total.mean += distance / ++total.n;
        total.squares += distance * (value - total.mean);
      }
    }
  }
  return new Map(
    [...sums].map(([name, { n, mean, squares }]) => {
      const scale = Math.sqrt(squares / Math.max(1, n));
      return [name, { centre: mean, scale: scale > 1e-9 * Math.abs(mean) && scale > 0 ? scale : 1 }];
    }),
  );
}

/** Sizes of the tensors of N windows: T rows read, H rows ahead, columns beside the target. */
export interface WindowSizes {
  readonly count: number;
  readonly input: number;
  readonly horizon: number;
  readonly past: number;
  readonly future: number;
  /** Whether it is kept what was seen. */
  readonly isMasked: boolean;
}

/** Tensors of N windows while they are filled. Missing values are 0 with a mask of 0. */
export class WindowTensors {
  readonly #sizes: WindowSizes;
  readonly #width: number;
  readonly #x: Float32Array;
  readonly #mask: Float32Array | null;
  readonly #future: Float32Array;

  constructor(sizes: WindowSizes) {
    const { count, input, horizon, past, future, isMasked } = sizes;
    this.#sizes = sizes;
    this.#width = 1 + past + future;
    this.#x = new Float32Array(count * input * this.#width);
    this.#mask = isMasked ? new Float32Array(this.#x.length) : null;
    this.#future = new Float32Array(count * horizon * future);
  }

  /**
   * Fills window `w`, which begins to forecast at row `origin`. Past-only columns are read before that row alone, known-future ones
   * also over the horizon.
   * @param target  T scaled values, NaN where missing
   */
  fill(w: number, origin: number, target: ArrayLike<number>, { past, future }: BesideColumns): void {
    const { input, horizon } = this.#sizes;
    const first = origin - input;
    for (let t = 0; t < input; t++) this.#put(w, t, 0, target[t]!);
    [...past, ...future].forEach(({ column, centre, scale }, k) => {
      for (let t = 0; t < input; t++) this.#put(w, t, 1 + k, (column.get(first + t) - centre) / scale);
    });
    future.forEach(({ column, centre, scale }, k) => {
      for (let h = 0; h < horizon; h++) {
        const value = (column.get(origin + h) - centre) / scale;
        this.#future[(w * horizon + h) * future.length + k] = Number.isNaN(value) ? 0 : within(value);
      }
    });
  }

  #put(w: number, t: number, k: number, value: number): void {
    if (Number.isNaN(value)) return;
    const at = (w * this.#sizes.input + t) * this.#width + k;
    this.#x[at] = within(value);
    if (this.#mask !== null) this.#mask[at] = 1;
  }

  /** [N, T, 1 + past + future] */
  get x(): Tensor {
    return hostTensor(this.#x, [this.#sizes.count, this.#sizes.input, this.#width], "float32");
  }

  /** The shape of x, 1 where seen; null unless it is kept. */
  get mask(): Tensor | null {
    return this.#mask && hostTensor(this.#mask, [this.#sizes.count, this.#sizes.input, this.#width], "float32");
  }

  /** [N, H, future] */
  get future(): Tensor {
    const { count, horizon, future } = this.#sizes;
    return hostTensor(this.#future, [count, horizon, future], "float32");
  }
}

/**
 * A value further out than any scale measured on a training part: a mistyped cell, or a column that was constant until then. Its
 * square would leave the numbers, and with it the network of all series.
 */
const farthest = 1e4;

function within(value: number): number {
  return Math.max(-farthest, Math.min(farthest, value));
}

/** How a static column is read, as JSON: numbers in a scale over the series, words by their place. */
export type StaticScale =
  | ({ readonly name: string; readonly kind: "number" } & ColumnScale)
  | { readonly name: string; readonly kind: "category"; readonly categories: readonly string[] };

/** Scales over the series that have a value. */
export function measureStatics(columns: readonly StaticColumn[]): StaticScale[] {
  return columns.map((column): StaticScale => {
    const { name } = column;
    if (column.kind === "category") return { name, kind: "category", categories: column.categories };
    const centre = meanOf(column.values);
    const scale = Math.sqrt(meanOf(column.values.map((value) => (value - centre) ** 2)));
    return { name, kind: "number", centre: Number.isNaN(centre) ? 0 : centre, scale: scale > 0 ? scale : 1 };
  });
}

/** Sizes of the categories, the place for missing and unknown ones included. */
export function categorySizes(scales: readonly StaticScale[]): number[] {
  return scales.flatMap((scale) => (scale.kind === "category" ? [scale.categories.length + 1] : []));
}

/** Static values of series as a network reads them: numbers [N, S] standardised, 0 where missing; categories [N, C] as places. */
export class StaticTensors {
  readonly #numbers: readonly Float64Array[];
  readonly #categories: readonly Int32Array[];

  /** `columns` stand in the order of `scales`; words that are not among the categories have the place of missing ones. */
  constructor(columns: readonly StaticColumn[], scales: readonly StaticScale[]) {
    const paired = scales.map((scale, k) => ({ scale, column: columns[k]! }));
    this.#numbers = paired.flatMap(({ scale, column }) => (scale.kind === "number" ? [standardised(column, scale)] : []));
    this.#categories = paired.flatMap(({ scale, column }) => (scale.kind === "category" ? [placesAmong(column, scale.categories)] : []));
  }

  /** [N, S] float32 */
  numbers(series: ArrayLike<number>): Tensor {
    return hostTensor(Float32Array.from(valuesOf(this.#numbers, series)), [series.length, this.#numbers.length], "float32");
  }

  /** [N, C] int32 */
  categories(series: ArrayLike<number>): Tensor {
    return hostTensor(Int32Array.from(valuesOf(this.#categories, series)), [series.length, this.#categories.length], "int32");
  }
}

function valuesOf(columns: readonly ArrayLike<number>[], series: ArrayLike<number>): number[] {
  const values: number[] = [];
  for (let n = 0; n < series.length; n++) for (const column of columns) values.push(column[series[n]!]!);
  return values;
}

function standardised(column: StaticColumn, { centre, scale }: ColumnScale): Float64Array {
  // A column that was numbers and holds words now has been refused where it was read.
  const values = column.kind === "number" ? column.values : Float64Array.from(column.codes, () => Number.NaN);
  return values.map((value) => (Number.isNaN(value) ? 0 : (value - centre) / scale));
}

function placesAmong(column: StaticColumn, categories: readonly string[]): Int32Array {
  const places = new Map(categories.map((category, place) => [category, place]));
  const placeOf = (word: string | undefined): number => (word === undefined ? undefined : places.get(word)) ?? categories.length;
  if (column.kind === "category") return column.codes.map((code) => placeOf(column.categories[code]));
  return Int32Array.from(column.values, (value) => placeOf(Number.isNaN(value) ? undefined : String(value)));
}
