// `withDecay` as users call it: on a cell of their own, or on one of the library by its layer's name.

import type { AnyCell, Cell } from "../cell.js";
import { antisymmetricCell, elmanTanh, gruCell, indRnnCell, lruCell, lstmCell, minGruCell, minLstmCell } from "../cells/index.js";
import { withDecayCell } from "../cells/with-decay.js";
import type { Layer } from "../layer.js";
import { antisymmetricRnn, gru, indRnn, lru, lstm, minGru, minLstm, simpleRnn } from "./named.js";
import { asAnyCell } from "./recurrent.js";

/** A maker of recurrent layers, such as `gru`: it stands for its cell. */
export type CellMaker = (options: { readonly units: number }) => Layer;

const cellOfMaker: ReadonlyMap<unknown, AnyCell> = new Map<unknown, AnyCell>([
  [simpleRnn, asAnyCell(elmanTanh)],
  [lstm, asAnyCell(lstmCell)],
  [gru, asAnyCell(gruCell)],
  [minGru, asAnyCell(minGruCell)],
  [minLstm, asAnyCell(minLstmCell)],
  [lru, asAnyCell(lruCell)],
  [indRnn, asAnyCell(indRnnCell)],
  [antisymmetricRnn, asAnyCell(antisymmetricCell)],
]);

/** The cell that is meant: itself, or the one behind a layer's maker. */
export function cellOf(given: AnyCell | CellMaker, op: string): AnyCell {
  return cellOfMaker.get(given) ?? asAnyCell(given as AnyCell, op);
}

/**
 * Any cell for missing values and uneven times, as GRU-D is for the GRU (Che et al. 2018): a missing input fades from its last value to
 * the mean, states fade with the time since each feature was seen, both at rates that are trained, and the cell also sees which features
 * are there. `withDecay(gru)` is GRU-D. Missing values are NaN in x, or 0 in a `mask` extra; `dt` holds the time since the step before
 * (1 if absent).
 *
 * @throws UsageError `bad_cell` for a cell with a state of size "inputSize", or with states called last or since
 * @example sequential([recurrent(withDecay(gru), { units: 64 }), dense({ units: 1, activation: "sigmoid" })])
 */
export function withDecay<O>(cell: Cell<O>): Cell<O>;
export function withDecay(cell: CellMaker): Cell<{ readonly [option: string]: number }>;
export function withDecay(cell: AnyCell | CellMaker): AnyCell {
  return withDecayCell(cellOf(cell, "withDecay"));
}
