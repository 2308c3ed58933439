// Which of many series are worth a picture: the first ones, and those that are forecast worst.

import type { Series } from "../../data/types.js";
import type { HistoryPoint, PicturedSeries } from "./plot-types.js";
import type { Member } from "./run-plan.js";
import type { ForecastEvaluation } from "./types.js";

const mostFirst = 3;
const mostWorst = 3;

/** At most six of them, the first ones before the worst ones; each once. */
export function picturedSeries(members: readonly Member[], evaluations: readonly ForecastEvaluation[]): PicturedSeries[] {
  const first = Array.from(members.keys()).slice(0, mostFirst);
  const mase = (n: number): number => evaluations[n]!.model.mase ?? Number.NEGATIVE_INFINITY;
  const worst = Array.from(members.keys())
    .filter((n) => !first.includes(n) && evaluations[n]!.model.mase !== null)
    .sort((a, b) => mase(b) - mase(a))
    .slice(0, mostWorst);
  const pictured = (why: PicturedSeries["why"]): ((n: number) => PicturedSeries) => {
    return (n) => {
      const { series } = members[n]!.plan;
      const { model, seasonalNaive } = evaluations[n]!;
      return { id: series.id, target: series.name, history: historyOf(series), model, seasonalNaive, why };
    };
  };
  return [...first.map(pictured("first")), ...worst.map(pictured("worst"))];
}

/** Rows that a picture is made of: more than it has points. */
const mostRows = 100_000;

/** The rows of a series, for pictures; of a very long one the last ones. */
export function historyOf({ values, timeLabel }: Series): HistoryPoint[] {
  const first = Math.max(0, values.length - mostRows);
  return Array.from(values.subarray(first), (value, i) => ({ time: timeLabel(first + i), value: Number.isFinite(value) ? value : null }));
}
