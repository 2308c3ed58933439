// A long list of cells in little memory: few words as codes, times as milliseconds, other texts without what they share.

import { writeIso } from "./iso-form.js";
import { chunkSize, NumberStore } from "./number-store.js";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
/** Above it words are no longer shared between chunks. */
const mostShared = 100_000;
/** Cells between two texts that are stored whole. */
const restart = 32;

type Chunk =
  | { readonly kind: "codes"; readonly words: readonly string[]; readonly codes: Uint8Array | Uint16Array | null; readonly hole: number }
  /** Milliseconds stand in `#times`. */
  | { readonly kind: "times"; readonly form: number }
  /**
   * Each cell: bytes shared with the one before, bytes of its own (both as varints, the second plus one, 0 for missing).
   * `starts` are the places of the cells that share nothing.
   */
  | { readonly kind: "front"; readonly bytes: Uint8Array; readonly starts: Uint32Array };

/** Grows at its end; null is a missing cell. Every cell comes back as it went in. */
export class TextStore {
  readonly #chunks: Chunk[] = [];
  #open: (string | null)[] = [];
  readonly #times: NumberStore = new NumberStore();
  readonly #shared: Map<string, string> = new Map();
  // Cells of the open chunk that came as times; -1 for others.
  #openForms: number[] = [];
  #openMs: number[] = [];
  #length = 0;
  /** The run of cells that was decoded last: most readers go forward. */
  #run: { first: number; cells: readonly (string | null)[] } = { first: -1, cells: [] };

  get length(): number {
    return this.#length;
  }

  push(cell: string | null): void {
    this.#append(cell, Number.NaN, -1);
  }

  /** A cell in one of the forms of `readIso`, without making a string of it. */
  pushTime(ms: number, form: number): void {
    this.#append(null, ms, form);
  }

  get(index: number): string | null {
    const number = Math.floor(index / chunkSize);
    const chunk = this.#chunks[number];
    const at = index - number * chunkSize;
    if (chunk === undefined) {
      const form = this.#openForms[at]!;
      return form >= 0 ? writeIso(this.#openMs[at]!, form) : this.#open[at]!;
    }
    if (chunk.kind === "codes") {
      const code = chunk.codes === null ? 0 : chunk.codes[at]!;
      return code === chunk.hole ? null : chunk.words[code]!;
    }
    if (chunk.kind === "times") {
      const ms = this.#times.get(index);
      return Number.isNaN(ms) ? null : writeIso(ms, chunk.form);
    }
    const inRun = at % restart;
    if (this.#run.first !== index - inRun) {
      const run = (at - inRun) / restart;
      this.#run = { first: index - inRun, cells: decodeFront(chunk.bytes.subarray(chunk.starts[run], chunk.starts[run + 1])) };
    }
    return this.#run.cells[inRun]!;
  }

  /** The time of a cell that is kept as one, else NaN. */
  time(index: number): number {
    const at = index - this.#chunks.length * chunkSize;
    if (at < 0) return this.#times.get(index);
    return this.#openForms[at]! >= 0 ? this.#openMs[at]! : Number.NaN;
  }

  #append(cell: string | null, ms: number, form: number): void {
    this.#open.push(cell);
    this.#openMs.push(ms);
    this.#openForms.push(form);
    this.#length++;
    if (this.#open.length === chunkSize) this.#seal();
  }

  #seal(): void {
    const form = this.#openForms.find((each) => each >= 0) ?? -1;
    const isTimes = form >= 0 && this.#openForms.every((each, i) => each === form || (each < 0 && this.#open[i] === null));
    for (const ms of this.#openMs) this.#times.push(isTimes ? ms : Number.NaN);
    if (isTimes) this.#chunks.push({ kind: "times", form });
    else {
      const cells = this.#open.map((cell, i) => (this.#openForms[i]! >= 0 ? writeIso(this.#openMs[i]!, this.#openForms[i]!) : cell));
      this.#chunks.push(this.#coded(cells) ?? encodeFront(cells));
    }
    this.#open = [];
    this.#openMs = [];
    this.#openForms = [];
  }

  /** Codes, if at most one cell in four is new. */
  #coded(cells: readonly (string | null)[]): Chunk | null {
    const places = new Map<string, number>();
    for (const cell of cells) if (cell !== null && !places.has(cell)) places.set(cell, places.size);
    if (4 * places.size > cells.length) return null;
    const hole = places.size;
    const words = [...places.keys()].map((word) => this.#share(word));
    if (words.length === 1 && !cells.includes(null)) return { kind: "codes", words, codes: null, hole };
    const codes = hole < 256 ? new Uint8Array(cells.length) : new Uint16Array(cells.length);
    cells.forEach((cell, i) => {
      codes[i] = cell === null ? hole : places.get(cell)!;
    });
    return { kind: "codes", words, codes, hole };
  }

  #share(word: string): string {
    const known = this.#shared.get(word);
    if (known !== undefined) return known;
    // A copy: a word cut out of a piece of the file would keep the whole piece.
    const own = decoder.decode(encoder.encode(word));
    if (this.#shared.size < mostShared) this.#shared.set(own, own);
    return own;
  }
}

function encodeFront(cells: readonly (string | null)[]): Chunk {
  const bytes: number[] = [];
  const starts: number[] = [];
  let before = new Uint8Array(0);
  cells.forEach((cell, i) => {
    if (i % restart === 0) {
      starts.push(bytes.length);
      before = new Uint8Array(0);
    }
    if (cell === null) {
      bytes.push(0, 0);
      return;
    }
    const own = encoder.encode(cell);
    let shared = 0;
    while (shared < own.length && shared < before.length && own[shared] === before[shared]) shared++;
    pushVarint(bytes, shared);
    pushVarint(bytes, own.length - shared + 1);
    for (let k = shared; k < own.length; k++) bytes.push(own[k]!);
    before = own;
  });
  return { kind: "front", bytes: Uint8Array.from(bytes), starts: Uint32Array.from(starts) };
}

function decodeFront(bytes: Uint8Array): (string | null)[] {
  const cells: (string | null)[] = [];
  let before = new Uint8Array(0);
  for (let at = 0; at < bytes.length; ) {
    const [shared, afterShared] = readVarint(bytes, at);
    const [size, begin] = readVarint(bytes, afterShared);
    at = begin + Math.max(0, size - 1);
    if (size === 0) {
      cells.push(null);
      continue;
    }
    const own = new Uint8Array(shared + size - 1);
    own.set(before.subarray(0, shared));
    own.set(bytes.subarray(begin, at), shared);
    cells.push(decoder.decode(own));
    before = own;
  }
  return cells;
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  bytes.push(rest);
}

function readVarint(bytes: Uint8Array, start: number): [value: number, end: number] {
  let [value, shift, at] = [0, 0, start];
  while (bytes[at]! >= 128) {
    value |= (bytes[at]! & 127) << shift;
    shift += 7;
    at++;
  }
  return [value | (bytes[at]! << shift), at + 1];
}
