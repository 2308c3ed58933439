// Numbers that stand for "nothing was measured", such as -999: told by what they are and by how far they lie from all others.

/** What instruments, archives and statistics programs write; -1 is none of them, because it is near too many values. */
const codes: ReadonlySet<number> = new Set([
  ...[-9, -99, -999, -9999, -99_999, -999_999, -99.9, -99.99, -999.9, -999.99, -9999.9, -9999.99, -32_768, -1e20],
  ...[99, 999, 9999, 99_999, 999_999, 99.9, 99.99, 999.9, 999.99, 9999.9, 9999.99, 32_767, 65_535, 1e20],
]);
/** A code lies so many ranges of the other values away from them. */
const leastDistance = 2;

/** A code and how often it stands there. */
export interface MissingCode {
  readonly value: number;
  readonly count: number;
}

/** The least or largest value if it is such a code; null if there is none. Missing values do not count. */
export function missingCode(length: number, get: (row: number) => number): MissingCode | null {
  const search = new CodeSearch();
  for (let row = 0; row < length; row++) search.push(get(row));
  return search.code;
}

/** Looks for such a code among values that come one by one. */
export class CodeSearch {
  readonly #low: Extreme = new Extreme(1);
  readonly #high: Extreme = new Extreme(-1);

  push(value: number): void {
    if (Number.isNaN(value)) return;
    this.#low.push(value);
    this.#high.push(value);
  }

  get code(): MissingCode | null {
    const [low, high] = [this.#low, this.#high];
    const isFar = (end: Extreme, other: Extreme): boolean =>
      codes.has(end.value) && end.next !== other.value && Math.abs(end.next - end.value) > leastDistance * Math.abs(other.value - end.next);
    if (isFar(low, high)) return low;
    return isFar(high, low) ? high : null;
  }
}

/** The least value, how often it came, and the least of the others; the largest with a sign of -1. */
class Extreme implements MissingCode {
  readonly #sign: 1 | -1;
  value = Number.NaN;
  count = 0;
  next = Number.NaN;

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  push(value: number): void {
    if (value === this.value) this.count++;
    else if (!(this.#sign * value >= this.#sign * this.value)) [this.next, this.value, this.count] = [this.value, value, 1];
    else if (!(this.#sign * value >= this.#sign * this.next)) this.next = value;
  }
}

/** The sentence about a code, without a full stop. */
export function missingCodeWords(column: string, { value, count }: MissingCode): string {
  const often = count === 1 ? "once" : count === 2 ? "twice" : `${count} times`;
  return `${value} stands ${often} in ${column}, far from all other values: if it means missing, add --missing ${value}`;
}
