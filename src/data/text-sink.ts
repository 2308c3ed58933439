// A table from a stream of text: separated columns or JSON, told by how the text begins.

import { DataError } from "../base/errors.js";
import { joined, shortName } from "./decode.js";
import { delimiters, findDelimiter } from "./delimiter.js";
import { JsonReader } from "./json-reader.js";
import { JsonTable } from "./json-table.js";
import { RecordReader } from "./record-reader.js";
import { placeOf, TableBuilder } from "./table-builder.js";
import type { Table, TableOptions } from "./types.js";

/** Enough to see how the columns are separated. */
const headSize = 65_536;

interface Parts {
  push(bytes: Uint8Array): void;
  /** The table, once everything is read. */
  end(): Table;
}

/** Takes blocks of UTF-8 and gives the table at the end. */
export class TextSink {
  readonly #options: TableOptions;
  #head: Uint8Array = new Uint8Array(0);
  #parts: Parts | null = null;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** @throws DataError `field_count`, `bad_quote`, `duplicate_column`, `bad_json` */
  push(bytes: Uint8Array): void {
    if (this.#parts !== null) {
      this.#parts.push(bytes);
      return;
    }
    this.#head = joined(this.#head, bytes);
    if (this.#head.length >= headSize) this.#begin();
  }

  /** @throws DataError `empty_file`, `no_rows` */
  end(): Table {
    return (this.#parts ?? this.#begin()).end();
  }

  #begin(): Parts {
    const { file } = this.#options;
    const text = new TextDecoder().decode(this.#head.subarray(0, headSize));
    if (text.trim() === "" && this.#head.length < headSize)
      throw new DataError("empty_file", `${shortName(file)} is empty.`, "", placeOf(file));
    this.#parts = isJson(text) ? this.#json() : this.#separated(text);
    this.#parts.push(this.#head);
    this.#head = new Uint8Array(0);
    return this.#parts;
  }

  #separated(head: string): Parts {
    // Excel's own way to say it, as a line before the header.
    const said = /^sep=([,;\t|])\r?\n/i.exec(head);
    if (said !== null) this.#head = this.#head.subarray(said[0].length);
    const delimiter = this.#options.delimiter ?? delimiters.find((each) => each === said?.[1]) ?? findDelimiter(head);
    const builder = new TableBuilder(delimiter, this.#options, said === null ? 0 : 1);
    const reader = new RecordReader(delimiter, placeOf(this.#options.file), (cells, line) => builder.add(cells, line));
    return {
      push: (bytes) => reader.push(bytes),
      end() {
        reader.end();
        return builder.finish();
      },
    };
  }

  #json(): Parts {
    const table = new JsonTable(this.#options);
    const reader = new JsonReader(placeOf(this.#options.file), (value, line) => table.add(value, line));
    return {
      push: (bytes) => reader.push(bytes),
      end() {
        reader.end();
        return table.finish();
      },
    };
  }
}

/** An object, or a list of objects; nothing else that is JSON is a table, and a list of lists is told so. */
function isJson(text: string): boolean {
  return /^\s*(?:\[\s*)?\{/.test(text) || /^\s*\[\s*\[/.test(text) || /^\s*\[\s*\]\s*$/.test(text);
}
