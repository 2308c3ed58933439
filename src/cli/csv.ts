// Writes forecast rows as CSV that spreadsheets and this program read back.
import type { ForecastRow } from "../tasks/forecast/types.js";

const columns = ["part", "time", "target", "actual", "value", "lower80", "upper80", "lower95", "upper95"] as const;

/** Lines that are joined at once: those of many series would be more than all else that is in memory. */
const linesAtOnce = 1000;

/**
 * The text in pieces, one after the other. `part` says whether a row was held out (`holdout`) or lies beyond the data (`forecast`).
 */
export function* forecastCsv(parts: Readonly<Record<string, readonly ForecastRow[]>>): Generator<string> {
  // One series needs no column for its name.
  const hasIds = Object.values(parts).some((rows) => rows.some(({ id }) => id !== null));
  let lines = [[...(hasIds ? ["id"] : []), ...columns].join(",")];
  for (const [part, rows] of Object.entries(parts)) {
    for (const row of rows) {
      const cells = [
        ...(hasIds ? [row.id] : []),
        part,
        row.time,
        row.target,
        row.actual,
        row.value,
        row.lower80,
        row.upper80,
        row.lower95,
        row.upper95,
      ];
      lines.push(cells.map(cellText).join(","));
      if (lines.length < linesAtOnce) continue;
      yield `${lines.join("\n")}\n`;
      lines = [];
    }
  }
  if (lines.length > 0) yield `${lines.join("\n")}\n`;
}

/** A cell that nothing in it can break. */
export function cellText(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  return /[",\n\r]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value;
}
