// Negative binomial distribution of counts: quantiles.

import { incompleteBeta, normalQuantile } from "./special.js";

/** Up to this mean probabilities are added up from 0 on; beyond, the distribution function is searched. */
const smallMean = 100;

/**
 * The smallest count whose probability, together with those below, reaches a share in (0, 1).
 *
 * @param mean        above 0
 * @param dispersion  above 0: the variance is mean + dispersion · mean²
 */
export function countQuantile(share: number, mean: number, dispersion: number): number {
  return mean < smallMean ? added(share, mean, dispersion) : searched(share, mean, dispersion);
}

function added(share: number, mean: number, dispersion: number): number {
  const times = 1 / dispersion;
  const success = (dispersion * mean) / (1 + dispersion * mean);
  let probability = Math.exp(-times * Math.log1p(dispersion * mean));
  let sum = probability;
  let count = 0;
  // What is left is too small to change the sum: the share is its rounding away from 1.
  while (sum < share && probability > Number.EPSILON * (1 - share)) {
    probability *= ((count + times) / (count + 1)) * success;
    sum += probability;
    count += 1;
  }
  return count;
}

function searched(share: number, mean: number, dispersion: number): number {
  const below = (count: number): number => (count < 0 ? 0 : incompleteBeta(1 / dispersion, count + 1, 1 / (1 + dispersion * mean)));
  const deviation = Math.sqrt(mean + dispersion * mean * mean);
  const z = normalQuantile(share);
  const skew = (1 + 2 * dispersion * mean) / deviation;
  // Cornish and Fisher (1938)
  const guess = Math.max(0, Math.round(mean + deviation * (z + (skew * (z * z - 1)) / 6)));
  let width = Math.max(1, Math.round(deviation / 16));
  let [low, high] = [guess, guess];
  if (below(guess) >= share) {
    for (low = guess - width; low >= 0 && below(low) >= share; low -= width) width *= 2;
    low = Math.max(-1, low);
  } else {
    for (high = guess + width; below(high) < share; high += width) width *= 2;
  }
  while (high - low > 1) {
    const between = Math.floor((low + high) / 2);
    if (below(between) >= share) high = between;
    else low = between;
  }
  return high;
}
