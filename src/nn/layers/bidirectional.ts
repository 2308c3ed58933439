// Two copies of a recurrent layer, one for each direction, and four ways to join them.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isRecord, type Tree } from "../../base/tree.js";
import { currentPlace } from "../../ir/core/build.js";
import { add, mul } from "../../ops/pointwise.js";
import { foldIn } from "../../ops/random.js";
import { withPlace } from "../../ops/sequence.js";
import { concat } from "../../ops/shape.js";
import { isTensor } from "../../trace/traced.js";
import type { Tensors } from "../cell.js";
import { definitionOf, type Extras, type Layer, type LayerContext, makeLayer, type StatefulLayer } from "../layer.js";
import { checkOptions } from "../options.js";
import { checkNames } from "../suggest.js";
import type { Weight } from "../weight.js";
import { isStateful, outputOf, plainOptions } from "./recurrent.js";
import { refuseStream, startsAtEnd } from "./whole-sequence.js";

/** How the two directions are joined. */
export type Merge = "concat" | "sum" | "mul" | "ave";

/** Options of `bidirectional`. */
export interface BidirectionalOptions {
  /** Default "concat": [..., 2H], forward first. */
  readonly merge?: Merge;
  readonly name?: string;
}

/** States of both directions, as `returnState` gives and `initialState` takes them. */
export type BothStates = { readonly forward: Tensors; readonly backward: Tensors };

const merges: { readonly [K in Merge]: (forward: Tensor, backward: Tensor) => Tensor } = {
  concat: (forward, backward) => concat([forward, backward]),
  sum: (forward, backward) => add(forward, backward),
  mul: (forward, backward) => mul(forward, backward),
  ave: (forward, backward) => mul(0.5, add(forward, backward)),
};

/**
 * Runs a recurrent layer in both directions with weights of their own (`forward.W`, `backward.W` …). Without returnSequences each
 * direction gives its last output: the forward one at each row's last valid step, the backward one at its first.
 *
 * @throws UsageError `not_recurrent` for a layer without a direction
 * @example bidirectional(lstm({ units: 64, returnSequences: true }), { merge: "concat" })  // [B, T, 128]
 */
export function bidirectional(layer: StatefulLayer, options?: BidirectionalOptions): StatefulLayer<BothStates>;
export function bidirectional(layer: Layer, options?: BidirectionalOptions): Layer;
export function bidirectional(layer: Layer | StatefulLayer, options: BidirectionalOptions = {}): unknown {
  const forward = definitionOf(layer, "bidirectional");
  checkOptions("bidirectional", options, { merge: "any", name: "text" });
  const merge = options.merge ?? "concat";
  checkNames("bidirectional", "merge", [merge], Object.keys(merges));
  const backward = forward.turned?.();
  if (backward === undefined) {
    throw new UsageError({
      code: "not_recurrent",
      op: "bidirectional",
      what: `layer "${forward.givenName ?? forward.config.kind}" has no direction`,
      hint: "Give it simpleRnn, lstm, gru or recurrent(cell, ...).",
    });
  }
  return makeLayer({
    config: { kind: "bidirectional", options: plainOptions(options), inner: forward.config },
    givenName: options.name ?? null,
    cells: forward.cells,
    isRandom: forward.isRandom,
    acceptsMissing: forward.acceptsMissing ?? false,
    weights: (shape, dtype, extras) => ({
      ...prefixed("forward.", forward.weights(shape, dtype, extras)),
      ...prefixed("backward.", backward.weights(shape, dtype, extras)),
    }),
    apply(x, extras, context) {
      refuseStream("bidirectional", context, startsAtEnd);
      const a = withPlace("forward", () => forward.apply(x, sideExtras(extras, "forward"), sideContext(context, "forward.", 0)));
      const b = withPlace("backward", () => backward.apply(x, sideExtras(extras, "backward"), sideContext(context, "backward.", 1)));
      const output = merges[merge](outputOf(a), outputOf(b));
      return isStateful(a) && isStateful(b) ? { output, state: { forward: a.state, backward: b.state } } : output;
    },
    turned: null,
  });
}

/** Weights under names that begin with a direction. */
export function prefixed(prefix: string, weights: { readonly [name: string]: Weight }): { readonly [name: string]: Weight } {
  return Object.fromEntries(Object.entries(weights).map(([name, spec]) => [prefix + name, spec]));
}

/** What one direction sees of the layer's context. */
export function sideContext(context: LayerContext, prefix: string, side: number): LayerContext {
  const own = Object.entries(context.weights).filter(([name]) => name.startsWith(prefix));
  const weights: Tensors = Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
  return { ...context, weights, key: context.key === null ? null : foldIn(context.key, side) };
}

function sideExtras(extras: Extras, side: "forward" | "backward"): Extras {
  const { initialState, ...rest } = extras;
  if (initialState === undefined) return rest;
  if (isRecord(initialState) && !isTensor(initialState) && isRecord(initialState[side]))
    return { ...rest, initialState: initialState[side] as Tree };
  throw new UsageError({
    code: "initial_state",
    op: "bidirectional",
    what: `initialState has no states for the ${side} direction`,
    where: currentPlace(),
    hint: "Give { forward: { h, ... }, backward: { h, ... } }.",
  });
}
