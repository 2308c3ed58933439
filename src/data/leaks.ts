// Looks for the future in what is prepared for a network: changes every row from a cut on and sees what moves before it.

import { covariate } from "./covariate.js";
import { numbersOf } from "./number-store.js";
import type { Covariate, Series } from "./types.js";

/** Numbers that a network would read for a forecast beginning at row `origin`. */
export interface PreparedInput {
  readonly origin: number;
  readonly inputs: ArrayLike<number>;
}

/** A prepared number that changed with rows that lay ahead of it. */
export interface Leak {
  /** Rows from here on were changed. */
  readonly cut: number;
  /** The forecast that should have known nothing of them. */
  readonly origin: number;
  /** Place in its inputs. */
  readonly index: number;
}

/**
 * Prepares a series, then the same series with other values from each cut on, and compares all inputs whose origin is not
 * after the cut. Targets and past-only columns are changed; known-future columns may be read ahead and stay.
 *
 * What is measured on a training part must be measured inside `prepare`, up to a row that does not depend on the values.
 *
 * @param prepare  inputs with their origins, in the same order for every series
 * @returns the first leak of each cut and origin; empty if nothing of the future was read
 * @example  findLeaks(sales, (s) => [24, 36].map((origin) => ({ origin, inputs: s.values.subarray(origin - 12, origin) })));
 */
export function findLeaks(
  series: Series,
  prepare: (series: Series) => readonly PreparedInput[],
  options: { readonly cuts?: readonly number[] } = {},
): Leak[] {
  const { length } = series.values;
  const cuts = options.cuts ?? [0.3, 0.5, 0.7, 0.9].map((share) => Math.floor(share * length));
  const clean = prepare(series);
  return cuts.flatMap((cut) => {
    const changed = prepare(withOtherFuture(series, cut));
    return clean.flatMap(({ origin, inputs }, i): Leak[] => {
      if (origin > cut) return [];
      const other = changed[i]?.inputs ?? [];
      const index = Array.from(inputs).findIndex((value, place) => !Object.is(value, other[place]));
      return index < 0 && other.length === inputs.length ? [] : [{ cut, origin, index: Math.max(0, index) }];
    });
  });
}

/** The series with values it never had from row `cut` on: larger ones, and holes where it had none and the other way round. */
function withOtherFuture(series: Series, cut: number): Series {
  const size = 1 + series.values.reduce((most, value) => (Number.isNaN(value) ? most : Math.max(most, Math.abs(value))), 0);
  const change = (values: Float64Array): Float64Array =>
    values.map((value, i) => (i < cut ? value : i % 5 === 4 && !Number.isNaN(value) ? Number.NaN : size * (3 + ((i * 7) % 11))));
  const changeColumn = ({ name, values }: Covariate): Covariate => covariate(name, numbersOf(change(values)));
  return { ...series, values: change(series.values), past: series.past.map(changeColumn) };
}
