// How surprising each row is: the tail of the predictive distribution beyond what was observed.

import { DataError } from "../../base/errors.js";
import type { Anomaly, AnomalySummary, RowScore } from "./anomaly-types.js";
import type { ForecastOptions, ForecastRow } from "./types.js";

/** Share of all rows that is expected inside, unless asked otherwise. */
export const usualLevel = 0.99;
/** No distribution measured from errors says more: a score of 12. */
const leastProbability = 1e-12;

/** @throws DataError `bad_option` unless it is a share between 0 and 1, and there is something to flag */
export function checkLevel({ anomalies, anomalyLevel: level }: Pick<ForecastOptions, "anomalies" | "anomalyLevel">): void {
  if (level === undefined) return;
  if (anomalies !== true)
    throw new DataError("bad_option", "--anomaly-level says what --anomalies flags, and that is not given.", "Add --anomalies.");
  if (level > 0 && level < 1) return;
  throw new DataError("bad_option", `--anomaly-level ${level}: a share between 0 and 1 is needed, as 0.99.`);
}

/** What scoring needs to know beside the rows. */
export interface ScoringOptions {
  /** Whether errors are measured on logarithms. */
  readonly log: boolean;
  /** Rows whose probability is below 1 - level are flagged. */
  readonly level: number;
  /** Whether the forecaster was trained on these rows. */
  readonly inSample: boolean;
}

/**
 * Scores of the rows that were observed and have intervals. The two-sided tail probability p of a row is read off its 80 and 95 %
 * intervals, on the side on which it lies: 1 at the forecast, falling in a straight line to 0.2 at the end of the 80 % interval, and from
 * there exponentially, through 0.05 at the end of the 95 % one. An exponential tail lies between that of a normal distribution, which
 * would cry wolf over every heavy-tailed series, and a power law, which would call nothing strange. The score is -log10 p.
 */
export function scoreRows(rows: readonly ForecastRow[], options: ScoringOptions): RowScore[] {
  const { log, level, inSample } = options;
  const onScale = (value: number): number => (log ? Math.log(value) : value);
  const inUnit = (value: number): number => (log ? Math.exp(value) : value);
  return rows.flatMap((row): RowScore[] => {
    const { actual, value, lower80, upper80, lower95, upper95, ...where } = row;
    if (actual === null || !Number.isFinite(value) || (log && actual <= 0)) return [];
    if (lower80 === null || upper80 === null || lower95 === null || upper95 === null) return [];
    const middle = onScale(value);
    const above = halvesOf(onScale(upper80) - middle, onScale(upper95) - middle);
    const below = halvesOf(middle - onScale(lower80), middle - onScale(lower95));
    const error = onScale(actual) - middle;
    // Rounding is no surprise, even where all errors so far were zero.
    const size = Math.abs(error) <= 1e-9 * Math.max(1, Math.abs(middle)) ? 0 : Math.abs(error);
    const probability = Math.max(leastProbability, tailOf(size, error >= 0 ? above : below));
    return [
      {
        ...{ ...where, actual, expected: value },
        lower: inUnit(middle - sizeAt(1 - level, below)),
        upper: inUnit(middle + sizeAt(1 - level, above)),
        ...{ probability, score: -Math.log10(probability) || 0, inSample, flagged: probability < 1 - level },
      },
    ];
  });
}

interface Halves {
  readonly half80: number;
  readonly half95: number;
}

/** A mean may lie outside of the quantiles that were forecast with it: that side has no width. */
function halvesOf(width80: number, width95: number): Halves {
  const half80 = Math.max(0, width80);
  return { half80, half95: Math.max(half80, width95) };
}

/** 0.05 / 0.2 in natural logarithms: what the exponential tail falls by between the two intervals. */
const fall = Math.log(4);

function tailOf(size: number, { half80, half95 }: Halves): number {
  if (size <= half80) return half80 === 0 ? 1 : 1 - (0.8 * size) / half80;
  return half95 > half80 ? 0.2 * Math.exp((-fall * (size - half80)) / (half95 - half80)) : 0;
}

/** The size with that tail probability: the inverse of `tailOf`. */
function sizeAt(probability: number, { half80, half95 }: Halves): number {
  if (probability >= 0.2) return (half80 * (1 - probability)) / 0.8;
  return half80 + ((half95 - half80) * Math.log(0.2 / probability)) / fall;
}

/** What a result shows of the scores: the flagged rows, and how many chance alone would flag. */
export function shownAnomalies(
  scores: readonly RowScore[],
  level: number = usualLevel,
): { readonly anomalies: readonly Anomaly[]; readonly anomalySummary: AnomalySummary } {
  const anomalies = scores.filter(({ flagged }) => flagged).map(({ flagged: _flagged, ...anomaly }) => anomaly);
  const byChance = (1 - level) * scores.length;
  return { anomalies, anomalySummary: { level, scored: scores.length, flagged: anomalies.length, byChance } };
}
