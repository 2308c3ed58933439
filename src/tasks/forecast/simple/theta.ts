// The Theta method (Assimakopoulos & Nikolopoulos 2000) on the seasonally adjusted series: half a line, half a smoothed curve.

import { deseasonalise } from "./deseasonalise.js";
import type { Past } from "./method.js";
import { extrapolate, smooth } from "./smoothing.js";

/**
 * The mean of theta line 0 (the least-squares line) and SES of theta line 2 (twice the series minus that line). Positive
 * series are never forecast below zero, as in the M4 benchmark.
 */
export function theta({ values, season, horizon }: Past): Float64Array {
  const adjusted = deseasonalise(values, season);
  const line = leastSquaresLine(adjusted.values);
  const doubled = adjusted.values.map((value, i) => 2 * value - line(i));
  const curve = extrapolate(smooth(doubled, "none"), horizon);
  const isPositive = values.every((value) => Number.isNaN(value) || value >= 0);
  const mean = curve.map((value, h) => (value + line(values.length + h)) / 2);
  return adjusted.restore(isPositive ? mean.map((value) => Math.max(0, value)) : mean);
}

/** The line through the observed rows; flat with fewer than two. */
function leastSquaresLine(values: Float64Array): (row: number) => number {
  let [n, sumX, sumY] = [0, 0, 0];
  values.forEach((y, x) => {
    if (Number.isNaN(y)) return;
    n++;
    sumX += x;
    sumY += y;
  });
  const [meanX, meanY] = [sumX / n, sumY / n];
  let [xx, xy] = [0, 0];
  values.forEach((y, x) => {
    if (Number.isNaN(y)) return;
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
  });
  const slope = xx === 0 ? 0 : xy / xx;
  return (row) => meanY + slope * (row - meanX);
}
