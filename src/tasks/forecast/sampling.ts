// How many windows of each series are used where all of them would take too long: every series keeps some.

/** What decides the shares: every window is as likely, every series, or a series by the size of its values. */
export type Sampling = (typeof samplings)[number];

export const samplings = ["windows", "series", "scale"] as const;

/** A series that gives windows. */
export interface WindowSource {
  /** Windows it has. */
  readonly windows: number;
  /** Mean absolute value of its training part, in the unit of the target. */
  readonly size: number;
}

/** No series gives less, if it has that many: its newest window and one more. */
const leastWindows = 2;
const halvings = 100;

/**
 * Windows that each series may give, about `most` together, or as many as leave none out. By "scale" a series gives windows in
 * proportion to 1 + its size: series of very different sizes are no mixture of equals, and the few large ones are learnt from more
 * (Salinas, Flunkert & Gasthaus 2017, section 3.3).
 */
export function quotasOf(sources: readonly WindowSource[], most: number, by: Sampling): number[] {
  const all = sources.map(({ windows }) => Math.max(windows, leastWindows));
  if (sum(all) <= most) return all;
  const weights = sources.map(({ windows, size }) => (by === "windows" ? windows : by === "scale" ? 1 + size : 1));
  // A series that has fewer windows than its share leaves them to the others: the level is found at which the sum fits.
  const at = (level: number): number[] =>
    weights.map((weight, n) => Math.min(all[n]!, Math.max(leastWindows, Math.floor(level * weight + 1e-9))));
  let [low, high] = [0, Math.max(...all.map((windows, n) => windows / Math.max(weights[n]!, Number.MIN_VALUE)))];
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) <= most) low = middle;
    else high = middle;
  }
  return at(low);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}
