// A column beside the target, read row by row from wherever its numbers are kept.

import type { Numbers } from "./number-store.js";
import type { Covariate } from "./types.js";

/** A column over numbers that somebody keeps, or that are computed when they are asked for. */
export function covariate(name: string, numbers: Numbers): Covariate {
  return new ReadColumn(name, numbers);
}

/** The array is made when it is asked for, and may be collected when nobody holds it. */
class ReadColumn implements Covariate {
  readonly name: string;
  readonly #numbers: Numbers;
  #array: WeakRef<Float64Array> | null = null;

  constructor(name: string, numbers: Numbers) {
    this.name = name;
    this.#numbers = numbers;
  }

  get length(): number {
    return this.#numbers.length;
  }

  get(index: number): number {
    return index < this.#numbers.length ? this.#numbers.get(index) : Number.NaN;
  }

  get values(): Float64Array {
    const known = this.#array?.deref();
    if (known !== undefined) return known;
    const values = Float64Array.from({ length: this.length }, (_, index) => this.#numbers.get(index));
    this.#array = new WeakRef(values);
    return values;
  }
}
