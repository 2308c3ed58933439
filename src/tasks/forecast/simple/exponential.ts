// SES, Holt, damped Holt and their mean (Comb) on the seasonally adjusted series, as the M competitions define them.

import { deseasonalise } from "./deseasonalise.js";
import type { Past, SimpleForecaster } from "./method.js";
import { extrapolate, smooth, type Trend } from "./smoothing.js";

/** Simple exponential smoothing. */
export const ses: SimpleForecaster = smoother("none");
/** Holt's linear trend. */
export const holt: SimpleForecaster = smoother("line");
/** Holt's trend, damped (Gardner & McKenzie 1985). */
export const damped: SimpleForecaster = smoother("damped");

/** Mean of SES, Holt and damped Holt: "Comb", hard to beat in every M competition. */
export function comb(past: Past): Float64Array {
  const parts = [ses, holt, damped].map((method) => method(past));
  return Float64Array.from({ length: past.horizon }, (_, h) => parts.reduce((sum, part) => sum + part[h]!, 0) / parts.length);
}

function smoother(trend: Trend): SimpleForecaster {
  return ({ values, season, horizon }) => {
    const adjusted = deseasonalise(values, season);
    return adjusted.restore(extrapolate(smooth(adjusted.values, trend), horizon));
  };
}
