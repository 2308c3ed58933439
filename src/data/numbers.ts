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
 * Whether a cell says that its column is written with decimal commas: "12,5" does. In a comma-separated file none does, and
 * "1,234" alone is a decimal only between semicolons.
 */
export function isCommaDecimal(cell: string, delimiter: string): boolean {
  return delimiter !== "," && commaNumber.test(cell) && (delimiter === ";" || !groupedByComma.test(cell));
}

/** Whether a cell is one number with decimal points and another with decimal commas: "1.234", "1,234". */
export function isAmbiguousNumber(cell: string): boolean {
  return groupedByPoint.test(cell) || groupedByComma.test(cell);
}

/** Tests for "this cell is missing": by its text, and by its value where it is a number. */
export interface MissingTest {
  isMissing(cell: string): boolean;
  readonly missingNumbers: ReadonlySet<number>;
}

/** The test for the usual words and for those the user adds. */
export function missingTest(extra: readonly string[]): MissingTest {
  const words = new Set([...missingWords, ...extra.map((word) => word.trim().toLowerCase())]);
  const missingNumbers = new Set(extra.map((word) => parseNumber(word, ".")).filter((value) => !Number.isNaN(value)));
  const longest = Math.max(...[...words].map((word) => word.length));
  return {
    missingNumbers,
    isMissing(cell) {
      if (cell.length <= longest && words.has(cell.toLowerCase())) return true;
      return missingNumbers.size > 0 && missingNumbers.has(parseNumber(cell, "."));
    },
  };
}

/** Infinity is no measurement: "1e999" is treated like a word. */
function finite(text: string): number {
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}
