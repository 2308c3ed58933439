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

/** How a training orders its rows. */
export interface RowOrder {
  readonly data: { readonly lengths: ReadonlyMap<string, Int32Array> };
  readonly seed: number;
  readonly shuffle: boolean;
  readonly batchSize: number;
  readonly bucketByLength: boolean;
}

/** The rows of an epoch (from 1) in the order in which batches are cut from them. */
export function epochRows(count: number, epoch: number, order: RowOrder): Int32Array {
  const { seed, shuffle, bucketByLength, batchSize, data } = order;
  const rows = shuffle ? shuffledRows(count, seed, epoch) : orderedRows(0, count);
  const [lengths] = data.lengths.values();
  return bucketByLength && lengths !== undefined ? bucketedRows(rows, lengths, batchSize, shuffle ? { seed, epoch } : null) : rows;
}

/** Batches whose rows are sorted by length together. Few enough that the order stays random, many enough that lengths are alike. */
const batchesPerPool = 64;

/**
 * Batches of rows with similar lengths, each row once: shuffled rows are taken in pools of 64 batches, each pool is sorted by length
 * and cut, and the batches come in random order. A batch that is not full comes last.
 */
export function bucketedRows(
  rows: Int32Array,
  lengths: Int32Array,
  batchSize: number,
  random: { readonly seed: number; readonly epoch: number } | null,
): Int32Array {
  const pool = batchSize * batchesPerPool;
  const sorted = new Int32Array(rows.length);
  for (let start = 0; start < rows.length; start += pool) {
    // Sorting typed arrays is stable, so that equal lengths keep their shuffled order.
    sorted.set(
      rows.slice(start, start + pool).sort((a, b) => lengths[a]! - lengths[b]!),
      start,
    );
  }
  const full = Math.floor(rows.length / batchSize);
  if (random === null || full === 0) return sorted;
  const places = shuffledRows(full, random.seed, random.epoch + batchOrderEpochs);
  const ordered = sorted.slice();
  for (const [to, from] of places.entries()) ordered.set(sorted.subarray(from * batchSize, (from + 1) * batchSize), to * batchSize);
  return ordered;
}

// Far from the epochs that order rows, so that rows and batches are not shuffled alike.
const batchOrderEpochs = 0x40000000;
