// Means of the past: of all rows, and of the rows at the same place of the season. Hard to beat where nothing lasts.

import type { Past } from "./method.js";

/** The mean of the observed rows. */
export function mean(past: Past): Float64Array {
  return seasonalMean({ ...past, season: 1 });
}

/** The mean of the observed rows at the same place of the season; of all rows where that place was never observed. */
export function seasonalMean({ values, season, horizon }: Past): Float64Array {
  const [sums, counts] = [new Float64Array(season), new Float64Array(season)];
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    sums[i % season]! += value;
    counts[i % season]!++;
  });
  const all = sums.reduce((sum, value) => sum + value, 0) / counts.reduce((sum, value) => sum + value, 0);
  return Float64Array.from({ length: horizon }, (_, h) => {
    const place = (values.length + h) % season;
    return counts[place] === 0 ? all : sums[place]! / counts[place]!;
  });
}
