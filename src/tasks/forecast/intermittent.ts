// Intermittent demand: counts or amounts, never below zero, with zeros scattered among them at no regular places.

import { seasonStrength, strongSeason } from "../../data/season.js";

/** Mean rows between demands above which demand is called intermittent (Syntetos, Boylan & Croston 2005). */
const leastInterval = 1.32;
/** Zeros and demands change places at least so often, of what they would by chance: blocks of zeros are levels of their own. */
const leastMixed = 0.25;
/** Older rows say nothing more about how often there is a demand. */
const mostRows = 1000;

/**
 * Whether a series is intermittent: none of its last 1000 values is below zero, demands (values above zero) lie more than 1.32 rows apart on
 * average, counted from the first one, zeros do not come in long blocks, and no season says where they are, as nights do for solar power.
 *
 * @param values  rows in time order, NaN where missing
 * @param season  rows in one season, 1 for none
 */
export function isIntermittent(values: Float64Array, season: number): boolean {
  const seen = values.subarray(-mostRows);
  const zeros = seen.subarray(seen.findIndex((value) => value !== 0 && !Number.isNaN(value))).map(zeroness);
  let [rows, demands, returns, isZero] = [0, 0, 0, false];
  for (const zero of zeros) {
    if (Number.isNaN(zero)) continue;
    rows++;
    if (zero === 0) demands++;
    if (zero === 0 && isZero) returns++;
    isZero = zero === 1;
  }
  if (demands < 2 || rows <= leastInterval * demands || seen.some((value) => value < 0)) return false;
  const byChance = (demands * (rows - demands)) / rows;
  return returns >= leastMixed * byChance && seasonStrength(zeros, season) <= strongSeason;
}

/** 1 for a zero, 0 for a demand, NaN if missing. */
function zeroness(value: number): number {
  return Number.isNaN(value) ? value : value === 0 ? 1 : 0;
}
