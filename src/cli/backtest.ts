// A backtest in rows: the scores of the forecast from every origin, as text and as the data of the report.
import type { BacktestOrigin } from "../tasks/forecast/types.js";
import { shown } from "./numbers.js";
import type { Paint } from "./terminal.js";

/** Heads of the columns of `backtestRows`. */
export const backtestTitles: readonly string[] = ["from", "scored", "sMAPE %", "MASE", "RMSE", "MAE"];

/** One row of cells for each origin, oldest first. */
export function backtestRows(backtest: readonly BacktestOrigin[]): string[][] {
  return backtest.map(({ time, points, smape, mase, rmse, mae }) => [
    time,
    String(points),
    shown(smape),
    shown(mase),
    shown(rmse),
    shown(mae),
  ]);
}

/** The origin with the largest mean absolute error; null if none was scored. */
export function worstOrigin(backtest: readonly BacktestOrigin[]): BacktestOrigin | null {
  const scored = backtest.filter(({ mae }) => mae !== null);
  return scored.reduce<BacktestOrigin | null>((worst, each) => (worst === null || each.mae! > worst.mae! ? each : worst), null);
}

/** Origins that the text shows at each end; all of them are in the report. */
const shownOrigins = 12;

/** The table as lines of text; nothing for a single origin. */
export function backtestLines(backtest: readonly BacktestOrigin[], paint: Paint): string[] {
  if (backtest.length < 2) return [];
  const rows = [backtestTitles, ...backtestRows(backtest)];
  const widths = backtestTitles.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [head = "", ...lines] = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  "),
  );
  const cut = lines.length - 2 * shownOrigins;
  const body = cut > 0 ? [...lines.slice(0, shownOrigins), `... ${cut} more in the report`, ...lines.slice(-shownOrigins)] : lines;
  return [paint("bold", `Backtest from ${backtest.length} origins`), paint("dim", head), ...body];
}
