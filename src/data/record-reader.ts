// Splits a stream of UTF-8 bytes into records and fields: quotes, line ends of every kind, and the line of each record.

import { DataError } from "../base/errors.js";
import { joined } from "./decode.js";

/** A quoted field that goes on for so long was never closed. */
const longestQuote = 1 << 24;
const decoder = new TextDecoder();

const [quote, lineFeed, carriageReturn, blank, tab] = [0x22, 0x0a, 0x0d, 0x20, 0x09];

/** The fields of one record: places in `bytes`, valid until the next record is read. */
export class Fields {
  bytes: Uint8Array = new Uint8Array(0);
  count = 0;
  starts: Int32Array = new Int32Array(64);
  ends: Int32Array = new Int32Array(64);
  /** Fields in which each quote stands twice. */
  readonly #escaped: Set<number> = new Set();

  clear(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.count = 0;
    if (this.#escaped.size > 0) this.#escaped.clear();
  }

  add(start: number, end: number, isEscaped: boolean): void {
    if (this.count === this.starts.length) {
      this.starts = doubled(this.starts);
      this.ends = doubled(this.ends);
    }
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    if (isEscaped) this.#escaped.add(this.count);
    this.count++;
  }

  isEscaped(field: number): boolean {
    return this.#escaped.size > 0 && this.#escaped.has(field);
  }

  text(field: number): string {
    const text = decoder.decode(this.bytes.subarray(this.starts[field], this.ends[field])).trim();
    return this.isEscaped(field) ? text.replaceAll('""', '"') : text;
  }

  /** Whether every field is empty. */
  isBlank(): boolean {
    for (let field = 0; field < this.count; field++) if (this.starts[field] !== this.ends[field]) return false;
    return true;
  }
}

function doubled(values: Int32Array): Int32Array {
  const larger = new Int32Array(2 * values.length);
  larger.set(values);
  return larger;
}

/** Feeds whole records to a function as they become complete. Records without any text are left out. */
export class RecordReader {
  readonly #delimiter: number;
  readonly #place: { readonly file?: string };
  readonly #onRecord: (fields: Fields, line: number) => void;
  readonly #fields: Fields = new Fields();
  #rest: Uint8Array = new Uint8Array(0);
  /** The line on which the next record begins. */
  #line = 1;
  // Within one record: its lines, and the line of the quote that is open.
  #lines = 0;
  #quoteLine = 0;

  constructor(delimiter: string, place: { readonly file?: string }, onRecord: (fields: Fields, line: number) => void) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#place = place;
    this.#onRecord = onRecord;
  }

  get line(): number {
    return this.#line;
  }

  /** @throws DataError `bad_quote` */
  push(block: Uint8Array): void {
    this.#read(this.#rest.length === 0 ? block : joined(this.#rest, block), false);
  }

  /** @throws DataError `bad_quote` */
  end(): void {
    this.#read(this.#rest, true);
  }

  #read(bytes: Uint8Array, isLast: boolean): void {
    let at = 0;
    while (at < bytes.length) {
      const next = this.#record(bytes, at, isLast);
      if (next < 0) break;
      if (!this.#fields.isBlank()) this.#onRecord(this.#fields, this.#line);
      this.#line += this.#lines;
      at = next;
    }
    // Copied: the block belongs to whoever read it.
    this.#rest = bytes.slice(at);
    if (this.#rest.length > longestQuote) throw this.#neverClosed();
  }

  /** Reads one record from `start`; gives where the next begins, -1 if this one is not complete yet. */
  #record(bytes: Uint8Array, start: number, isLast: boolean): number {
    const fields = this.#fields;
    fields.clear(bytes);
    this.#lines = 0;
    let at = start;
    for (;;) {
      while (bytes[at] === blank || (bytes[at] === tab && this.#delimiter !== tab)) at++;
      at = bytes[at] === quote ? this.#quoted(bytes, at, isLast) : this.#plain(bytes, at);
      if (at < 0) return -1;
      const code = bytes[at];
      if (code === this.#delimiter && at < bytes.length) {
        at++;
        continue;
      }
      // A carriage return at the end of a block may be half of a line end.
      if (at >= bytes.length - (code === carriageReturn ? 1 : 0) && !isLast) return -1;
      this.#lines++;
      return at + (code === carriageReturn && bytes[at + 1] === lineFeed ? 2 : 1);
    }
  }

  /** An unquoted field; gives the place of what ends it. */
  #plain(bytes: Uint8Array, start: number): number {
    const delimiter = this.#delimiter;
    let at = start;
    for (; at < bytes.length; at++) {
      const code = bytes[at]!;
      if (code === delimiter || code === lineFeed || code === carriageReturn) break;
      if (code === quote) throw this.#badQuote(this.#line + this.#lines);
    }
    let end = at;
    while (end > start && (bytes[end - 1] === blank || bytes[end - 1] === tab)) end--;
    this.#fields.add(start, end, false);
    return at;
  }

  /** A quoted field; gives the place of what follows it, -1 if it goes on in the next block. */
  #quoted(bytes: Uint8Array, start: number, isLast: boolean): number {
    this.#quoteLine = this.#line + this.#lines;
    let hasDoubled = false;
    let at = start + 1;
    for (; at < bytes.length; at++) {
      const code = bytes[at]!;
      if (code === quote) {
        if (bytes[at + 1] !== quote) break;
        hasDoubled = true;
        at++;
      } else if (code === lineFeed || (code === carriageReturn && bytes[at + 1] !== lineFeed)) this.#lines++;
    }
    if (at >= bytes.length) {
      if (isLast) throw this.#neverClosed();
      return -1;
    }
    // The next block may begin with the second of two quotes.
    if (at === bytes.length - 1 && !isLast) return -1;
    let [from, to] = [start + 1, at];
    while (from < to && isSpace(bytes[from]!)) from++;
    while (to > from && isSpace(bytes[to - 1]!)) to--;
    this.#fields.add(from, to, hasDoubled);
    at++;
    while (at < bytes.length && (bytes[at] === blank || (bytes[at] === tab && this.#delimiter !== tab))) at++;
    const code = bytes[at];
    if (at >= bytes.length || code === this.#delimiter || code === lineFeed || code === carriageReturn) return at;
    throw this.#badQuote(this.#line + this.#lines);
  }

  #badQuote(line: number): DataError {
    const message = `line ${line}: a quote stands inside a field.`;
    return new DataError("bad_quote", message, 'Double it ("") or quote the whole field.', { ...this.#place, line });
  }

  #neverClosed(): DataError {
    const line = this.#quoteLine;
    const message = `line ${line}: a quote is opened and never closed.`;
    return new DataError("bad_quote", message, 'Double it ("") or quote the whole field.', { ...this.#place, line });
  }
}

function isSpace(code: number): boolean {
  return code === blank || code === tab || code === lineFeed || code === carriageReturn;
}
