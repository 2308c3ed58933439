// Which simple method fills a column and how far the network moves it, decided on hidden values that are not those of the scores.

import { cellUse, type Grid } from "./grid.js";
import type { SimpleFill } from "./types.js";

/** How one column is filled. */
export interface FillChoice {
  readonly method: SimpleFill;
  readonly networkWeight: number;
}

/** Cells filled in every way, on the standard scale [rows, names]. */
export interface Fills {
  readonly network: Float64Array;
  readonly simple: Readonly<Record<SimpleFill, Float64Array>>;
}

const simpleFills: readonly SimpleFill[] = ["mean", "last", "linear"];
const weights = [0, 0.25, 0.5, 0.75, 1];
/** So many values of all columns together count beside those of one: few values say little. */
const pooledValues = 60;

/** One choice for each column: the mixture with the least mean absolute error at the cells that are there to choose by. */
export function chooseFills(given: Fills & { readonly grid: Grid; readonly truth: Float64Array; readonly use: Uint8Array }): FillChoice[] {
  const { grid, truth, use, network, simple } = given;
  const size = grid.names.length;
  const kinds = simpleFills.flatMap((method) => weights.map((networkWeight): FillChoice => ({ method, networkWeight })));
  const errors = kinds.map(() => new Float64Array(size));
  const counts = new Int32Array(size);
  for (let cell = 0; cell < truth.length; cell++) {
    if (use[cell] !== cellUse.choose) continue;
    counts[cell % size]! += 1;
    kinds.forEach(({ method, networkWeight }, kind) => {
      const value = mix(simple[method][cell]!, network[cell]!, networkWeight);
      errors[kind]![cell % size]! += Math.abs(value - truth[cell]!);
    });
  }
  const bestOf = (errorOf: (kind: number) => number): FillChoice => {
    let best = 0;
    for (let kind = 1; kind < kinds.length; kind++) if (errorOf(kind) < errorOf(best)) best = kind;
    return kinds[best]!;
  };
  const total = Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
  const pooled = errors.map((byColumn) => byColumn.reduce((sum, error) => sum + error, 0) / total);
  return Array.from(counts, (_, column) => bestOf((kind) => errors[kind]![column]! + pooledValues * pooled[kind]!));
}

/** Cells filled as chosen. */
export function mixed(size: number, { network, simple }: Fills, choices: readonly FillChoice[]): Float64Array {
  return network.map((guess, cell) => {
    const { method, networkWeight } = choices[cell % size]!;
    return mix(simple[method][cell]!, guess, networkWeight);
  });
}

// A weight of 0 or 1 gives the value itself, to the bit.
function mix(simple: number, network: number, weight: number): number {
  return weight === 0 ? simple : weight === 1 ? network : (1 - weight) * simple + weight * network;
}
