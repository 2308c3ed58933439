// A long list of numbers in little memory: chunks of whole numbers with a common power of ten, exact to the last bit.

/** Numbers that are read by place, wherever they are kept. */
export interface Numbers {
  readonly length: number;
  get(index: number): number;
}

/** An array seen as `Numbers`. */
export function numbersOf(values: ArrayLike<number>): Numbers {
  return { length: values.length, get: (index) => values[index]! };
}

const bits = 12;
/** Numbers per chunk. */
export const chunkSize: number = 1 << bits;
const mostDecimals = 9;
const powers = Array.from({ length: mostDecimals + 1 }, (_, decimals) => 10 ** decimals);

type Offsets = Int8Array | Int16Array | Int32Array;

/** What a chunk of numbers is kept as. A ramp is (base + step i) / scale, offsets are (base + offset) / scale. */
type Chunk =
  | { readonly kind: "ramp"; readonly base: number; readonly step: number; readonly scale: number }
  | { readonly kind: "offsets"; readonly base: number; readonly offsets: Offsets; readonly hole: number; readonly scale: number }
  | { readonly kind: "plain"; readonly values: Float32Array | Float64Array };

/** Grows at its end; NaN is a value like others. Most columns of a file need half a byte to four bytes per number. */
export class NumberStore implements Numbers {
  readonly #chunks: Chunk[] = [];
  // Wide tables have thousands of columns with few rows: a full chunk for each would be mostly air.
  #open: Float64Array = new Float64Array(16);
  #length = 0;
  #decimals = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    const at = this.#length & (chunkSize - 1);
    if (at === this.#open.length) this.#open = grown(this.#open);
    this.#open[at] = value;
    this.#length++;
    if (at === chunkSize - 1) this.#seal();
  }

  get(index: number): number {
    const chunk = this.#chunks[index >> bits];
    const at = index & (chunkSize - 1);
    if (chunk === undefined) return this.#open[at]!;
    if (chunk.kind === "plain") return chunk.values[at]!;
    if (chunk.kind === "ramp") return (chunk.base + chunk.step * at) / chunk.scale;
    const offset = chunk.offsets[at]!;
    return offset === chunk.hole ? Number.NaN : (chunk.base + offset) / chunk.scale;
  }

  toArray(): Float64Array {
    const values = new Float64Array(this.#length);
    for (let index = 0; index < values.length; index++) values[index] = this.get(index);
    return values;
  }

  #seal(): void {
    const values = this.#open;
    const decimals = commonDecimals(values, this.#decimals);
    // Chunks of one column are alike: the next one begins where this one ended.
    this.#decimals = Math.max(decimals, 0);
    this.#chunks.push((decimals < 0 ? null : packed(values, powers[decimals]!)) ?? plain(values));
  }
}

function grown(values: Float64Array): Float64Array {
  const larger = new Float64Array(Math.min(chunkSize, 4 * values.length));
  larger.set(values);
  return larger;
}

/** The fewest decimals (from `least` on) with which every value is a whole number over a power of ten, -1 if there is none. */
function commonDecimals(values: Float64Array, least: number): number {
  let decimals = least;
  for (const value of values) {
    while (!isWhole(value, powers[decimals]!)) {
      decimals++;
      if (decimals > mostDecimals) return -1;
    }
  }
  return decimals;
}

function isWhole(value: number, scale: number): boolean {
  if (Number.isNaN(value)) return true;
  const whole = Math.round(value * scale);
  return Math.abs(whole) < 2 ** 53 && whole / scale === value;
}

function packed(values: Float64Array, scale: number): Chunk | null {
  const whole = values.map((value) => Math.round(value * scale));
  let [least, most, holes] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of whole) {
    if (Number.isNaN(value)) holes++;
    else if (value < least) least = value;
    if (value > most) most = value;
  }
  if (holes === whole.length) return { kind: "ramp", base: Number.NaN, step: 0, scale };
  const base = whole[0]!;
  const step = whole[1]! - base;
  if (holes === 0 && whole.every((value, i) => value === base + step * i)) return { kind: "ramp", base, step, scale };
  const centre = Math.round((least + most) / 2);
  const half = Math.max(most - centre, centre - least);
  const length = whole.length;
  const offsets =
    half < 128 ? new Int8Array(length) : half < 32_768 ? new Int16Array(length) : half < 2 ** 31 ? new Int32Array(length) : null;
  if (offsets === null) return null;
  const hole = -(2 ** (8 * offsets.BYTES_PER_ELEMENT - 1));
  for (let i = 0; i < length; i++) offsets[i] = Number.isNaN(whole[i]!) ? hole : whole[i]! - centre;
  return { kind: "offsets", base: centre, offsets, hole, scale };
}

/** Single precision where that is what the numbers were written from. */
function plain(values: Float64Array): Chunk {
  const isSingle = values.every((value) => Number.isNaN(value) || Math.fround(value) === value);
  return { kind: "plain", values: isSingle ? Float32Array.from(values) : values.slice() };
}
