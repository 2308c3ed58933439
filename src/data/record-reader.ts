// Splits a stream of UTF-8 bytes into records and fields with csv-parse, piece by piece, and knows the line of each record.

import { CsvError, parse } from "csv-parse/browser/esm/sync";
import { DataError } from "../base/errors.js";
import { joined } from "./decode.js";

/** A line that goes on for so long is none, and a quote in it was never closed. */
const longestLine = 1 << 24;
/** The library holds a piece several times over while it reads it. */
const mostAtOnce = 1 << 17;
const decoder = new TextDecoder();

const [quote, lineFeed, carriageReturn, blank, tab] = [0x22, 0x0a, 0x0d, 0x20, 0x09];

/** The trimmed fields of one record, and the line it begins on, counted from 1. */
export type OnRecord = (fields: readonly string[], line: number) => void;

/** Feeds whole records to a function as they become complete. Records without any text are left out. */
export class RecordReader {
  readonly #delimiter: string;
  readonly #place: { readonly file?: string };
  readonly #onRecord: OnRecord;
  #rest: Uint8Array = new Uint8Array(0);
  /** How much of the rest was looked at, and whether a quote is open there. */
  #seen = 0;
  #isOpen = false;
  /** Lines of the pieces that are read. */
  #lines = 0;

  constructor(delimiter: string, place: { readonly file?: string }, onRecord: OnRecord) {
    this.#delimiter = delimiter;
    this.#place = place;
    this.#onRecord = onRecord;
  }

  /** @throws DataError `bad_quote`, `long_line` */
  push(block: Uint8Array): void {
    for (let at = 0; at < block.length; at += mostAtOnce) this.#push(block.subarray(at, at + mostAtOnce));
  }

  #push(block: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? block : joined(this.#rest, block);
    const end = this.#lastEnd(bytes);
    if (end > 0) this.#read(bytes.subarray(0, end));
    // Copied: the block belongs to whoever read it.
    this.#rest = bytes.slice(end);
    this.#seen -= end;
    if (this.#rest.length <= longestLine) return;
    if (this.#isOpen) this.end();
    else throw this.#longLine();
  }

  /** @throws DataError `bad_quote` */
  end(): void {
    this.#read(this.#rest);
    this.#rest = new Uint8Array(0);
  }

  /**
   * Where the last complete record ends: after a line end with an even number of quotes before it. The last byte waits for the next
   * block, because it may be half of a line end.
   */
  #lastEnd(bytes: Uint8Array): number {
    let end = 0;
    let at = this.#seen;
    for (; at < bytes.length - 1; at++) {
      const code = bytes[at]!;
      if (code === quote) this.#isOpen = !this.#isOpen;
      else if (!this.#isOpen && (code === lineFeed || (code === carriageReturn && bytes[at + 1] !== lineFeed))) end = at + 1;
    }
    this.#seen = at;
    return end;
  }

  #read(piece: Uint8Array): void {
    if (piece.indexOf(quote) < 0) this.#readWithoutQuotes(decoder.decode(piece));
    else this.#readWithQuotes(piece);
  }

  /** Without a quote a record is a line, and a field what lies between two delimiters: most large files are so. */
  #readWithoutQuotes(piece: string): void {
    const lines = piece.split(/\r\n|\n|\r/);
    for (const [i, line] of lines.entries()) {
      const cells = line.split(this.#delimiter);
      for (let k = 0; k < cells.length; k++) cells[k] = cells[k]!.trim();
      if (cells.some((cell) => cell !== "")) this.#onRecord(cells, this.#lines + i + 1);
    }
    this.#lines += lines.length - 1;
  }

  #readWithQuotes(piece: Uint8Array): void {
    let from = 0;
    try {
      parse(decoder.decode(piece), {
        delimiter: this.#delimiter,
        relax_column_count: true,
        skip_empty_lines: true,
        trim: true,
        // With \r alone among \n files the detection of csv-parse would take the first ending seen for all.
        record_delimiter: ["\r\n", "\n", "\r"],
        on_record: (fields: string[], { bytes }: { bytes: number }) => {
          // The library counts a \r\n inside quotes twice, so lines are counted here.
          const start = afterBlankLines(piece, from);
          this.#lines += lineEnds(piece, from, start);
          const cells = fields.map((field) => field.trim());
          if (cells.some((cell) => cell !== "")) this.#onRecord(cells, this.#lines + 1);
          this.#lines += lineEnds(piece, start, bytes);
          from = bytes;
          return null;
        },
      });
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      this.#lines += lineEnds(piece, from, afterBlankLines(piece, from));
      throw this.#badQuote(error);
    }
    this.#lines += lineEnds(piece, from, piece.length);
  }

  #longLine(): DataError {
    const line = this.#lines + 1;
    const message = `line ${line} goes on for more than ${longestLine >> 20} MB.`;
    return new DataError("long_line", message, "A table with a line for each row is needed.", { ...this.#place, line });
  }

  /** The record after the last whole one has a quote where none may be. */
  #badQuote(error: CsvError): DataError {
    const isOpen = error.code === "CSV_QUOTE_NOT_CLOSED";
    const line = this.#lines + 1;
    const what = isOpen ? "a quote is opened and never closed" : "a quote stands inside a field";
    return new DataError("bad_quote", `line ${line}: ${what}.`, 'Double it ("") or quote the whole field.', { ...this.#place, line });
  }
}

/** Where the next record begins: behind lines without any text. */
function afterBlankLines(bytes: Uint8Array, from: number): number {
  let start = from;
  for (let at = from; at < bytes.length; at++) {
    const code = bytes[at]!;
    if (code === lineFeed || code === carriageReturn) start = at + 1;
    else if (code !== blank && code !== tab) break;
  }
  return start;
}

function lineEnds(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (bytes[at] === lineFeed || (bytes[at] === carriageReturn && bytes[at + 1] !== lineFeed)) count++;
  return count;
}
