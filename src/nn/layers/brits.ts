// Imputation in both directions: sequences with holes in, complete sequences out (Cao et al. 2018).

import type { Tensor } from "../../base/tensor.js";
import { abs, add, mul, sub } from "../../ops/pointwise.js";
import { entryCount, sum } from "../../ops/reduce.js";
import { withPlace } from "../../ops/sequence.js";
import type { AnyCell, Cell, Tensors } from "../cell.js";
import { imputingCell } from "../cells/imputing.js";
import { type Extras, featureSize, type Layer, type LayerContext, makeLayer, type StatefulLayer } from "../layer.js";
import { checkOptions } from "../options.js";
import { prefixed, sideContext } from "./bidirectional.js";
import { plainOptions } from "./recurrent.js";
import { runCell } from "./run-cell.js";
import { refuseStream, startsAtEnd } from "./whole-sequence.js";
import { type CellMaker, cellOf } from "./with-decay.js";

/** Options of `brits`. */
export interface BritsOptions {
  readonly units: number;
  /** Weight of the mean absolute difference of the two directions in the loss of training; default 0.1. */
  readonly consistency?: number;
  /** Weight of the mean absolute error of the three guesses of each seen value; default 1. */
  readonly reconstruction?: number;
  /** The layer returns { output, state }: the states of both directions after their last steps, to classify by. */
  readonly returnState?: boolean;
  readonly name?: string;
}

/**
 * Fills missing values: [B, T, I] with NaN (or a `mask` extra) to [B, T, I] without. Each direction runs the cell and guesses a value
 * from its past, from the other features of the step, and from a trained mix of both; the layer gives the mean of the directions, and
 * seen values as they are. While training, the errors of the guesses at seen values and the difference of the directions join the loss.
 *
 * @throws UsageError `bad_cell` for a cell whose states it cannot carry
 * @example sequential([brits(lstm, { units: 64 })])   // fit(x, y): y = x before more of it was hidden
 */
export function brits<O>(cell: Cell<O> | CellMaker, options: BritsOptions & { readonly returnState: true }): StatefulLayer;
export function brits<O>(cell: Cell<O> | CellMaker, options: BritsOptions): Layer;
export function brits(cell: AnyCell | CellMaker, options: BritsOptions): Layer & StatefulLayer {
  const inner = cellOf(cell, "brits");
  const imputing = imputingCell(inner);
  const kinds = { units: "size", consistency: "nonNegative", reconstruction: "nonNegative", returnState: "boolean", name: "text" } as const;
  checkOptions("brits", options, kinds, ["units"]);
  const { units, consistency = 0.1, reconstruction = 1 } = options;
  const run = (x: Tensor, extras: Extras, context: LayerContext, goBackwards: boolean): { output: Tensor; state: Tensors } =>
    runCell(
      {
        cell: imputing.definition,
        owner: "brits",
        cellOptions: imputing.options,
        options: { units, returnSequences: true, goBackwards },
        zoneout: {},
      },
      x,
      extras,
      context,
    );
  return makeLayer({
    config: { kind: "brits", options: plainOptions(options), cell: inner.name },
    givenName: options.name ?? null,
    cells: [{ cell: imputing, options: imputing.options, units }],
    isRandom: imputing.definition.perSequence !== null,
    acceptsMissing: true,
    weights(shape) {
      const own = imputing.definition.params({ ...imputing.options, inputSize: featureSize("brits", shape), units });
      return { ...prefixed("forward.", own), ...prefixed("backward.", own) };
    },
    apply(x, extras, context) {
      refuseStream("brits", context, startsAtEnd);
      const forward = withPlace("forward", () => run(x, extras, sideContext(context, "forward.", 0), false));
      const backward = withPlace("backward", () => run(x, extras, sideContext(context, "backward.", 1), true));
      notePenalties(context, [forward, backward], consistency, reconstruction);
      const output = mul(0.5, add(forward.output, backward.output));
      return options.returnState === true ? { output, state: { forward: forward.state, backward: backward.state } } : output;
    },
    turned: null,
  });
}

function notePenalties(
  { penalties }: LayerContext,
  directions: readonly { readonly output: Tensor; readonly state: Tensors }[],
  consistency: number,
  reconstruction: number,
): void {
  if (penalties === null) return;
  for (const { state } of directions) penalties({ sum: sum(state.error!), count: sum(state.seen!), factor: reconstruction });
  const [forward, backward] = directions;
  const apart = abs(sub(forward!.output, backward!.output));
  penalties({ sum: sum(apart), count: entryCount(apart), factor: consistency });
}
