// Weights and data that every system starts from: a hash of a counter, so that no file has to be passed around.
import type { Shape } from "./shapes.js";
import { gatesOf } from "./shapes.js";

/** The finaliser of MurmurHash3 (Appleby 2011) over a counter, as values in (-scale, scale). */
export function uniform(count: number, seed: number, scale: number): Float32Array {
  const out = new Float32Array(count);
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < count; i++) {
    let word = (i + start) >>> 0;
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    word = (word ^ (word >>> 16)) >>> 0;
    out[i] = Math.fround((word / 2 ** 32) * 2 - 1) * scale;
  }
  return out;
}

/** Whole numbers in [0, limit). */
export function integers(count: number, seed: number, limit: number): Int32Array {
  return Int32Array.from(uniform(count, seed, 1), (value) => Math.min(limit - 1, Math.floor(((value + 1) / 2) * limit)));
}

/** A row-major [rows, columns] matrix turned into [columns, rows]. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j]!;
  return out;
}

/** One recurrent layer: input [gates·H, I], recurrent [gates·H, H], bias [gates·H]; gates in the order i f g o, r z n. */
export interface LayerNumbers {
  readonly inputSize: number;
  readonly input: Float32Array;
  readonly recurrent: Float32Array;
  readonly bias: Float32Array;
}

export interface WeightNumbers {
  readonly layers: readonly LayerNumbers[];
  /** [O, H] and [O]. */
  readonly head: { readonly weight: Float32Array; readonly bias: Float32Array } | null;
  /** [V, I]. */
  readonly embedding: Float32Array | null;
}

export function weightNumbers(shape: Shape): WeightNumbers {
  const { hidden, input, layers, out, vocabulary } = shape;
  const rows = gatesOf[shape.cell] * hidden;
  const scale = 1 / Math.sqrt(hidden);
  return {
    layers: Array.from({ length: layers }, (_, layer) => {
      const inputSize = layer === 0 ? input : hidden;
      return {
        inputSize,
        input: uniform(rows * inputSize, 10 * layer + 1, scale),
        recurrent: uniform(rows * hidden, 10 * layer + 2, scale),
        bias: uniform(rows, 10 * layer + 3, scale),
      };
    }),
    head: out === 0 ? null : { weight: uniform(out * hidden, 1001, scale), bias: uniform(out, 1002, scale) },
    embedding: vocabulary === 0 ? null : uniform(vocabulary * input, 1003, 1),
  };
}

/** Inputs and targets, time first: [T, B, width], or [T, B] for tokens. */
export interface DataNumbers {
  readonly x: Float32Array | Int32Array;
  readonly y: Float32Array | Int32Array;
}

export function dataNumbers({ time, batch, input, out, vocabulary }: Shape): DataNumbers {
  const steps = time * batch;
  if (vocabulary > 0) return { x: integers(steps, 2001, vocabulary), y: integers(steps, 2002, vocabulary) };
  // The square root of 3 makes the variance one.
  return { x: uniform(steps * input, 2001, Math.sqrt(3)), y: uniform(steps * out, 2002, Math.sqrt(3)) };
}

/** [T, B, width] as [B, T, width]. */
export function batchFirst<A extends Float32Array | Int32Array>(values: A, time: number, batch: number): A {
  const width = values.length / (time * batch);
  const out = values.slice() as A;
  for (let t = 0; t < time; t++) {
    for (let b = 0; b < batch; b++) {
      const from = (t * batch + b) * width;
      out.set(values.subarray(from, from + width), (b * time + t) * width);
    }
  }
  return out;
}
