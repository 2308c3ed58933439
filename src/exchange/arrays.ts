// What happens to a weight on its way between frameworks: turned round, its gates put in another order, two biases added.

import { elementCount } from "../base/dtype.js";

/** A named array of another framework's file, as float32. */
export interface ForeignArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Rows and columns exchanged: [a, b] to [b, a]. */
export function transposed({ name, shape, data }: ForeignArray): ForeignArray {
  const [rows = 1, columns = 1] = shape;
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = data[row * columns + column]!;
  }
  return { name, shape: [columns, rows], data: turned };
}

/** All axes in the opposite order: [out, in, k] to [k, in, out]. */
export function reversedAxes({ name, shape, data }: ForeignArray): ForeignArray {
  const [a = 1, b = 1, c = 1] = shape;
  const turned = new Float32Array(data.length);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) for (let k = 0; k < c; k++) turned[(k * b + j) * a + i] = data[(i * b + j) * c + k]!;
  }
  return { name, shape: [c, b, a], data: turned };
}

/** The column blocks named in `to`, in that order, of an array whose last axis holds blocks named `from`. */
export function gatesOf({ name, shape, data }: ForeignArray, from: readonly string[], to: readonly string[]): ForeignArray {
  const columns = shape.at(-1) ?? 1;
  const width = columns / from.length;
  const rows = data.length / columns;
  const picked = new Float32Array(rows * width * to.length);
  to.forEach((gate, place) => {
    const source = from.indexOf(gate) * width;
    for (let row = 0; row < rows; row++) {
      const start = row * columns + source;
      picked.set(data.subarray(start, start + width), row * width * to.length + place * width);
    }
  });
  return { name, shape: [...shape.slice(0, -1), width * to.length], data: picked };
}

/** Element by element; shapes are equal. */
export function sumOf(a: ForeignArray, b: ForeignArray): ForeignArray {
  return { name: `${a.name} + ${b.name}`, shape: a.shape, data: a.data.map((value, index) => value + b.data[index]!) };
}

/** Row `index` of a matrix. */
export function rowOf({ name, shape, data }: ForeignArray, index: number): ForeignArray {
  const columns = shape.at(-1) ?? 1;
  return { name: `${name}[${index}]`, shape: [columns], data: data.slice(index * columns, (index + 1) * columns) };
}

/** Column blocks side by side, under new names: the opposite of `gatesOf`. */
export function joinedColumns(name: string, parts: readonly ForeignArray[]): ForeignArray {
  const widths = parts.map(({ shape }) => shape.at(-1) ?? 1);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const rows = (parts[0]?.data.length ?? 0) / (widths[0] ?? 1);
  const data = new Float32Array(rows * total);
  let offset = 0;
  parts.forEach((part, place) => {
    const width = widths[place] ?? 0;
    for (let row = 0; row < rows; row++) data.set(part.data.subarray(row * width, (row + 1) * width), row * total + offset);
    offset += width;
  });
  return { name, shape: [...(parts[0]?.shape.slice(0, -1) ?? []), total], data };
}

/** The same numbers under another name. */
export function renamed(array: ForeignArray, name: string): ForeignArray {
  return { ...array, name };
}

/** All zeros. */
export function zerosOf(name: string, shape: readonly number[]): ForeignArray {
  return { name, shape, data: new Float32Array(elementCount(shape)) };
}
