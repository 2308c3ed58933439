// Values that a checkpoint keeps: JSON with tensors in it, and numbers that JSON does not know.

import type { DType } from "./dtype.js";
import { UsageError } from "./errors.js";
import { HostTensor, hostTensor, type Tensor } from "./tensor.js";
import { isRecord } from "./tree.js";

/** JSON, with tensors as leaves where there is much to keep. NaN, the infinities and -0 survive. */
export type Stored = null | boolean | number | string | Tensor | readonly Stored[] | { readonly [name: string]: Stored };

/** Numbers of one tensor, as its backend holds them. */
export interface StoredArray {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: HostTensor["exact"];
}

/** Plain JSON; tensors are replaced by their name among `arrays`, which are filled. Throws UsageError `cannot_store`. */
export function toPlain(value: Stored, arrays: Map<string, StoredArray>, path: string): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: shownNumber(value) };
  if (value instanceof HostTensor) {
    arrays.set(path, { shape: value.shape, dtype: value.dtype, data: value.exact });
    return { $tensor: path };
  }
  if (Array.isArray(value)) return value.map((entry: Stored, index) => toPlain(entry, arrays, `${path}/${index}`));
  if (isRecord(value)) {
    const entries = Object.entries(value as { readonly [name: string]: Stored }).filter(([, entry]) => entry !== undefined);
    const plain = entries.map(([name, entry]): [string, unknown] => [name, toPlain(entry, arrays, `${path}/${name}`)]);
    // A record of the user's own may have such names too.
    return entries.some(([name]) => name.startsWith("$") || name === "__proto__") ? { $entries: plain } : Object.fromEntries(plain);
  }
  throw new UsageError({
    code: "cannot_store",
    what: `${path} is a ${typeof value}, which a checkpoint cannot hold`,
    hint: "A state consists of numbers, texts, lists, records and tensors.",
  });
}

/** What `toPlain` was given. Null if the JSON was not written by it. */
export function fromPlain(plain: unknown, arrays: ReadonlyMap<string, StoredArray>): Stored {
  if (plain === null || typeof plain === "boolean" || typeof plain === "string" || typeof plain === "number") return plain;
  if (Array.isArray(plain)) return plain.map((entry) => fromPlain(entry, arrays));
  if (!isRecord(plain)) return null;
  if ("$number" in plain) return Number(plain.$number);
  if (typeof plain.$tensor === "string") {
    const found = arrays.get(plain.$tensor);
    return found === undefined ? null : hostTensor(found.data, found.shape, found.dtype);
  }
  const entries: readonly unknown[] = Array.isArray(plain.$entries) ? plain.$entries : Object.entries(plain);
  return Object.fromEntries(
    entries.flatMap((pair): [string, Stored][] => (Array.isArray(pair) ? [[String(pair[0]), fromPlain(pair[1], arrays)]] : [])),
  );
}

function shownNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
