// Records of a separated text with their line numbers: finds the delimiter, parses quotes, checks the field counts.

import { CsvError, parse } from "csv-parse/browser/esm/sync";
import { DataError } from "../base/errors.js";
import { shortName } from "./decode.js";
import type { Delimiter } from "./types.js";

export interface CsvRecord {
  readonly fields: readonly string[];
  /** Where the record begins, counted from 1. */
  readonly line: number;
}

export interface CsvText {
  readonly records: readonly CsvRecord[];
  readonly delimiter: Delimiter;
}

/**
 * Parses the whole text.
 * @throws DataError `empty_file`, `field_count`, `bad_quote`
 */
export function parseCsv(text: string, options: { readonly delimiter?: Delimiter; readonly file?: string } = {}): CsvText {
  const place = options.file === undefined ? {} : { file: options.file };
  if (text.trim() === "") throw new DataError("empty_file", `${shortName(options.file)} is empty.`, "", place);
  const delimiter = options.delimiter ?? findDelimiter(text);
  const records = readRecords(text, delimiter, place);
  const header = records[0];
  if (header === undefined) throw new DataError("empty_file", `${shortName(options.file)} is empty.`, "", place);
  return { records, delimiter };
}

/**
 * Every record must be as long as the first.
 * @throws DataError `field_count`
 */
export function checkFieldCounts(records: readonly CsvRecord[], hasHeader: boolean, file?: string): void {
  const width = records[0]!.fields.length;
  const bad = records.find((record) => record.fields.length !== width);
  if (bad === undefined) return;
  const fields = bad.fields.length === 1 ? "1 field" : `${bad.fields.length} fields`;
  const other = hasHeader ? `the header ${width}` : `line ${records[0]!.line} has ${width}`;
  const place = { ...(file === undefined ? {} : { file }), line: bad.line };
  throw new DataError("field_count", `line ${bad.line} has ${fields}, ${other}.`, "A quoted comma?", place);
}

function readRecords(text: string, delimiter: Delimiter, place: { file?: string }): CsvRecord[] {
  const records: CsvRecord[] = [];
  let read = 0;
  try {
    parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      // With \r alone among \n files the detection of csv-parse would take the first ending seen for all.
      record_delimiter: ["\r\n", "\n", "\r"],
      on_record: (fields: string[], context: { lines: number }) => {
        const inner = fields.reduce((sum, field) => sum + (field.includes("\n") ? field.split("\n").length - 1 : 0), 0);
        read = context.lines;
        records.push({ fields: fields.map((field) => field.trim()), line: context.lines - inner });
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const isOpen = error.code === "CSV_QUOTE_NOT_CLOSED";
    // csv-parse names the last line of the file; the quote was opened in the record after the last whole one.
    const line = isOpen ? read + 1 : typeof error.lines === "number" ? error.lines : 1;
    const what = isOpen ? "a quote is opened and never closed" : "a quote stands inside a field";
    throw new DataError("bad_quote", `line ${line}: ${what}.`, 'Double it ("") or quote the whole field.', { ...place, line });
  }
  return records.filter((record) => record.fields.some((field) => field !== ""));
}

/**
 * The candidate that splits most of the first lines into the same number of fields, more than one. A tie goes to the
 * semicolon, then the tab (commas then are decimals). A file with one column has none: comma.
 */
export function findDelimiter(text: string): Delimiter {
  const lines = text
    .slice(0, 65_536)
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== "")
    .slice(0, 50);
  let best: Delimiter = ",";
  let bestScore = 0;
  for (const candidate of [";", "\t", ","] as const) {
    const counts = lines.map((line) => countOutsideQuotes(line, candidate));
    const typical = counts[0] ?? 0;
    if (typical === 0) continue;
    const share = counts.filter((n) => n === typical).length / counts.length;
    if (share > bestScore) {
      best = candidate;
      bestScore = share;
    }
  }
  return best;
}

function countOutsideQuotes(line: string, delimiter: string): number {
  let inside = false;
  let found = 0;
  for (const char of line) {
    if (char === '"') inside = !inside;
    else if (char === delimiter && !inside) found++;
  }
  return found;
}
