// The impute task from table to filled table: hide, train, choose between network and simple methods, score, fill.

import { DataError } from "../../base/errors.js";
import { listed } from "../../base/words.js";
import { shortName } from "../../data/decode.js";
import { isIdOf } from "../../data/panel.js";
import { readTable } from "../../data/read-table.js";
import { placeOf } from "../../data/table.js";
import type { Table } from "../../data/types.js";
import { chooseFills, mixed } from "./choose.js";
import { examplesOf } from "./examples.js";
import { type ColumnScales, cellUse, type FoundGrid, type Grid, gridOf, hideCells, scalesOf } from "./grid.js";
import { type FillModel, guesses, planFill, trainFill } from "./network.js";
import { evaluationOf } from "./scores.js";
import { fillSimply } from "./simple.js";
import type { ImputeOptions, ImputeRun, SavedFill } from "./types.js";
import { filledCsv, refuseTooLong } from "./write.js";

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
  const table = typeof input === "string" ? await readTable(input, { ...options, names: isIdOf(options) }) : input;
  refuseTooLong(table);
  const found = gridOf(table, options);
  const { grid } = found;
  refuseHopeless(table, grid);
  const warnings: { code: string; message: string }[] = [];
  const warn = (code: string, message: string): void => {
    warnings.push({ code, message });
    options.onEvent?.({ kind: "warning", code, message });
  };
  options.onEvent?.({ kind: "found", lines: found.lines });
  for (const { code, message } of found.warnings) warn(code, message);
  const made = await fillGrid(found, options);
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
    values: columnsOf(grid, made.filled),
    model: made.model,
    preprocess: made.preprocess,
    examples: examplesOf(table, found, made.filled),
    warnings,
    notes: found.lines,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Refuses tables whose holes are all in columns without any value. */
function refuseHopeless(table: Table, { names, values }: Grid): void {
  const [isHoled, isSeen] = [new Set<number>(), new Set<number>()];
  values.forEach((value, cell) => {
    (Number.isNaN(value) ? isHoled : isSeen).add(cell % names.length);
  });
  if ([...isHoled].some((column) => isSeen.has(column))) return;
  const holed = names.filter((_, column) => isHoled.has(column));
  const what = `${shortName(table.file)}: all holes are in ${listed(holed)}, without any value: nothing can be filled.`;
  throw new DataError("all_missing", what, "Name other columns with --column.", placeOf(table.file));
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

/** Filled cells [rows, names] by column. */
export function columnsOf({ names, rows }: Grid, filled: Float64Array): Record<string, Float64Array> {
  const column = (place: number): Float64Array => Float64Array.from({ length: rows }, (_, row) => filled[row * names.length + place]!);
  return Object.fromEntries(names.map((name, place) => [name, column(place)]));
}

/** What filling a grid gives. */
interface FilledGrid extends Pick<ImputeRun, "network" | "training" | "evaluation" | "model" | "preprocess"> {
  /** [rows, names] in the units of the columns; NaN in columns without any value. */
  readonly filled: Float64Array;
}

/** Trains, compares and fills. */
async function fillGrid(found: FoundGrid, options: ImputeOptions): Promise<FilledGrid> {
  const { grid } = found;
  const { seed = 0, hide = usualShare } = options;
  const use = hideCells(grid, hide, seed);
  const scales = scalesOf(grid, (cell) => use[cell] === cellUse.visible);
  const size = grid.names.length;
  const standard = standardised(grid, scales);
  const only = (keep: (cell: number) => boolean): Float64Array => standard.map((value, cell) => (keep(cell) ? value : Number.NaN));
  const known = only((cell) => use[cell] === cellUse.visible);
  const plan = planFill(grid, options);
  const { model, parameters, training } = await trainFill(
    grid,
    { known, targets: only((cell) => use[cell] === cellUse.choose) },
    plan,
    options,
  );
  const network = await guesses(model, grid, known);
  const simple = fillSimply(grid, known, new Float64Array(size));
  const choices = chooseFills({ grid, truth: standard, use, network, simple });
  const blend = mixed(size, { network, simple }, choices);
  const evaluation = evaluationOf({ grid, truth: standard, use, scales, choices }, { model: blend, network, ...simple });
  const averages = meansOf(standard, size);
  const preprocess: SavedFill = {
    format: "deep-rnn-impute",
    formatVersion: 1,
    task: "impute",
    ...{ id: found.id, time: found.time, gap: found.gap },
    dateOrder: options.dateOrder ?? null,
    missing: options.missing ?? [],
    clock: options.clock ?? null,
    reading: options.reading ?? null,
    columns: grid.names.map((name, column) => ({
      name,
      mean: scales.mean[column]!,
      deviation: scales.deviation[column]!,
      average: averages[column]!,
      observed: evaluation.columns[column]!.observed,
      ...choices[column]!,
    })),
  };
  return {
    network: { cell: `brits(${plan.cell.name})`, activation: "tanh", layers: 1, units: [plan.units], parameters },
    training,
    evaluation,
    // Nothing is hidden any more from what fills.
    filled: await fillWith(model, grid, preprocess),
    model,
    preprocess,
  };
}

/** Fills every hole of a grid as a saved model does; seen values stay as they are, and so do holes of columns that training never saw. */
export async function fillWith(model: FillModel, grid: Grid, { columns }: SavedFill): Promise<Float64Array> {
  const size = grid.names.length;
  const of = (pick: (column: SavedFill["columns"][number]) => number): Float64Array => Float64Array.from(columns, pick);
  const scales = { mean: of(({ mean }) => mean), deviation: of(({ deviation }) => deviation) };
  const known = standardised(grid, scales);
  const simple = fillSimply(
    grid,
    known,
    of(({ average }) => average),
  );
  const filled = mixed(size, { network: await guesses(model, grid, known), simple }, columns);
  return filled.map((value, cell) => {
    const seen = grid.values[cell]!;
    if (!Number.isNaN(seen)) return seen;
    const { observed, mean, deviation } = columns[cell % size]!;
    return observed === 0 ? Number.NaN : value * deviation + mean;
  });
}

function standardised({ values, names }: Grid, { mean, deviation }: ColumnScales): Float64Array {
  return values.map((value, cell) => (value - mean[cell % names.length]!) / deviation[cell % names.length]!);
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
