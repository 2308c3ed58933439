// The order of rows in each epoch: a pure function of seed and epoch, shared by fit and batches.

import { keyAt, uniformAt } from "../base/random.js";
import { randomKey } from "../ops/index.js";

/** Rows 0..count-1 in the order of this epoch (from 1), by Fisher & Yates. */
export function shuffledRows(count: number, seed: number, epoch: number): Int32Array {
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  const [low = 0, high = 0] = randomKey(seed).data;
  // Shifted away from the children 0 and 1 that splitKey gives to dropout.
  const [k0, k1] = keyAt(low, high, epoch + 0x10000);
  for (let last = count - 1; last > 0; last--) {
    // A draw has 24 bits; two make every place of a large data set reachable.
    const draw = uniformAt(k0, k1, 2 * last) + uniformAt(k0, k1, 2 * last + 1) * 2 ** -24;
    const chosen = Math.floor(draw * (last + 1));
    const kept = rows[last]!;
    rows[last] = rows[chosen]!;
    rows[chosen] = kept;
  }
  return rows;
}

/** Rows in their own order. */
export function orderedRows(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to - from }, (_, index) => from + index);
}
