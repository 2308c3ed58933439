// The cells of all tasks: built-in ones by the names of `--cell`, and users' own.

import { DataError, UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { nearestName } from "../data/table.js";
import { type AnyCell, type OwnCell, paramsOf, stateSizes } from "../nn/cell.js";
import { definitionOf, type Layer } from "../nn/layer.js";
import { gru, lru, lstm, minGru, minLstm, simpleRnn } from "../nn/layers/named.js";
import { asAnyCell, type RecurrentOptions, recurrent } from "../nn/layers/recurrent.js";
import { storedShape } from "../nn/weight.js";

/** What a task's option `cell` takes: a built-in name, or what `defineCell` gave. */
export type CellChoice = string | OwnCell;

/** A cell that a task makes its layers of. */
export interface TaskCell {
  /** As results and reports call it. */
  readonly name: string;
  /** "tanh" for all but elman cells. */
  readonly activation: string;
  readonly cell: AnyCell;
  /** A layer of the cell, with the cell's own options at their defaults. */
  layer(options: RecurrentOptions): Layer;
}

const makers: Readonly<Record<string, (options: RecurrentOptions, activation: string) => Layer>> = {
  gru: (options) => gru(options),
  "gru-reset-before": (options) => gru({ ...options, resetAfter: false }),
  lstm: (options) => lstm(options),
  "lstm-peephole": (options) => lstm({ ...options, peephole: true }),
  "min-gru": (options) => minGru(options),
  "min-lstm": (options) => minLstm(options),
  lru: (options) => lru(options),
  elman: (options, activation) => simpleRnn({ ...options, activation }),
};

/**
 * Names that the tasks' option `cell` takes.
 *
 * @example for (const cell of cellNames) console.log((await forecast("sales.csv", { cell, horizon: 12 })).evaluation.network.mase);
 */
export const cellNames: readonly string[] = Object.keys(makers);

const elmanActivations: readonly string[] = ["tanh", "relu", "leakyRelu", "sigmoid"];

/**
 * The cell that a task's options mean.
 *
 * @throws DataError `unknown_cell`, `unknown_activation`, `bad_option`; UsageError `not_a_cell`, `missing_extra`
 */
export function taskCell(given: CellChoice = "gru", activation = "tanh"): TaskCell {
  if (typeof given !== "string") return ownCell(given, activation);
  const make = Object.hasOwn(makers, given) ? makers[given] : undefined;
  if (make === undefined) throw unknown("cell", given, cellNames);
  if (given === "elman" && !elmanActivations.includes(activation)) throw unknown("activation", activation, elmanActivations);
  if (given !== "elman") refuseActivation(given, activation);
  const [first] = definitionOf(make({ units: 1 }, activation), given).cells;
  return { name: given, activation, cell: first!.cell, layer: (options) => make(options, activation) };
}

function ownCell(given: OwnCell, activation: string): TaskCell {
  if (!isRecord(given)) {
    const hint = `Give what defineCell gave, or one of ${cellNames.join(", ")}.`;
    throw new UsageError({ code: "not_a_cell", what: "option cell is neither a name nor a cell", hint });
  }
  const cell = asAnyCell(given);
  refuseActivation(cell.name, activation);
  const [row] = cell.definition.row;
  if (row !== undefined) {
    const what = `cell ${cell.name} needs ${row} for each row, which no task gives`;
    throw new UsageError({ code: "missing_extra", what, hint: "Use it in functional, as in l.layer(x, { row })." });
  }
  return { name: cell.name, activation, cell, layer: (options) => recurrent(cell, { ...options }) };
}

/** Entries of the matrices of stacked layers over so many input features: what a step costs in products. */
export function stackedEntries({ cell }: TaskCell, units: readonly number[], features: number): number {
  const { definition, options } = cell;
  let inputSize = features;
  let entries = 0;
  for (const width of units) {
    const sizes = { ...options, inputSize, units: width };
    for (const weight of Object.values(paramsOf(definition, sizes)))
      if (weight.shape.length > 1) entries += storedShape(weight).reduce((product, size) => product * size, 1);
    inputSize = stateSizes(definition, sizes)[definition.output]!;
  }
  return entries;
}

function refuseActivation(cell: string, activation: string): void {
  if (activation === "tanh") return;
  const what = `--activation ${activation} is for elman cells; ${cell} brings its own.`;
  throw new DataError("bad_option", what, "Leave it out, or give --cell elman.");
}

function unknown(kind: "cell" | "activation", given: string, known: readonly string[]): DataError {
  const near = nearestName(given, known);
  const hint = near === null ? `Choose from ${known.join(", ")}.` : `Did you mean "${near}"?`;
  return new DataError(`unknown_${kind}`, `There is no ${kind} "${given}".`, hint);
}
