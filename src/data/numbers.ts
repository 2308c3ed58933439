// When is a cell a number: points or commas for decimals, grouped thousands, and the words that mean "missing".

const plainNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const groupedByComma = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const commaNumber = /^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)?,\d+(?:[eE][+-]?\d+)?$/;
const groupedByPoint = /^[+-]?\d{1,3}(?:\.\d{3})+$/;

/** Always missing, in any case; users add their own. */
const missingWords: readonly string[] = ["", "na", "nan", "null", "?"];

/** The cell's finite number, or NaN if it is none. `decimal` says what separates the fraction in this column. */
export function parseNumber(cell: string, decimal: "." | ","): number {
  const text = cell.trim();
  if (decimal === ",") {
    if (commaNumber.test(text) || groupedByPoint.test(text)) return finite(text.replaceAll(".", "").replace(",", "."));
    return plainNumber.test(text) ? finite(text) : Number.NaN;
  }
  if (plainNumber.test(text)) return finite(text);
  return groupedByComma.test(text) ? finite(text.replaceAll(",", "")) : Number.NaN;
}

/**
 * Whether a column is written with decimal commas. A comma-separated file is not: "1,234" there is a quoted thousand.
 * Elsewhere one cell such as "12,5" decides; "1,234" alone counts as a decimal comma only between semicolons.
 */
export function decimalOf(cells: Iterable<string | null>, delimiter: string): "." | "," {
  if (delimiter === ",") return ".";
  for (const cell of cells) {
    if (cell === null || !commaNumber.test(cell)) continue;
    if (delimiter === ";" || !groupedByComma.test(cell)) return ",";
  }
  return ".";
}

/** A test for "this cell is missing". */
export function missingTest(extra: readonly string[]): (cell: string) => boolean {
  const words = new Set([...missingWords, ...extra.map((word) => word.trim().toLowerCase())]);
  const values = new Set(extra.map((word) => parseNumber(word, ".")).filter((value) => !Number.isNaN(value)));
  return (cell) => {
    if (words.has(cell.toLowerCase())) return true;
    return values.size > 0 && values.has(parseNumber(cell, "."));
  };
}

/** Infinity is no measurement: "1e999" is treated like a word. */
function finite(text: string): number {
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}
