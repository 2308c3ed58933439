// Which character separates the columns: the one that cuts the first lines into equally many fields.

import type { Delimiter } from "./types.js";

/** What may separate columns, the likeliest of equals first. */
export const delimiters: readonly Delimiter[] = [";", "\t", "|", ","];

/**
 * The candidate that splits most of the first lines into the same number of fields, more than one. A tie goes to the
 * semicolon, then the tab (commas then are decimals). A file with one column has none: comma.
 */
export function findDelimiter(text: string): Delimiter {
  const lines = text
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== "")
    .slice(0, 50);
  let best: Delimiter = ",";
  let bestScore = 0;
  for (const candidate of delimiters) {
    const counts = lines.map((line) => countOutsideQuotes(line, candidate));
    // The commonest count and not the first line's: that may be a title.
    const share = Math.max(0, ...counts.map((n) => (n === 0 ? 0 : counts.filter((other) => other === n).length))) / counts.length;
    if (share > bestScore) {
      best = candidate;
      bestScore = share;
    }
  }
  return best;
}

function countOutsideQuotes(line: string, delimiter: string): number {
  let inside = false;
  let found = 0;
  for (const char of line) {
    if (char === '"') inside = !inside;
    else if (char === delimiter && !inside) found++;
  }
  return found;
}
