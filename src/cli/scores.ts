// The score table: the network beside the simple methods, as text and as the data of the HTML report.
import { methodTitles } from "../tasks/forecast/members.js";
import { simpleMethodNames } from "../tasks/forecast/simple/index.js";
import type { ForecastEvaluation, SimpleMethod } from "../tasks/forecast/types.js";
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

/** Simple methods that a table shows beside the contract's three: the best ones. */
const shownMethods = 4;
const always: readonly SimpleMethod[] = ["naive", "seasonalNaive", "seasonalNaiveDrift"];

/** The table's rows in the order in which they are shown: the forecast, its two parts, and the simple methods worth seeing. */
export function scoreRows(evaluation: ForecastEvaluation, cell?: string): ScoreRow[] {
  const alone = { method: cell === undefined ? "network alone" : `network alone (${cell})`, ...evaluation.network };
  const { combination } = evaluation;
  const own =
    combination === null
      ? [{ ...alone, method: cell === undefined ? "network" : `network (${cell})` }]
      : [
          { method: "forecast", ...evaluation.model },
          ...(isSame(combination.mae, evaluation.model.mae) ? [] : [{ method: "  without the network", ...combination }]),
          alone,
        ];
  const error = (name: SimpleMethod): number => evaluation.simple[name].mae ?? Infinity;
  const others = simpleMethodNames.filter((name) => !always.includes(name)).sort((a, b) => error(a) - error(b));
  const simple = simpleMethodNames.filter((name) => always.includes(name) || others.slice(0, shownMethods).includes(name));
  const methods = [...own, ...simple.map((name) => ({ method: methodTitles[name], ...evaluation.simple[name] }))];
  return methods.map(({ method, smape, mase, rmse }) => {
    const scores = { smape, mase, rmse };
    const isBest = (name: ScoreName): boolean =>
      typeof scores[name] === "number" && methods.every((other) => (other[name] ?? Infinity) >= (scores[name] ?? Infinity));
    return { method, ...scores, best: scoreNames.filter(isBest) };
  });
}

// A forecast on logarithms comes back with the last bit rounded.
function isSame(a: number | null, b: number | null): boolean {
  return a === b || (a !== null && b !== null && Math.abs(a - b) <= 1e-9 * Math.abs(b));
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
