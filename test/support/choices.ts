// A finite list of numbers read as decisions, so that shrinking the list shrinks what was built from it.

/** Decisions; when the list is used up every decision is the first one. */
export class Choices {
  readonly #picks: readonly number[];
  #next = 0;

  constructor(picks: readonly number[]) {
    this.#picks = picks;
  }

  get isEmpty(): boolean {
    return this.#next >= this.#picks.length;
  }

  /** A whole number in [0, limit); 0 for limits below 1. */
  below(limit: number): number {
    const pick = this.#picks[this.#next++] ?? 0;
    return limit < 1 ? 0 : pick % Math.ceil(limit);
  }

  /** True in `wins` of `outOf` cases, and when the list is used up. */
  chance(wins: number, outOf: number): boolean {
    return this.below(outOf) < wins;
  }

  pick<E>(list: readonly E[]): E {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  }

  /** A multiple of 1/16 in [low, high). Picks are scrambled, so that a list of zeros does not give one value only. */
  real(low: number, high: number): number {
    const scrambled = (Math.imul(this.below(0x10000) + this.#next, 0x9e3779b1) >>> 16) / 0x10000;
    return Math.floor((low + (high - low) * scrambled) * 16) / 16;
  }
}
