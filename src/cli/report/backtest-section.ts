// The backtest in the report: the forecasts from every origin over what came, and the scores of each.
import { counted } from "../../base/words.js";
import type { BacktestOrigin, ForecastRun } from "../../tasks/forecast/types.js";
import { backtestRows, backtestTitles, worstOrigin } from "../backtest.js";
import { shown } from "../numbers.js";
import { pictureOf } from "../picture.js";
import { backtestPlot } from "./backtest-plot.js";
import { scroll, scrollTable } from "./frame.js";
import { escapeText } from "./svg.js";

/** Nothing for a single origin: its scores are those of the hold-out. */
export function backtestSection(run: ForecastRun, target: string): string {
  const { backtest, origins } = run.evaluation;
  if (origins < 2 || backtest.length < 2) return "";
  const { horizon } = run.preprocess;
  const picture = pictureOf({ target, history: run.history, holdout: run.holdout, forecast: [] });
  const words = sentence(backtest, horizon, run.data.series);
  const svg = backtestPlot(picture, horizon, { season: run.data.season, description: words });
  const figure =
    svg === ""
      ? ""
      : `<figure>${scroll("Plot of the backtest", svg)}<figcaption>Each forecast knew what was observed before its origin; the network, the transform and its scale are from before all of them.</figcaption></figure>`;
  const rows = backtestRows(backtest).map(
    ([time, ...cells]) => `<tr><th scope="row">${escapeText(time ?? "")}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`,
  );
  return `<section aria-labelledby="backtest-title"><h2 id="backtest-title">Backtest</h2><p>${escapeText(words)}</p>${figure}
${scrollTable("Scores by origin", backtestTitles, rows)}</section>`;
}

function sentence(backtest: readonly BacktestOrigin[], horizon: number, series: number): string {
  const from = `${counted(backtest.length, "origin")}, ${counted(horizon, "row")} apart`;
  const over = series > 1 ? `, means over ${counted(series, "series", "series")}` : "";
  const worst = worstOrigin(backtest);
  return worst === null ? `${from}${over}.` : `${from}${over}; the largest errors are those from ${worst.time} (MAE ${shown(worst.mae)}).`;
}
