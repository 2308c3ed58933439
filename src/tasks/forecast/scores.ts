// Forecast errors in the unit of the target and relative to simple methods: sMAPE, MASE, RMSE, MAE.

import { ShapeError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import type { ForecastScores } from "./types.js";

/**
 * Scores forecasts. NaN in `actual` or `predicted` is left out.
 *
 * - sMAPE, 0 to 200: mean of 200 |a - p| / (|a| + |p|) (Makridakis & Hibon 2000);
 * - MASE: mean |a - p| over the mean error of the seasonal naive method inside `history` (Hyndman & Koehler 2006).
 *
 * A score that cannot be computed (no points, a history shorter than a season and a row) is NaN.
 *
 * @param options.history  the training part [rows], as `w.train.actual`; windows [N, H] that move one row at a time are joined
 * @throws ShapeError `score_shapes`
 * @example  forecastScores({ actual: w.test.actual, predicted, history: w.train.actual, season: sales.season });
 */
export function forecastScores(options: { actual: Tensor; predicted: Tensor; history: Tensor; season: number }): {
  smape: number;
  mase: number;
  rmse: number;
  mae: number;
} {
  const { actual, predicted, history, season } = options;
  if (actual.data.length !== predicted.data.length) {
    const what = `actual [${actual.shape.join(", ")}] and predicted [${predicted.shape.join(", ")}] differ in size`;
    throw new ShapeError({ code: "score_shapes", op: "forecastScores", what, hint: "Give the forecasts of the same windows." });
  }
  const { smape, mase, rmse, mae } = scorePairs(actual.data, predicted.data, naiveError(historyOf(history), season));
  return { smape: smape ?? Number.NaN, mase: mase ?? Number.NaN, rmse: rmse ?? Number.NaN, mae: mae ?? Number.NaN };
}

/** The same over arrays, with null for what cannot be computed; `scale` is `naiveError` of the training part. */
export function scorePairs(actual: ArrayLike<number>, predicted: ArrayLike<number>, scale: number): ForecastScores & { points: number } {
  let [points, absolute, squared, symmetric] = [0, 0, 0, 0];
  for (let i = 0; i < actual.length; i++) {
    const [a, p] = [actual[i]!, predicted[i]!];
    if (Number.isNaN(a) || Number.isNaN(p)) continue;
    const error = Math.abs(a - p);
    points++;
    absolute += error;
    squared += error * error;
    // Both zero is a perfect forecast
    symmetric += error === 0 ? 0 : (200 * error) / (Math.abs(a) + Math.abs(p));
  }
  if (points === 0) return { smape: null, mase: null, rmse: null, mae: null, points };
  const mae = absolute / points;
  const mase = scale > 0 ? mae / scale : Number.NaN;
  return { smape: orNull(symmetric / points), mase: orNull(mase), rmse: orNull(Math.sqrt(squared / points)), mae: orNull(mae), points };
}

/**
 * Mean absolute error of the seasonal naive method inside the history; NaN if no pair of rows is one season apart.
 * A history no longer than one season is scaled by its steps from row to row.
 */
export function naiveError(history: ArrayLike<number>, season: number): number {
  const lag = history.length > season ? season : 1;
  let sum = 0;
  let count = 0;
  for (let i = lag; i < history.length; i++) {
    const error = Math.abs(history[i]! - history[i - lag]!);
    if (Number.isNaN(error)) continue;
    sum += error;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function historyOf(history: Tensor): ArrayLike<number> {
  if (history.shape.length < 2 || history.shape[0] === 1) return history.data;
  const [rows, width] = [history.shape[0]!, history.data.length / history.shape[0]!];
  const joined = Array.from({ length: width }, (_, i) => history.data[i]!);
  for (let row = 1; row < rows; row++) {
    for (let i = 1; i < width; i++) {
      const isShifted = Object.is(history.data[row * width + i - 1], history.data[(row - 1) * width + i]);
      if (isShifted) continue;
      const what = `the windows of history [${history.shape.join(", ")}] do not move one row at a time`;
      throw new ShapeError({ code: "score_shapes", op: "forecastScores", what, hint: "Give the training part as one row of values." });
    }
    joined.push(history.data[row * width + width - 1]!);
  }
  return joined;
}
