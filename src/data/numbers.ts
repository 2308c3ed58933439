// When is a cell a number: points or commas for decimals, grouped thousands, and the words that mean "missing".

const plainNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
// "0,512" is no thousand: groups begin with another digit.
const groupedByComma = /^[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/;
const commaNumber = /^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)?,\d+(?:[eE][+-]?\d+)?$/;
const groupedByPoint = /^[+-]?[1-9]\d{0,2}(?:\.\d{3})+$/;

/** Always missing, in any case; users add their own. */
const missingWords: readonly string[] = ["", "na", "n/a", "#n/a", "nan", "null", "?"];

// What people and spreadsheets write around and inside a number: currencies, percent signs, blanks or apostrophes between thousands.
const around = /^[€$£¥]\s?|\s?[€$£¥%]$/g;
const blankGroups = /^[+-]?\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?$/;
const inBrackets = /^\((.+)\)$/;

/**
 * The cell's finite number, or NaN if it is none. `decimal` says what separates the fraction in this column. Currency and
 * percent signs are left out (12 % is 12), brackets are minus as accountants write it.
 */
export function parseNumber(cell: string, decimal: "." | ","): number {
  const text = cell.trim();
  const value = parseBare(text, decimal);
  // Most cells that are no plain number are words: they leave here.
  if (!Number.isNaN(value) || !/^[+-]?[(€$£¥]?[(€$£¥]?\s?[+-]?[\d.,]/.test(text)) return value;
  const inner = inBrackets.exec(text);
  if (inner !== null) return -parseNumber(inner[1]!, decimal);
  const bare = bareOf(text);
  const joined = blankGroups.test(bare) ? bare.replace(/[ \u00a0\u202f'’]/g, "") : bare;
  return joined === text ? Number.NaN : parseBare(joined, decimal);
}

function parseBare(text: string, decimal: "." | ","): number {
  if (decimal === ",") {
    if (commaNumber.test(text) || groupedByPoint.test(text)) return finite(text.replaceAll(".", "").replace(",", "."));
    return plainNumber.test(text) ? finite(text) : Number.NaN;
  }
  if (plainNumber.test(text)) return finite(text);
  return groupedByComma.test(text) ? finite(text.replaceAll(",", "")) : Number.NaN;
}

/**
 * Whether a cell says that its column is written with decimal commas: "12,5" does, in quotes also between commas, as
 * spreadsheets write it in some countries. "1,234" alone is a decimal only between semicolons.
 */
export function isCommaDecimal(text: string, delimiter: string): boolean {
  const cell = text.replace(around, "").replace(/[ \u00a0\u202f'’](?=\d{3})/g, "");
  return commaNumber.test(cell) && (delimiter === ";" || !groupedByComma.test(cell));
}

/** Whether a cell is one number with decimal points and another with decimal commas: "1.234", "1,234 €". */
export function isAmbiguousNumber(cell: string): boolean {
  const bare = bareOf(cell);
  return groupedByPoint.test(bare) || groupedByComma.test(bare);
}

/** What the point in a number says: a "group" if it may part thousands, as in "1.234", "groups" if it does, "fraction" if it is a decimal. */
export function pointOf(cell: string): "none" | "group" | "groups" | "fraction" {
  const bare = bareOf(cell);
  const first = bare.indexOf(".");
  if (first < 0) return "none";
  if (!groupedByPoint.test(bare)) return "fraction";
  return bare.lastIndexOf(".") > first ? "groups" : "group";
}

/** A number without the currency, percent sign or brackets around it. */
function bareOf(cell: string): string {
  const inner = inBrackets.exec(cell)?.[1] ?? cell;
  return inner.replace(around, "").replace(/^([+-])\s?[€$£¥]\s?/, "$1");
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
