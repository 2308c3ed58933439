// HDF5 files through h5wasm, which is loaded when the first one is read or written.

import type { Group, File as H5File } from "h5wasm";
import { elementCount } from "../../base/dtype.js";
import { DataError } from "../../base/errors.js";
import { atFile } from "../../io/at-file.js";
import { halfValue } from "../../io/element-types.js";
import { quoted } from "../../io/json.js";
import type { ForeignArray } from "../arrays.js";

/** What a file holds: arrays by path without a leading slash, and the text attributes of its groups. */
export interface H5Content {
  readonly arrays: ReadonlyMap<string, ForeignArray>;
  readonly texts: ReadonlyMap<string, { readonly [attribute: string]: readonly string[] }>;
}

/** Groups inside groups, and objects in all: links can lead back to where they are. */
const [depthLimit, objectLimit] = [24, 20_000];
/** Compressed zeros shrink without end; weights do not. */
const growthLimit = 200;
/** The attributes that Keras writes. */
const attributes = ["model_config", "layer_names", "weight_names"] as const;

let opened = 0;

/**
 * Reads all arrays of numbers; whole numbers become float32 as well, for they are counters or seeds.
 *
 * @throws DataError `hdf5_damaged`
 */
export async function readH5(bytes: Uint8Array, file: string): Promise<H5Content> {
  return withFile("r", bytes, file, (h5) => {
    const content = { arrays: new Map<string, ForeignArray>(), texts: new Map<string, { [attribute: string]: readonly string[] }>() };
    let objects = 0;
    const walk = (group: Group, path: string, depth: number): void => {
      const texts = textsOf(group);
      if (Object.keys(texts).length > 0) content.texts.set(path, texts);
      for (const name of group.keys()) {
        const below = path === "" ? name : `${path}/${name}`;
        objects += 1;
        if (depth === depthLimit || objects > objectLimit) throw damaged(file, "its groups lead into each other without end");
        const found = group.get(name);
        if (found !== null && "keys" in found) walk(found, below, depth + 1);
        else if (found !== null && "metadata" in found && "shape" in found) {
          const array = arrayOf(found, below, bytes.length, file);
          if (array !== null) content.arrays.set(below, array);
        }
      }
    };
    walk(h5, "", 0);
    return content;
  });
}

/** A file with these arrays at their paths, and groups without any; attributes by group path. */
export async function writeH5(
  arrays: readonly ForeignArray[],
  groups: readonly string[],
  texts: ReadonlyMap<string, { readonly [attribute: string]: string }> = new Map(),
): Promise<Uint8Array> {
  return withFile("w", null, "the HDF5 file", (h5) => {
    const made = new Map<string, Group>([["", h5]]);
    const groupAt = (path: string): Group => {
      const known = made.get(path);
      if (known !== undefined) return known;
      const cut = path.lastIndexOf("/");
      const group = groupAt(cut < 0 ? "" : path.slice(0, cut)).create_group(path.slice(cut + 1));
      made.set(path, group);
      return group;
    };
    for (const path of groups) groupAt(path);
    for (const { name, shape, data } of arrays) {
      const cut = name.lastIndexOf("/");
      groupAt(name.slice(0, cut)).create_dataset({ name: name.slice(cut + 1), data, shape: [...shape], dtype: "<f" });
    }
    for (const [path, named] of texts) for (const [name, text] of Object.entries(named)) groupAt(path).create_attribute(name, text);
  });
}

async function withFile(mode: "w", bytes: null, file: string, work: (h5: H5File) => void): Promise<Uint8Array>;
async function withFile<R>(mode: "r", bytes: Uint8Array, file: string, work: (h5: H5File) => R): Promise<R>;
async function withFile<R>(mode: "r" | "w", bytes: Uint8Array | null, file: string, work: (h5: H5File) => R): Promise<R | Uint8Array> {
  const { default: h5wasm } = await import("h5wasm");
  const module = await h5wasm.ready;
  // Otherwise the library writes its trace to standard error and goes on.
  module.activate_throwing_error_handler();
  opened += 1;
  const name = `/file-${opened}.h5`;
  if (bytes !== null) module.FS.writeFile(name, bytes);
  try {
    const h5 = new h5wasm.File(name, mode);
    const result = work(h5);
    h5.close();
    return mode === "w" ? module.FS.readFile(name) : result;
  } catch (error) {
    // Whatever the library says about a damaged file, in words or as a trap, is one sentence here.
    throw error instanceof DataError ? error : damaged(file, "it cannot be read as HDF5");
  } finally {
    if (module.FS.analyzePath(name, true).exists) module.FS.unlink(name);
  }
}

interface Stored {
  readonly metadata: { readonly type: number; readonly size: number; readonly shape: readonly number[] | null };
  readonly shape: readonly number[] | null;
  readonly value: unknown;
}

/** Null for what is not an array of numbers. */
function arrayOf(stored: Stored, name: string, fileSize: number, file: string): ForeignArray | null {
  const shape = (stored.shape ?? []).map(Number);
  const count = elementCount(shape);
  if (!Number.isSafeInteger(count) || count * stored.metadata.size > growthLimit * fileSize)
    throw damaged(file, `${quoted(name)} announces ${count} numbers, more than the file can hold`);
  const value = stored.value;
  if (typeof value === "number" || typeof value === "bigint") return { name, shape, data: Float32Array.of(Number(value)) };
  if (!ArrayBuffer.isView(value) || !("length" in value) || value.length !== count) return null;
  if (value instanceof Float32Array) return { name, shape, data: value.slice() };
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) return { name, shape, data: Float32Array.from(value, Number) };
  if (value instanceof Uint16Array && stored.metadata.type === floatClass)
    return { name, shape, data: Float32Array.from(value, halfValue) };
  return isNumbers(value) ? { name, shape, data: Float32Array.from(value) } : null;
}

function isNumbers(
  value: ArrayBufferView,
): value is Float64Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array {
  return !(value instanceof DataView);
}

/** HDF5's class of floating-point types. */
const floatClass = 1;

function textsOf(group: Group): { [attribute: string]: readonly string[] } {
  const found = Object.entries(group.attrs).filter(([name]) => (attributes as readonly string[]).includes(name));
  return Object.fromEntries(
    found.map(([name, attribute]): [string, readonly string[]] => {
      const value: unknown = attribute.value;
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      return [name, list.filter((text): text is string => typeof text === "string")];
    }),
  );
}

function damaged(file: string, what: string): DataError {
  return new DataError("hdf5_damaged", `${file} is damaged: ${what}.`, "", atFile(file));
}
