// Missing rows filled, for methods that need a value in every row: along the season where there is one, else along straight lines.

import { seasonStrength } from "../../../data/season.js";
import { seasonalIndices } from "./deseasonalise.js";

/** Half of what the trend leaves. */
const clearSeason = 0.5;

/** The values without a hole: lines between the neighbours of a gap, drawn through what the season leaves. */
export function filled(values: Float64Array, season: number): Float64Array {
  if (!values.some(Number.isNaN)) return values;
  if (season < 2 || values.length < 2 * season + 1 || seasonStrength(values, season) <= clearSeason) return bridged(values);
  const indices = seasonalIndices(values, season, false);
  return bridged(values.map((value, i) => value - indices[i % season]!)).map((value, i) => value + indices[i % season]!);
}

/** Gaps as straight lines, so that a window never has a hole; the ends carry the nearest value. */
function bridged(values: Float64Array): Float64Array {
  const result = values.slice();
  let left = -1;
  for (let i = 0; i <= values.length; i++) {
    if (i < values.length && Number.isNaN(values[i])) continue;
    for (let j = left + 1; j < i; j++) {
      const [from, to] = [left < 0 ? values[i]! : values[left]!, i < values.length ? values[i]! : values[left]!];
      result[j] = from + ((to - from) * (j - left)) / (i - left);
    }
    left = i;
  }
  return result;
}
