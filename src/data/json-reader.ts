// The objects of a JSON text one by one: a list of them, or one per line, without reading the whole text first.

import { DataError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { joined } from "./decode.js";

/** An object that goes on for so long holds more than a row. */
const longestObject = 1 << 28;
const decoder = new TextDecoder();
const [quote, backslash, open, close, lineFeed] = [0x22, 0x5c, 0x7b, 0x7d, 0x0a];

/** Feeds each object to a function as it becomes complete. */
export class JsonReader {
  readonly #place: { readonly file?: string };
  readonly #onObject: (value: Readonly<Record<string, unknown>>, line: number) => void;
  #rest: Uint8Array = new Uint8Array(0);
  #line = 1;

  constructor(place: { readonly file?: string }, onObject: (value: Readonly<Record<string, unknown>>, line: number) => void) {
    this.#place = place;
    this.#onObject = onObject;
  }

  /** @throws DataError `bad_json` */
  push(block: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? block : joined(this.#rest, block);
    let at = 0;
    for (;;) {
      at = this.#skip(bytes, at);
      const end = at < bytes.length ? objectEnd(bytes, at) : -1;
      if (end < 0) break;
      this.#onObject(this.#parse(bytes.subarray(at, end)), this.#line);
      for (let i = at; i < end; i++) if (bytes[i] === lineFeed) this.#line++;
      at = end;
    }
    this.#rest = bytes.slice(at);
    if (this.#rest.length > longestObject) throw this.#bad("an object is opened and never closed");
  }

  /** @throws DataError `bad_json` if the text ends inside an object */
  end(): void {
    if (this.#rest.length > 0) throw this.#bad("an object is opened and never closed");
  }

  /** Blanks, commas and brackets between objects; anything else is no table. */
  #skip(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      const code = bytes[at]!;
      if (code === open) return at;
      if (code === lineFeed) this.#line++;
      else if (code > 0x20 && code !== 0x2c && code !== 0x5b && code !== 0x5d)
        throw this.#bad(`"${String.fromCharCode(code)}" where an object should begin`);
    }
    return bytes.length;
  }

  #parse(bytes: Uint8Array): Readonly<Record<string, unknown>> {
    try {
      // NaN and Infinity are no JSON, but Python writes them; a number too large for a double is infinite.
      const text = decoder.decode(bytes);
      const value: unknown = JSON.parse(
        /\b(?:NaN|Infinity)\b/.test(text)
          ? text
              .replace(/([:[,]\s*)NaN(?=\s*[,}\]])/g, "$1null")
              .replace(/([:[,]\s*-?)Infinity(?=\s*[,}\]])/g, (_, before: string) => `${before}1e999`)
          : text,
      );
      if (isRecord(value)) return value;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw this.#bad("this is no JSON object");
  }

  #bad(what: string): DataError {
    const place = { ...this.#place, line: this.#line };
    return new DataError("bad_json", `line ${this.#line}: ${what}.`, "One object per row is needed, in a list or one per line.", place);
  }
}

/** The place after the closing brace of the object at `start`, -1 if it is not there yet. */
function objectEnd(bytes: Uint8Array, start: number): number {
  let [depth, inside] = [0, false];
  for (let at = start; at < bytes.length; at++) {
    const code = bytes[at];
    if (inside) {
      if (code === backslash) at++;
      else if (code === quote) inside = false;
    } else if (code === quote) inside = true;
    else if (code === open) depth++;
    else if (code === close) {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}
