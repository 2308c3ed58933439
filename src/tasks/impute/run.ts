// The impute task from table to filled table: hide, train, choose between network and simple methods, score, fill.

import { readTable } from "../../data/read-table.js";
import type { Table } from "../../data/types.js";
import { chooseFills, mixed } from "./choose.js";
import { cellUse, type FoundGrid, type Grid, gridOf, hideCells, scalesOf } from "./grid.js";
import { planFill, trainFill } from "./network.js";
import { evaluationOf } from "./scores.js";
import { fillSimply } from "./simple.js";
import type { ImputeOptions, ImputeRun } from "./types.js";
import { filledCsv } from "./write.js";

const usualShare = 0.1;

/**
 * Fills the holes of a table: a BRITS network (Cao et al. 2018) is trained on the table itself, compared with mean, last value and linear
 * interpolation on values that were hidden from all of them, and used, column by column, as far as it is better. Values that are there
 * stay as they are.
 *
 * @param input  path of a table file, or a table
 * @throws DataError with one sentence about the input; RunError `interrupted`
 * @example  const { values, evaluation } = await impute("stations.csv", { id: "station" });
 */
export async function impute(input: string | Table, options: ImputeOptions = {}): Promise<ImputeRun> {
  const started = performance.now();
  const table = typeof input === "string" ? await readTable(input, options) : input;
  const found = gridOf(table, options);
  const { grid } = found;
  const warnings: { code: string; message: string }[] = [];
  const warn = (code: string, message: string): void => {
    warnings.push({ code, message });
    options.onEvent?.({ kind: "warning", code, message });
  };
  options.onEvent?.({ kind: "found", lines: found.lines });
  const made = await fillGrid(grid, options);
  const empty = grid.names.filter((_, column) => made.evaluation.columns[column]!.observed === 0);
  for (const name of empty) warn("empty_column", `${name} has no value at all: nothing can be known about it`);
  const few = made.evaluation.columns.filter(({ name, hidden, missing }) => hidden === 0 && missing > 0 && !empty.includes(name));
  if (few.length > 0)
    warn("nothing_scored", `too few values to hide some in ${few.map(({ name }) => name).join(", ")}: filled as the other columns are`);
  const missing = made.evaluation.columns.reduce((sum, column) => sum + column.missing, 0);
  const unfilled = made.evaluation.columns.reduce((sum, column) => sum + (column.observed === 0 ? column.missing : 0), 0);
  return {
    data: dataOf(table, found, { missing, filled: missing - unfilled }),
    network: made.network,
    training: made.training,
    evaluation: made.evaluation,
    csv: filledCsv(table, grid, made.filled),
    values: Object.fromEntries(
      grid.names.map((name, column) => [
        name,
        Float64Array.from({ length: grid.rows }, (_, row) => made.filled[row * grid.names.length + column]!),
      ]),
    ),
    warnings,
    notes: found.lines,
    seconds: (performance.now() - started) / 1000,
  };
}

function dataOf(table: Table, { grid, id, time }: FoundGrid, { missing, filled }: { missing: number; filled: number }): ImputeRun["data"] {
  return {
    file: table.file,
    rows: grid.rows,
    sequences: grid.sequences.length,
    id,
    time,
    columns: grid.names,
    observed: grid.values.length - missing,
    missing,
    filled,
  };
}

/** What filling a grid gives. */
export interface FilledGrid extends Pick<ImputeRun, "network" | "training" | "evaluation"> {
  /** [rows, names] in the units of the columns; NaN in columns without any value. */
  readonly filled: Float64Array;
}

/** Trains, compares and fills. */
export async function fillGrid(grid: Grid, options: ImputeOptions): Promise<FilledGrid> {
  const { seed = 0, hide = usualShare } = options;
  const use = hideCells(grid, hide, seed);
  const scales = scalesOf(grid, (cell) => use[cell] === cellUse.visible);
  const size = grid.names.length;
  const standard = grid.values.map((value, cell) => (value - scales.mean[cell % size]!) / scales.deviation[cell % size]!);
  const only = (keep: (cell: number) => boolean): Float64Array => standard.map((value, cell) => (keep(cell) ? value : Number.NaN));
  const known = only((cell) => use[cell] === cellUse.visible);
  const plan = planFill(grid, options);
  const trained = await trainFill(grid, { known, targets: only((cell) => use[cell] === cellUse.choose) }, plan, options);
  const network = await trained.fill(known);
  const zeros = new Float64Array(size);
  const simple = fillSimply(grid, known, zeros);
  const choices = chooseFills({ grid, truth: standard, use, network, simple });
  const model = mixed(size, { network, simple }, choices);
  const evaluation = evaluationOf({ grid, truth: standard, use, scales, choices }, { model, network, ...simple });
  // Nothing is hidden any more from what fills.
  const whole = only(() => true);
  const final = mixed(size, { network: await trained.fill(whole), simple: fillSimply(grid, whole, meansOf(whole, size)) }, choices);
  return {
    network: { cell: `brits(${plan.cell.name})`, activation: "tanh", layers: 1, units: [plan.units], parameters: trained.parameters },
    training: trained.training,
    evaluation,
    filled: final.map((value, cell) => finalValue(grid, cell, value, scales, evaluation.columns[cell % size]!.observed)),
  };
}

function finalValue(
  { values, names }: Grid,
  cell: number,
  standard: number,
  { mean, deviation }: { readonly mean: Float64Array; readonly deviation: Float64Array },
  observed: number,
): number {
  if (!Number.isNaN(values[cell]!)) return values[cell]!;
  if (observed === 0) return Number.NaN;
  const column = cell % names.length;
  return standard * deviation[column]! + mean[column]!;
}

function meansOf(values: Float64Array, size: number): Float64Array {
  const [sum, count] = [new Float64Array(size), new Float64Array(size)];
  values.forEach((value, cell) => {
    if (Number.isNaN(value)) return;
    sum[cell % size]! += value;
    count[cell % size]! += 1;
  });
  return sum.map((total, column) => total / Math.max(1, count[column]!));
}
