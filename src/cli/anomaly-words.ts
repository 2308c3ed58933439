// What is said of strange rows: the options that ask for them, a table as text, and every score as CSV.
import { counted } from "../base/words.js";
import type { Anomaly, AnomalySummary, RowScore } from "../tasks/forecast/anomaly-types.js";
import { cellText } from "./csv.js";
import { shown } from "./numbers.js";
import { inRange } from "./settings/kinds.js";
import { Setting } from "./settings/setting.js";
import type { Paint } from "./terminal.js";

/** The options of verbs that score rows. */
export function anomalyOptions(): Setting[] {
  return [
    new Setting("--anomalies", "say how surprising each row is, and flag those that are too unlikely"),
    new Setting("--anomaly-level <share>", "share of the rows that is expected inside", inRange(0.5, 1, "half-open"), { standard: 0.99 }),
  ];
}

/** What was asked for and found; neither is there without `--anomalies`. */
export interface Strange {
  readonly anomalies?: readonly Anomaly[];
  readonly anomalySummary?: AnomalySummary;
}

/** How many rows are flagged, and how many chance would flag. */
export function anomalySentence({ level, scored, flagged, byChance }: AnomalySummary): string {
  if (scored === 0) return "No row could be scored: there are too few errors to measure intervals from.";
  const outside = flagged === 1 ? "lies" : "lie";
  return `${flagged} of ${counted(scored, "row")} ${outside} outside of what ${percentOf(level)} of them were expected to; chance alone would flag about ${shown(byChance, 2)}.`;
}

/** "99 %". */
export function percentOf(share: number): string {
  return `${Number((100 * share).toFixed(4))} %`;
}

/** Rows that the text shows: the most surprising ones. */
const shownRows = 10;

/** The most surprising rows first. */
export function mostSurprising(anomalies: readonly Anomaly[], most: number): readonly Anomaly[] {
  return [...anomalies].sort((a, b) => b.score - a.score).slice(0, most);
}

/** Heads of the columns of `anomalyCells`. */
export const anomalyTitles: readonly string[] = ["time", "actual", "expected", "from", "to", "score", ""];

/** A row of the table; the last cell says whether the row was trained on. */
export function anomalyCells({ id, time, actual, expected, lower, upper, score, inSample }: Anomaly): string[] {
  const where = id === null ? time : `${id}, ${time}`;
  return [where, shown(actual), shown(expected), shown(lower), shown(upper), shown(score, 3), inSample ? "trained on" : "unseen"];
}

/** The sentence and the most surprising rows as lines of text; nothing unless asked for. */
export function anomalyLines({ anomalies = [], anomalySummary }: Strange, paint: Paint): string[] {
  if (anomalySummary === undefined) return [];
  const rows = mostSurprising(anomalies, shownRows).map(anomalyCells);
  const table = [anomalyTitles, ...rows];
  const widths = anomalyTitles.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const [head = "", ...lines] = table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const more = anomalies.length - rows.length;
  return [
    paint("bold", anomalySentence(anomalySummary)),
    ...(rows.length === 0 ? [] : [paint("dim", head), ...lines]),
    ...(more > 0 ? [`... ${counted(more, "more row")} in anomalies.csv`] : []),
  ];
}

const columns = ["id", "target", "time", "actual", "expected", "lower", "upper", "probability", "score", "inSample", "flagged"] as const;

/** Every scored row. */
export function anomaliesCsv(scores: readonly RowScore[]): string {
  const text = (value: RowScore[(typeof columns)[number]]): string => cellText(typeof value === "boolean" ? String(value) : value);
  return `${[columns.join(","), ...scores.map((score) => columns.map((name) => text(score[name])).join(","))].join("\n")}\n`;
}
