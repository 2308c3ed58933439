// Where a series begins: a long constant stretch at its start, as of a product before its launch, is no history.

import { listed } from "../../base/words.js";
import type { Series } from "../../data/types.js";

/** A stretch is long from so many rows on... */
const leastStretch = 12;
/** ...and if it is so many times the longest one after it. */
const leastRatio = 2;
/** Of its rows so few may differ: a sample sold before the launch is no beginning. */
const mostOdd = 0.05;
/** Fewer rows after it say less than the stretch does. */
const leastRows = 4;

/**
 * The first row that says something about the coming ones: 0, or the one after the stretch at the start in which all but one row in twenty
 * are missing or the same, if that is long, twice as long as any stretch after it, and followed by four values that are not all the same.
 *
 * @param values  rows in time order, NaN where missing
 */
export function beginningOf(values: Float64Array): number {
  const first = values.find((value) => !Number.isNaN(value));
  let [same, odd, begin] = [0, 0, 0];
  for (let row = 0; row < values.length && odd <= Math.max(1, mostOdd * row); row++) {
    const isSame = Number.isNaN(values[row]) || values[row] === first;
    if (isSame) same++;
    else odd++;
    if (isSame && odd <= mostOdd * same) begin = row + 1;
  }
  if (begin < leastStretch) return 0;
  const rest = values.subarray(begin);
  const isEnough = rest.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0) >= leastRows;
  const longest = longestStretch(rest);
  return isEnough && begin >= leastRatio * longest.rows && longest.values > 1 ? begin : 0;
}

/** What is said of series that begin later than their rows. */
export function beginningWords(all: readonly Pick<Series, "id" | "name" | "values" | "timeLabel">[]): string[] {
  const late = all.flatMap(({ values, timeLabel, ...names }) => {
    const begin = beginningOf(values);
    return begin === 0 ? [] : [{ ...names, from: timeLabel(begin), stood: values.find((value) => !Number.isNaN(value)) }];
  });
  if (late.length === 0) return [];
  const { name, from, stood } = late[0]!;
  if (all.length === 1) return [`${name} begins at ${from}: before it stands at ${stood}, which says nothing about what comes`];
  const shown = late.map((each) => `${each.id ?? each.name} (${each.from})`);
  const verb = late.length === 1 ? "begins later than its rows, which stand still" : "begin later than their rows, which stand still";
  return [`${listed(shown)} ${verb}: these say nothing about what comes`];
}

/** Rows of the longest stretch of equal values, those missing aside, and how many different stretches there are. */
function longestStretch(rows: Float64Array): { readonly rows: number; readonly values: number } {
  let [longest, stretch, stretches, last] = [0, 0, 0, Number.NaN];
  for (const value of rows) {
    if (Number.isNaN(value)) continue;
    if (value === last) stretch++;
    else [stretch, stretches, last] = [1, stretches + 1, value];
    longest = Math.max(longest, stretch);
  }
  return { rows: longest, values: stretches };
}
