// A last value unlike all before it, in a series that takes its changes back: more likely an outlier than a new level.

import { changesOf } from "./simple/levels.js";

/** Older rows say nothing more about what is usual. */
const mostRows = 1000;
/** The largest of fewer says little about what is possible. */
const leastChanges = 60;
const leastSeasons = 4;
/** The last change is so many times the largest before it. */
const leastRatio = 1.3;
/** Halfway between the changes of a random walk (0) and those of noise around a level (-1/2). */
const takenBack = -0.25;

/**
 * Whether the last change is 1.3 times as large as any before it, in the values (their logarithms if all are positive) and, from four
 * seasons on, in their differences to the season before, while changes without the season are rather taken back than kept: their
 * correlation with the next one is below -1/4. A change that has lasted for two rows is none: on public series such changes stay.
 * Chen & Liu 1993 tell an additive outlier from a level shift by what comes after it; here nothing has come yet.
 *
 * @param values  rows in time order, NaN where missing
 * @param season  rows in one season, 1 for none
 */
export function isLastOutlier(values: Float64Array, season: number): boolean {
  const rows = values.slice(-mostRows);
  const levels = rows.every((value) => Number.isNaN(value) || value > 0) ? rows.map(Math.log) : rows;
  const changes = changesOf(levels, 1);
  const hasSeason = season > 1 && levels.length >= leastSeasons * season;
  const ownChanges = hasSeason ? changesOf(changes, season) : changes;
  return isUnseen(changes) && isUnseen(ownChanges) && areTakenBack(ownChanges);
}

/** Whether the last change is larger than all before it. A missing one is not: the comparison is false. */
function isUnseen(changes: Float64Array): boolean {
  let [largest, count] = [0, 0];
  for (const change of changes.subarray(0, -1)) {
    if (Number.isNaN(change)) continue;
    largest = Math.max(largest, Math.abs(change));
    count++;
  }
  return count >= leastChanges && Math.abs(changes.at(-1)!) > leastRatio * largest;
}

/** Whether changes before the last one correlate with the next as noise does. */
function areTakenBack(changes: Float64Array): boolean {
  let [squares, products] = [0, 0];
  for (let i = 1; i < changes.length - 1; i++) {
    const [before, change] = [changes[i - 1]!, changes[i]!];
    if (Number.isNaN(before * change)) continue;
    squares += (before * before + change * change) / 2;
    products += before * change;
  }
  return products < takenBack * squares;
}
