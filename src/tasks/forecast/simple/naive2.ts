// Naive2: the last value of the seasonally adjusted series, the yardstick of the M competitions and of OWA.

import { deseasonalise } from "./deseasonalise.js";
import type { Past } from "./method.js";
import { naive } from "./naive.js";

/** The last seasonally adjusted value with the season put back. */
export function naive2(past: Past): Float64Array {
  const adjusted = deseasonalise(past.values, past.season);
  return adjusted.restore(naive({ ...past, values: adjusted.values }));
}
