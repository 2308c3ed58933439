// Pieces of sentences: names, of many the first few, and how many rows.

const shown = 3;

/** "a, b, c and 4 more" */
export function namesOf(names: readonly string[]): string {
  return names.length > shown ? `${names.slice(0, shown).join(", ")} and ${names.length - shown} more` : names.join(", ");
}

/** "1 row", "7 rows" */
export function rowsOf(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}

/** "the last row", "the last 7 rows" */
export function lastRows(count: number): string {
  return count === 1 ? "the last row" : `the last ${count} rows`;
}
