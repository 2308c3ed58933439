// Errors of all ways to fill at the values hidden from them: by column and overall, on the standard scale and in units.

import { counted } from "../../base/words.js";
import type { FillChoice } from "./choose.js";
import { type ColumnScales, cellUse, type Grid } from "./grid.js";
import type { ColumnFill, FillComparison, FillScores, ImputeResult } from "./types.js";

const ways = ["model", "network", "mean", "last", "linear"] as const;
type Way = (typeof ways)[number];

/** Everything the scores are made of. */
export interface Scored {
  readonly grid: Grid;
  readonly truth: Float64Array;
  readonly use: Uint8Array;
  readonly scales: ColumnScales;
  readonly choices: readonly FillChoice[];
}

/** @param fills  every way to fill, on the standard scale */
export function evaluationOf(scored: Scored, fills: Readonly<Record<Way, Float64Array>>): ImputeResult["evaluation"] {
  const { grid, truth, use, scales, choices } = scored;
  const size = grid.names.length;
  const cells: number[][] = grid.names.map(() => []);
  const seen = new Int32Array(size);
  truth.forEach((value, cell) => {
    if (!Number.isNaN(value)) seen[cell % size]! += 1;
    if (use[cell] === cellUse.score) cells[cell % size]!.push(cell);
  });
  const compare = (hidden: readonly number[], deviation: number | null): FillComparison => {
    const entries = ways.map((way) => [way, scoresOf(fills[way], truth, hidden, deviation)] as const);
    return Object.fromEntries(entries) as unknown as FillComparison;
  };
  const columns = grid.names.map((name, column): ColumnFill => {
    const compared = compare(cells[column]!, scales.deviation[column]!);
    const observed = seen[column]!;
    return {
      name,
      observed,
      missing: grid.rows - observed,
      hidden: cells[column]!.length,
      ...choices[column]!,
      best: bestOf(compared),
      ...compared,
    };
  });
  const all = cells.flat();
  const overall = compare(all, size === 1 ? scales.deviation[0]! : null);
  const simple = Math.min(overall.last.mae ?? Number.NaN, overall.linear.mae ?? Number.NaN);
  const maeRatio = overall.model.mae === null || !(simple > 0) ? null : overall.model.mae / simple;
  return { hidden: all.length, ...overall, maeRatio, columns, verdict: verdictOf(overall, columns, all.length) };
}

function scoresOf(filled: Float64Array, truth: Float64Array, cells: readonly number[], deviation: number | null): FillScores {
  if (cells.length === 0) return { mae: null, rmse: null, rawMae: null, rawRmse: null };
  let [absolute, squared] = [0, 0];
  for (const cell of cells) {
    const error = filled[cell]! - truth[cell]!;
    absolute += Math.abs(error);
    squared += error * error;
  }
  const [mae, rmse] = [absolute / cells.length, Math.sqrt(squared / cells.length)];
  return { mae, rmse, rawMae: deviation === null ? null : mae * deviation, rawRmse: deviation === null ? null : rmse * deviation };
}

function bestOf(compared: FillComparison): ColumnFill["best"] {
  const candidates = (["linear", "last", "mean", "network"] as const).filter((way) => compared[way].mae !== null);
  return candidates.reduce<ColumnFill["best"]>(
    (best, way) => (best === null || compared[way].mae! < compared[best].mae! ? way : best),
    null,
  );
}

function verdictOf(overall: FillComparison, columns: readonly ColumnFill[], hidden: number): string {
  if (overall.model.mae === null) return "Too few values to hide some: nothing could be scored.";
  const simple = (["linear", "last", "mean"] as const).reduce((best, way) => (overall[way].mae! < overall[best].mae! ? way : best));
  const used = columns.filter(({ networkWeight }) => networkWeight > 0).length;
  const words = { linear: "linear interpolation", last: "the last value", mean: "the mean" }[simple];
  const than = `${changeOf(overall.model.mae, overall[simple].mae!)} those of ${words}`;
  const where = used === 0 ? "the network helps no column" : `the network is used in ${used} of ${counted(columns.length, "column")}`;
  return `Errors at ${hidden} hidden values are ${than}, the best simple method; ${where}.`;
}

/** Errors of so many deviations are rounding. */
const nothing = 1e-9;

function changeOf(model: number, simple: number): string {
  if (model < nothing && simple < nothing) return "none, like";
  if (simple < nothing) return "larger than";
  const change = Math.round(100 * Math.abs(1 - model / simple));
  return change === 0 ? "as large as" : `${change} % ${model < simple ? "smaller" : "larger"} than`;
}
