// Means of values that may be missing, without a copy of them.

import { type Numbers, numbersOf } from "./number-store.js";

/** Mean of the values that are not missing; NaN if there are none. */
export function meanOf(values: ArrayLike<number>): number {
  return meanBy(numbersOf(values), (value) => value);
}

/** Mean of what a function makes of each value; where that is NaN it is left out. */
export function meanBy(values: Numbers, f: (value: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = f(values.get(i));
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}
