// The .npy format of NumPy: a short text header that says type and shape, then the values. And arrays that stay in such a file.

import { DataError } from "../base/errors.js";
import type { RowSource } from "../base/row-source.js";

/** What a header says. */
export interface NpyHeader {
  readonly shape: readonly number[];
  readonly element: NpyElement;
  /** Bytes in front of the values. */
  readonly start: number;
}

/** Element types that can be read, by their name in the file. */
export type NpyElement = "<f4" | "<f8" | "|b1" | "|i1" | "|u1" | "<i2" | "<u2" | "<i4" | "<u4" | "<i8";

interface Element {
  readonly bytes: number;
  readonly dtype: RowSource["dtype"];
  readonly read: (view: DataView, at: number) => number;
}

const elements: Readonly<Record<NpyElement, Element>> = {
  "<f4": { bytes: 4, dtype: "float32", read: (view, at) => view.getFloat32(at, true) },
  "<f8": { bytes: 8, dtype: "float32", read: (view, at) => view.getFloat64(at, true) },
  "|b1": { bytes: 1, dtype: "float32", read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  "|i1": { bytes: 1, dtype: "int32", read: (view, at) => view.getInt8(at) },
  "|u1": { bytes: 1, dtype: "int32", read: (view, at) => view.getUint8(at) },
  "<i2": { bytes: 2, dtype: "int32", read: (view, at) => view.getInt16(at, true) },
  "<u2": { bytes: 2, dtype: "int32", read: (view, at) => view.getUint16(at, true) },
  "<i4": { bytes: 4, dtype: "int32", read: (view, at) => view.getInt32(at, true) },
  "<u4": { bytes: 4, dtype: "int32", read: (view, at) => view.getUint32(at, true) },
  "<i8": { bytes: 8, dtype: "int32", read: (view, at) => Number(view.getBigInt64(at, true)) },
};

/** Bytes of one element. */
export function npyBytes(element: NpyElement): number {
  return elements[element].bytes;
}

/** Values of these types become whole numbers or real ones. */
export function npyDtype(element: NpyElement): RowSource["dtype"] {
  return elements[element].dtype;
}

/** Decodes the elements in `bytes` into `to`; false if a whole number needs more than 32 bits. */
export function npyValues(element: NpyElement, bytes: Uint8Array, to: Float32Array | Int32Array, at: number): boolean {
  const { bytes: size, dtype, read } = elements[element];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let fits = true;
  for (let index = 0; index * size < bytes.byteLength; index++) {
    const value = read(view, index * size);
    to[at + index] = value;
    if (dtype === "int32" && value !== (value | 0)) fits = false;
  }
  return fits;
}

/** The most a header may have. Numpy itself writes a few hundred bytes. */
export const longestNpyHeader = 65_536;

/**
 * Reads the header from the first bytes of a file of `size` bytes. Nothing is evaluated: a header that does not look as NumPy writes it
 * is refused.
 *
 * @throws DataError `npy_header`, `npy_type`, `npy_order`, `npy_size`
 */
export function readNpyHeader(bytes: Uint8Array, size: number, file: string): NpyHeader {
  const isNpy = bytes.length >= 10 && magic.every((byte, at) => bytes[at] === byte);
  if (!isNpy) throw new DataError("npy_header", `${file} is no .npy file: it does not begin as one.`, "", { file });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6]!;
  if (major < 1 || major > 3 || (major > 1 && bytes.length < 12)) throw bad(file, `its version ${major} is not known`);
  const front = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestNpyHeader) throw bad(file, `its header claims ${length} bytes, at most ${longestNpyHeader} are allowed`);
  if (front + length > bytes.length) throw bad(file, "it ends inside its header");
  const text = new TextDecoder("latin1").decode(bytes.subarray(front, front + length)).trim();
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const list = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (!text.startsWith("{") || !text.endsWith("}") || order === undefined || list === undefined)
    throw bad(file, "its header does not name type, order and shape");
  if (descr === undefined || !isElement(descr)) {
    const what = descr === undefined ? "a structured type" : `the element type ${JSON.stringify(descr)}`;
    throw new DataError(
      "npy_type",
      `${file} has ${what}; ${Object.keys(elements).join(", ")} can be read.`,
      "Save it with astype(np.float32).",
      { file },
    );
  }
  if (order === "True")
    throw new DataError("npy_order", `${file} is in Fortran order; its rows do not lie together.`, "Save np.ascontiguousarray(a).", {
      file,
    });
  const shape = list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
  const needed = front + length + shape.reduce((product, side) => product * side, elements[descr].bytes);
  if (!Number.isSafeInteger(needed) || needed !== size) {
    const what = `${file} has the shape [${shape.join(", ")}] and needs ${needed} bytes; it has ${size}.`;
    throw new DataError("npy_size", what, size < needed ? "It is truncated." : "", { file });
  }
  return { shape, element: descr, start: front + length };
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

function isElement(text: string): text is NpyElement {
  return Object.hasOwn(elements, text);
}

function bad(file: string, what: string): DataError {
  return new DataError("npy_header", `${file} is a damaged .npy file: ${what}.`, "", { file });
}

/** An array in a .npy file. Rows are read when a batch needs them; no more than a few megabytes of the file are kept. */
export interface NpyArray extends RowSource {
  /** Closes the file. */
  close(): Promise<void>;
}

/**
 * Opens an array that NumPy saved with `np.save`, of any size: it serves as `x`, `y` or both in `fit`, `evaluate` and `predict`, and its
 * rows are read from the disk as they are needed. Needs Node.
 *
 * Real types and truth values become float32, whole ones int32. The order of values must be C order, the first axis is that of rows.
 *
 * @throws DataError `file_not_found`, `cannot_read`, `npy_header`, `npy_type`, `npy_order`, `npy_size`; while reading `npy_range`
 * @example const x = await openNpy("x.npy"); await model.fit(x, await openNpy("y.npy"), { epochs: 3 }); await x.close();
 */
export async function openNpy(path: string): Promise<NpyArray> {
  const { openNpyFile } = await import("#node/io/npy");
  return openNpyFile(path);
}
