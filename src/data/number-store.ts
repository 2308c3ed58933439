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
const chunkSize = 1 << bits;
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
  readonly #open: Float64Array = new Float64Array(chunkSize);
  #length = 0;
  #decimals = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    const at = this.#length & (chunkSize - 1);
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
    return Float64Array.from({ length: this.#length }, (_, index) => this.get(index));
  }

  #seal(): void {
    const values = this.#open;
    const decimals = commonDecimals(values, this.#decimals);
    this.#decimals = Math.max(decimals, 0);
    this.#chunks.push((decimals < 0 ? null : packed(values, powers[decimals]!)) ?? plain(values));
  }
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
  let [least, most, holes] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    if (Number.isNaN(value)) {
      holes++;
      continue;
    }
    const whole = Math.round(value * scale);
    if (whole < least) least = whole;
    if (whole > most) most = whole;
  }
  if (holes === values.length) return { kind: "ramp", base: Number.NaN, step: 0, scale };
  const base = Math.round((least + most) / 2);
  if (holes === 0 && isRamp(values, scale)) return rampOf(values, scale);
  const half = Math.max(most - base, base - least);
  const offsets = half < 128 ? new Int8Array(values.length) : half < 32_768 ? new Int16Array(values.length) : null;
  const room = offsets ?? (half < 2 ** 31 ? new Int32Array(values.length) : null);
  if (room === null) return null;
  const hole = -(2 ** (8 * room.BYTES_PER_ELEMENT - 1));
  values.forEach((value, i) => {
    room[i] = Number.isNaN(value) ? hole : Math.round(value * scale) - base;
  });
  return { kind: "offsets", base, offsets: room, hole, scale };
}

function rampOf(values: Float64Array, scale: number): Chunk {
  const base = Math.round(values[0]! * scale);
  return { kind: "ramp", base, step: Math.round(values[1]! * scale) - base, scale };
}

function isRamp(values: Float64Array, scale: number): boolean {
  const base = Math.round(values[0]! * scale);
  const step = Math.round(values[1]! * scale) - base;
  return values.every((value, i) => Math.round(value * scale) === base + step * i);
}

/** Single precision where that is what the numbers were written from. */
function plain(values: Float64Array): Chunk {
  const isSingle = values.every((value) => Number.isNaN(value) || Math.fround(value) === value);
  return { kind: "plain", values: isSingle ? Float32Array.from(values) : values.slice() };
}
