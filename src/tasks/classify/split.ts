// Parts of equal mixture: every class is spread over them as evenly as it can be, in an order that depends on the seed alone.

import { uniformAt } from "../../base/random.js";

/** The part, 0 to parts - 1, of each sequence that has a label; -1 for the others. */
export function stratifiedParts(labels: Int32Array, parts: number, seed: number): Int32Array {
  const out = new Int32Array(labels.length).fill(-1);
  const classes = [...new Set(labels)].filter((label) => label >= 0).sort((a, b) => a - b);
  // The next class goes on where the last one ended, so that parts differ in size by one at most.
  let next = 0;
  for (const label of classes) {
    const rows = Array.from(labels.keys()).filter((row) => labels[row] === label);
    const draws = new Map(rows.map((row) => [row, uniformAt(seed | 0, 0x5b1, row)]));
    rows.sort((a, b) => draws.get(a)! - draws.get(b)! || a - b);
    for (const row of rows) out[row] = next++ % parts;
  }
  return out;
}

/** Sequences of a share, each class as often as among all; the rest comes second. At least one of each class lies on either side. */
export function stratifiedShare(
  labels: Int32Array,
  rows: readonly number[],
  { share, seed }: { readonly share: number; readonly seed: number },
): readonly [taken: readonly number[], rest: readonly number[]] {
  const taken = new Set<number>();
  for (const label of new Set(rows.map((row) => labels[row]!))) {
    const own = rows.filter((row) => labels[row] === label);
    const draws = new Map(own.map((row) => [row, uniformAt(seed | 0, 0x5b2, row)]));
    own.sort((a, b) => draws.get(a)! - draws.get(b)! || a - b);
    const count = Math.min(own.length - 1, Math.max(1, Math.round(share * own.length)));
    for (const row of own.slice(0, count)) taken.add(row);
  }
  return [rows.filter((row) => taken.has(row)), rows.filter((row) => !taken.has(row))];
}
