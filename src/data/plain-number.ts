// Plain numbers read digit by digit, where that gives the very double that their text names.

/** Powers of ten that a double holds exactly. */
const powers = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
/** Whole numbers of so many digits are exact, and dividing one by an exact power of ten rounds once, as it should. */
const mostDigits = 15;

/** What `readPlain` saw beside the value. */
export const plainFound: {
  /** "1.234": a thousand where decimals are commas. */
  isGrouped: boolean;
  hasPoint: boolean;
  /** "007" and "+7" are written as names are: their text says more than their value. */
  isName: boolean;
} = { isGrouped: false, hasPoint: false, isName: false };

/** The number in a text, or NaN if it takes a slower reader: exponents, groups, more than 15 digits, words. */
export function readPlain(text: string, decimal: "." | ","): number {
  const separator = decimal === "." ? 0x2e : 0x2c;
  let at = 0;
  const end = text.length;
  const sign = text.charCodeAt(at);
  if (sign === 0x2d || sign === 0x2b) at++;
  const first = at;
  let [whole, digits, point] = [0, 0, -1];
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    const digit = code - 48;
    if (digit >= 0 && digit <= 9) {
      whole = 10 * whole + digit;
      if (whole > 0) digits++;
    } else if (code === separator && point < 0) point = at;
    else return Number.NaN;
  }
  const decimals = point < 0 ? 0 : end - point - 1;
  const integers = (point < 0 ? end : point) - first;
  if (digits > mostDigits || decimals > 22 || integers + decimals === 0) return Number.NaN;
  plainFound.isGrouped = decimals === 3 && integers >= 1 && integers <= 3 && text.charCodeAt(first) !== 0x30;
  plainFound.hasPoint = point >= 0;
  plainFound.isName = (point < 0 && integers > 1 && text.charCodeAt(first) === 0x30) || sign === 0x2b;
  const value = whole / powers[decimals]!;
  return sign === 0x2d ? -value : value;
}
