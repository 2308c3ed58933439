// The weights of the pretrained network, from the text that is shipped.

import { RunError } from "../../../base/errors.js";
import { aheadNumbers, candidateCount, kindNumbers, rowNumbers } from "./window.js";

/** Units of the recurrent layer, and of the dense ones. */
export const units: number = 64;
export const width: number = 64;

type WeightName = `${"read" | "state" | "ahead" | "mix" | "out"}/${"W" | "b"}` | "read/U" | "read/bR";

/** Sizes of all weights; matrices are [inputs, outputs]. */
const weightSizes: Readonly<Record<WeightName, readonly number[]>> = {
  "read/W": [rowNumbers + kindNumbers, 3 * units],
  "read/U": [units, 3 * units],
  "read/b": [3 * units],
  "read/bR": [3 * units],
  "state/W": [units + kindNumbers, width],
  "state/b": [width],
  "ahead/W": [aheadNumbers, width],
  "ahead/b": [width],
  "mix/W": [width, width],
  "mix/b": [width],
  "out/W": [width, candidateCount + 1],
  "out/b": [candidateCount + 1],
};

export type PriorWeights = Readonly<Record<WeightName, Float64Array>>;

/** In the order in which they are stored. */
const names = Object.keys(weightSizes) as WeightName[];

/**
 * Weights as text: 16 bits each, the upper half of a float32 (bfloat16) rounded to nearest, in base 64.
 * They are small and the forecast a mean of many: three digits are enough.
 */
export function encodeWeights(weights: PriorWeights): string {
  const all = Float32Array.from(names.flatMap((name) => [...weights[name]]));
  const bits = new Uint32Array(all.buffer);
  const bytes = new Uint8Array(2 * all.length);
  bits.forEach((word, i) => {
    const upper = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
    bytes[2 * i] = upper & 255;
    bytes[2 * i + 1] = upper >>> 8;
  });
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** @throws RunError `bad_weights` if the text is not as long as the weights are many */
export function decodeWeights(text: string): PriorWeights {
  const count = names.reduce((sum, name) => sum + sizeOf(name), 0);
  const bytes = bytesOf(text);
  if (bytes === null || bytes.length !== 2 * count) {
    const found = bytes === null ? "they are no base 64" : `${bytes.length / 2} are there`;
    throw new RunError({
      code: "bad_weights",
      what: `the weights of the pretrained network are damaged: ${count} are needed, ${found}`,
      hint: "Install the package again.",
    });
  }
  const bits = new Uint32Array(count).map((_, i) => ((bytes.charCodeAt(2 * i + 1) << 24) | (bytes.charCodeAt(2 * i) << 16)) >>> 0);
  const all = Float64Array.from(new Float32Array(bits.buffer));
  let from = 0;
  const entries = names.map((name): [string, Float64Array] => {
    const own = all.subarray(from, from + sizeOf(name));
    from += own.length;
    return [name, own];
  });
  return Object.fromEntries(entries) as PriorWeights;
}

function bytesOf(text: string): string | null {
  try {
    return atob(text);
  } catch {
    return null;
  }
}

function sizeOf(name: WeightName): number {
  return weightSizes[name].reduce((product, size) => product * size, 1);
}
