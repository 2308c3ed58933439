// Writes forecast rows as CSV that spreadsheets and this program read back.
import type { ForecastRow } from "../tasks/forecast/types.js";

const columns = ["part", "time", "target", "actual", "value", "lower80", "upper80", "lower95", "upper95"] as const;

/** `part` says whether a row was held out (`holdout`) or lies beyond the data (`forecast`). */
export function forecastCsv(parts: Readonly<Record<string, readonly ForecastRow[]>>): string {
  // One series needs no column for its name.
  const hasIds = Object.values(parts).some((rows) => rows.some(({ id }) => id !== null));
  const lines = [[...(hasIds ? ["id"] : []), ...columns].join(",")];
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
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A cell that nothing in it can break. */
export function cellText(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  return /[",\n\r]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value;
}
