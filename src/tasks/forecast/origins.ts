// Forecasts from earlier origins, and how many of them say something of their own.

/** Forecasts whose horizons overlap share errors: as many are independent as whole horizons fit between the first and the last origin. */
export function independentOrigins(origins: readonly number[], horizon: number): number {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const origin of origins) [first, last] = [Math.min(first, origin), Math.max(last, origin)];
  return Math.min(origins.length, 1 + (last - first) / horizon);
}
