// The score table: the network beside the simple methods, as text and as the data of the HTML report.
import type { ForecastEvaluation } from "../tasks/forecast/types.js";
import { shown } from "./numbers.js";
import type { Paint } from "./terminal.js";

/** One method's scores; `best` names the columns where no method is better. */
export interface ScoreRow {
  readonly method: string;
  readonly smape: number | null;
  readonly mase: number | null;
  readonly rmse: number | null;
  readonly best: readonly ScoreName[];
}

/** The three scores that are shown, all better when smaller. */
export const scoreNames = ["smape", "mase", "rmse"] as const;
export type ScoreName = (typeof scoreNames)[number];

/** How the scores are headed. */
export const scoreTitles: Readonly<Record<ScoreName, string>> = { smape: "sMAPE %", mase: "MASE", rmse: "RMSE" };

/** The simple methods in words. */
export const methodNames = { naive: "naive", seasonalNaive: "seasonal naive", seasonalNaiveDrift: "seasonal naive with drift" } as const;

/** The table's rows in the order in which they are shown. */
export function scoreRows(evaluation: ForecastEvaluation, cell?: string): ScoreRow[] {
  const methods = [
    { method: cell === undefined ? "network" : `network (${cell})`, ...evaluation.model },
    { method: methodNames.naive, ...evaluation.naive },
    { method: methodNames.seasonalNaive, ...evaluation.seasonalNaive },
    { method: methodNames.seasonalNaiveDrift, ...evaluation.seasonalNaiveDrift },
  ];
  return methods.map(({ method, smape, mase, rmse }) => {
    const own = { smape, mase, rmse };
    const isBest = (name: ScoreName): boolean =>
      typeof own[name] === "number" && methods.every((other) => (other[name] ?? Infinity) >= (own[name] ?? Infinity));
    return { method, ...own, best: scoreNames.filter(isBest) };
  });
}

/** The table as lines of text; a star marks the best of each column, also without colour. */
export function scoreTable(rows: readonly ScoreRow[], paint: Paint): string[] {
  const nameWidth = Math.max(...rows.map(({ method }) => method.length));
  const cells = rows.map((row) => scoreNames.map((name) => `${shown(row[name])}${row.best.includes(name) ? "*" : " "}`));
  const widths = scoreNames.map((name, i) => Math.max(scoreTitles[name].length + 1, ...cells.map((each) => each[i]?.length ?? 0)));
  const head = `${" ".repeat(nameWidth)}  ${scoreNames.map((name, i) => `${scoreTitles[name]} `.padStart(widths[i] ?? 0)).join("  ")}`;
  const body = rows.map((row, r) => {
    const columns = scoreNames.map((name, i) => {
      const text = (cells[r]?.[i] ?? "").padStart(widths[i] ?? 0);
      return row.best.includes(name) ? paint("green", text) : text;
    });
    return `${r === 0 ? paint("bold", row.method.padEnd(nameWidth)) : row.method.padEnd(nameWidth)}  ${columns.join("  ")}`;
  });
  return [paint("dim", head), ...body, paint("dim", "* best in its column; smaller is better")];
}
