// The honest sentence about a hold-out: which method was best, and where the forecast stands among them.

import { lastRows } from "./last-rows.js";
import { methodTitles } from "./members.js";
import { type SimpleMethod, simpleMethodNames } from "./simple/index.js";
import type { ForecastScores } from "./types.js";

type Method = SimpleMethod | "model";
export type AllScores = Readonly<Record<Method, ForecastScores>>;

/** How many other methods a sentence names. */
const named = 3;

/** What methods are ranked by: of intermittent demand RMSE, since zero in every row would have the least absolute error. */
export type Yardstick = "MASE" | "RMSE" | "relative RMSE";

/** By mean absolute error: the order is that of MASE, and it exists without a scale; or by RMSE. A tie goes to the simpler method. */
export function bestOf(all: AllScores, by: Yardstick): Method | null {
  let best: Method | null = null;
  for (const method of [...simpleMethodNames, "model"] as const) {
    const error = errorOf(all[method], by);
    if (error !== null && (best === null || error < errorOf(all[best], by)!)) best = method;
  }
  return best;
}

function errorOf({ mae, rmse }: ForecastScores, by: Yardstick): number | null {
  return by === "MASE" ? mae : rmse;
}

export interface VerdictFacts {
  readonly test: number;
  readonly isPure: boolean;
  readonly by: Yardstick;
}

/** What the scores say, in one sentence. */
export function verdictOf(all: AllScores, best: Method | null, { test, isPure, by }: VerdictFacts): string {
  if (best === null) return "No held-out value was observed, so nothing can be said about the forecast.";
  const own = isPure ? "the network" : "the forecast";
  const title = (method: Method): string => (method === "model" ? own : methodTitles[method]);
  const shown = (method: Method): string => `${title(method)} (${scoreOf(all[method], by)})`;
  // An error that is no number is larger than any.
  const error = (method: Method): number => errorOf(all[method], by) ?? Number.POSITIVE_INFINITY;
  const others = simpleMethodNames
    .filter((method) => method !== best)
    .sort((a, b) => (error(a) < error(b) ? -1 : error(a) > error(b) ? 1 : 0));
  const where = `On ${lastRows(test)}`;
  if (best === "model") return `${where} ${shown("model")} is best, ahead of ${others.slice(0, named).map(shown).join(", ")}.`;
  // A tie goes to the simpler method, which is then the one to take; the forecast is no worse.
  if (error(best) === error("model")) return `${where} ${shown(best)} is best, and ${own} has the same error.`;
  const beaten = others.filter((method) => error(method) > error("model"));
  const beats = beaten.includes("seasonalNaive") ? "among them" : "not among them";
  const seasonal = best === "seasonalNaive" ? "" : `, seasonal naive (${scoreOf(all.seasonalNaive, by)}) ${beats}`;
  const rest =
    beaten.length === 0
      ? "is behind every simple method"
      : `is better than ${beaten.length} of the ${simpleMethodNames.length} simple methods${seasonal}`;
  return `${where} ${shown(best)} is best; ${shown("model")} ${rest}.`;
}

function scoreOf({ mase, mae, rmse }: ForecastScores, by: Yardstick): string {
  if (by === "relative RMSE" && rmse !== null) return `relative RMSE ${rmse.toFixed(2)}`;
  if (by === "RMSE" && rmse !== null) return `RMSE ${rmse.toPrecision(3)}`;
  if (mase !== null) return `MASE ${mase.toFixed(2)}`;
  return mae === null ? "an error beyond all numbers" : `MAE ${mae.toPrecision(3)}`;
}
