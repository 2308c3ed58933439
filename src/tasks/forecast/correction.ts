// How far the network may move the simple forecast: as far as earlier origins pay for, shrunk by how sure they are.

/** One origin of the validation part: what came, what the combination said, what the network said. */
export interface Case {
  /** First row forecast. */
  readonly origin: number;
  readonly actual: Float64Array;
  readonly simple: Float64Array;
  readonly network: Float64Array;
  /** Whether errors count by their squares: of intermittent demand forecasts are means. */
  readonly isIntermittent: boolean;
}

export interface Correction {
  /** 0: the simple forecast; 1: the network's. */
  readonly weight: number;
  /** Share by which the weight lowered the mean absolute error, and its standard error; null if there were too few origins. */
  readonly gain: number | null;
  readonly standardError: number | null;
  readonly origins: number;
}

/** Fewer origins, or horizons that overlap so much, say nothing about their own scatter. */
const leastCases = 3;
const leastIndependent = 2;
const steps = 20;
/** Errors that differ by less than this share of the values differ by how sums were rounded. */
const rounding = 1e-12;

/**
 * The weight w of simple + w (network - simple) with the smallest mean error over the cases, times
 * 1 - (standard error / gain)², or 0 if the gain is not above its standard error: positive-part shrinkage after James & Stein 1961.
 * Forecasts whose horizons overlap share their errors: they count as often as whole horizons fit between the first and last origin,
 * unless `apart` says how many are independent, as those of different series.
 */
export function correctionOf(cases: readonly Case[], apart?: number): Correction {
  const usable = cases.filter(({ actual }) => !actual.every(Number.isNaN));
  const independent = usable.length === 0 ? 0 : Math.min(usable.length, apart ?? countIndependent(usable));
  if (usable.length < leastCases || independent < leastIndependent)
    return { weight: 0, gain: null, standardError: null, origins: usable.length };
  const base = usable.map((each) => errorAt(each, 0));
  const scale = mean(base);
  let best = { weight: 0, gains: base.map(() => 0) };
  for (let i = 1; i <= steps; i++) {
    const weight = i / steps;
    const gains = usable.map((each, n) => base[n]! - errorAt(each, weight));
    if (mean(gains) > mean(best.gains)) best = { weight, gains };
  }
  const largest = usable.reduce((most, { actual, simple }) => Math.max(most, sizeOf(actual), sizeOf(simple)), 0);
  const gain = mean(best.gains) > rounding * largest ? mean(best.gains) : 0;
  const standardError = Math.sqrt(mean(best.gains.map((value) => (value - gain) ** 2)) / (independent - 1));
  // A standard error from few is itself uncertain: it counts for more, as in Student's distribution.
  const doubt = standardError * Math.sqrt(1 + 3 / (independent - 1));
  const shrink = gain > 0 ? Math.max(0, 1 - (doubt / gain) ** 2) : 0;
  const weight = Math.round(100 * best.weight * shrink) / 100;
  return { weight, gain: scale > 0 ? gain / scale : 0, standardError: scale > 0 ? standardError / scale : 0, origins: usable.length };
}

function countIndependent(cases: readonly Case[]): number {
  const span = cases.at(-1)!.origin - cases[0]!.origin;
  return Math.min(cases.length, 1 + span / Math.max(1, cases[0]!.actual.length));
}

/** Mean absolute error with this weight; of intermittent demand the root mean squared one. */
function errorAt({ actual, simple, network, isIntermittent }: Case, weight: number): number {
  let [sum, count] = [0, 0];
  for (let h = 0; h < actual.length; h++) {
    if (Number.isNaN(actual[h])) continue;
    const error = actual[h]! - simple[h]! - weight * (network[h]! - simple[h]!);
    sum += isIntermittent ? error * error : Math.abs(error);
    count++;
  }
  return isIntermittent ? Math.sqrt(sum / count) : sum / count;
}

function sizeOf(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
