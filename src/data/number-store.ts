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

/** What a chunk of numbers is kept as. A ramp is (base + step i) / scale, offsets of so many bits are (base + offset) / scale. */
type Chunk =
  | { readonly kind: "ramp"; readonly base: number; readonly step: number; readonly scale: number }
  | {
      readonly kind: "offsets";
      readonly base: number;
      readonly bits: number;
      readonly words: Uint32Array;
      /** The offset that stands for NaN, -1 if there is none. */
      readonly hole: number;
      readonly scale: number;
    }
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
    const offset = offsetAt(chunk.words, chunk.bits, at);
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

// Filled anew for every chunk: fresh arrays would be most of the garbage of a large file.
const whole = new Float64Array(chunkSize);

function packed(values: Float64Array, scale: number): Chunk | null {
  let [least, most, holes, isRamp] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, true];
  for (let i = 0; i < chunkSize; i++) {
    const value = Math.round(values[i]! * scale);
    whole[i] = value;
    if (Number.isNaN(value)) holes++;
    else if (value < least) least = value;
    if (value > most) most = value;
    isRamp &&= i < 2 || value - whole[i - 1]! === whole[1]! - whole[0]!;
  }
  if (holes === chunkSize) return { kind: "ramp", base: Number.NaN, step: 0, scale };
  if (isRamp && holes === 0) return { kind: "ramp", base: whole[0]!, step: whole[1]! - whole[0]!, scale };
  const hole = holes > 0 ? most - least + 1 : -1;
  const width = Math.ceil(Math.log2(Math.max(most - least, hole) + 1)) || 1;
  // Above it a single or double is smaller, or as small.
  return width > 31 ? null : { kind: "offsets", base: least, bits: width, words: packOffsets(least, hole, width), hole, scale };
}

/** The offsets of `whole` from `base`, `width` bits each, one after the other. */
function packOffsets(base: number, hole: number, width: number): Uint32Array {
  // One word more, so that reading may always look at two.
  const words = new Uint32Array((chunkSize * width) / 32 + 1);
  for (let i = 0; i < chunkSize; i++) {
    const offset = Number.isNaN(whole[i]!) ? hole : whole[i]! - base;
    const bit = i * width;
    const [word, shift] = [bit >>> 5, bit & 31];
    words[word]! |= offset << shift;
    if (shift + width > 32) words[word + 1]! |= offset >>> (32 - shift);
  }
  return words;
}

function offsetAt(words: Uint32Array, width: number, i: number): number {
  const bit = i * width;
  const [word, shift] = [bit >>> 5, bit & 31];
  const low = words[word]! >>> shift;
  const joined = shift + width > 32 ? low | (words[word + 1]! << (32 - shift)) : low;
  return joined & (2 ** width - 1);
}

/** Single precision where that is what the numbers were written from. */
function plain(values: Float64Array): Chunk {
  const isSingle = values.every((value) => Number.isNaN(value) || Math.fround(value) === value);
  return { kind: "plain", values: isSingle ? Float32Array.from(values) : values.slice() };
}
