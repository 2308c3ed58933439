// The rows at the end of a series, in words.

import { counted } from "../../base/words.js";

/** "the last row", "the last 7 rows" */
export function lastRows(count: number): string {
  return count === 1 ? "the last row" : `the last ${counted(count, "row")}`;
}
