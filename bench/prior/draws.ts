// Random numbers for generated series: a stream of its own for each series, so that none depends on how many were made before.
import { philox } from "../../src/base/random.js";

/** A stream of draws, told by a seed and the number of the stream. */
export class Draws {
  readonly #key: readonly [number, number];
  readonly #words: Uint32Array = new Uint32Array(4);
  #count = 0;

  constructor(seed: number, stream: number) {
    this.#key = [seed, stream];
  }

  /** In (0, 1). */
  uniform(): number {
    const place = this.#count++;
    if ((place & 3) === 0) philox(this.#key[0], this.#key[1], place >>> 2, 2, 0, 0, this.#words);
    return (this.#words[place & 3]! + 0.5) * 2 ** -32;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.uniform();
  }

  /** Evenly in the logarithm. */
  logBetween(least: number, most: number): number {
    return Math.exp(this.between(Math.log(least), Math.log(most)));
  }

  /** A whole number, both ends included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.uniform() * (most - least + 1));
  }

  chance(share: number): boolean {
    return this.uniform() < share;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Student's t with three degrees of freedom, but for its scale. */
  heavy(): number {
    return this.normal() / Math.hypot(this.normal(), this.normal(), this.normal());
  }

  /** Inverse transform sampling; normal and rounded above a mean of 40. */
  poisson(mean: number): number {
    if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const aim = this.uniform();
    let share = Math.exp(-mean);
    let sum = share;
    let count = 0;
    while (aim > sum && count < 200) {
      count++;
      share *= mean / count;
      sum += share;
    }
    return count;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.uniform() * list.length)]!;
  }

  /** A name, as often as its number says. */
  named<T extends string>(shares: Readonly<Record<T, number>>): T {
    const entries = Object.entries(shares) as [T, number][];
    let left = this.uniform() * entries.reduce((sum, [, share]) => sum + share, 0);
    for (const [name, share] of entries) {
      left -= share;
      if (left < 0) return name;
    }
    return entries[0]![0];
  }
}
