// What a layer is: a callable inside networks, and behind it the definition that networks run, build and save.

import { type Dim, showShape } from "../base/dim.js";
import type { DType } from "../base/dtype.js";
import { ShapeError, UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import { currentPlace } from "../ir/core/build.js";
import { dimsOf } from "../trace/traced.js";
import type { AnyCell, Tensors } from "./cell.js";
import type { CallMemory } from "./memory.js";
import type { PenaltySink } from "./penalty.js";
import { checkNames } from "./suggest.js";
import type { Weight } from "./weight.js";

/** What a recurrent layer takes beside its sequence. */
export interface Extras {
  /** Valid steps of each row, int32 [B]. Sequences that come from a network input have theirs already. */
  readonly lengths?: Tensor;
  /** Every state by name, [B, size]; zeros when absent. For `bidirectional`: { forward, backward }. */
  readonly initialState?: Tree;
  /** Time since the step before, [B, T] or [B, T, 1], for cells that name it in `inputs`; 1 if absent. Backwards the gap to the next step is used. */
  readonly dt?: Tensor;
  /** 1 = seen, 0 = missing, [B, T, I], for cells that name it in `inputs`; without it NaN in x is missing. The cell finds 0 where a value is missing. */
  readonly mask?: Tensor;
  /** Constants of each row, [B, ...] by name, for cells that name them in `row`. */
  readonly row?: { readonly [name: string]: Tensor };
  /** What `attention` looks at: a sequence [B, S, F] with lengths of its own; x itself when absent. */
  readonly memory?: Tensor;
}

/** A layer: callable inside `functional` and run by every network. */
export interface Layer {
  (x: Tensor, extras?: Extras): Tensor;
  readonly name: string;
}

/** A recurrent layer with `returnState: true`: it also gives every state [B, size] after each row's last step. */
export interface StatefulLayer<S extends Tree = Tensors> {
  (x: Tensor, extras?: Extras): { readonly output: Tensor; readonly state: S };
  readonly name: string;
}

/** An attention layer with `returnWeights: true`: it also gives how much of each memory step went into each output. */
export interface WeighingLayer {
  (x: Tensor, extras?: Extras): { readonly output: Tensor; readonly weights: Tensor };
  readonly name: string;
}

/** JSON values. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** How a layer is saved: enough to make it again. */
export interface LayerConfig {
  readonly kind: string;
  /** As given by the user. */
  readonly options: { readonly [option: string]: Json };
  /** Only for `recurrent`: the name of its cell. */
  readonly cell?: string;
  /** Only for wrappers: the layer inside. */
  readonly inner?: LayerConfig;
}

/** What a layer sees of a call. */
export interface LayerContext {
  readonly weights: Tensors;
  readonly training: boolean;
  /** This call's own random key; null when not training. */
  readonly key: Tensor | null;
  /** Where states come from and go to while a sequence is run piece by piece; null otherwise. */
  readonly memory: ((sizes: { readonly [state: string]: number }) => CallMemory) | null;
  /** Where stateful layers go on from and what they leave for the next batch; null where every batch begins anew. */
  readonly carried: ((sizes: { readonly [state: string]: number }) => CallMemory) | null;
  /** Takes what the layer adds to the loss; null while nothing is trained. */
  readonly penalties: PenaltySink | null;
}

/** What a layer gives: a tensor, or with `returnState` output and state, with `returnWeights` output and weights. */
export type LayerResult = Tensor | StatefulResult | { readonly output: Tensor; readonly weights: Tensor };

/** What a layer with `returnState` gives. */
export interface StatefulResult {
  readonly output: Tensor;
  readonly state: Tree;
}

/** The side of a layer that networks use. */
export interface LayerDefinition {
  readonly config: LayerConfig;
  /** The user's `name` option. */
  readonly givenName: string | null;
  /** Cells inside, for saving and loading. */
  readonly cells: readonly { readonly cell: AnyCell; readonly options: { readonly [option: string]: number }; readonly units: number }[];
  /** True if calls need a random key while training. */
  readonly isRandom: boolean;
  /** True if NaN in its input means a missing value. */
  readonly acceptsMissing?: boolean;
  /** Weights for an input [B, ...] or [B, T, ...] of these sizes; throws ShapeError naming the layer. */
  weights(shape: readonly Dim[], dtype: DType, extras: Extras): { readonly [name: string]: Weight };
  apply(x: Tensor, extras: Extras, context: LayerContext): LayerResult;
  /** The same recurrent layer with the direction turned, for `bidirectional`; null for other layers. */
  readonly turned: (() => LayerDefinition) | null;
}

const definitions = new WeakMap<object, LayerDefinition>();

/** The callable for a definition. Networks call it with weights; elsewhere it throws `layer_outside_network`. */
export function makeLayer(definition: LayerDefinition): Layer & StatefulLayer & WeighingLayer {
  const { givenName, config } = definition;
  const call = (): never => {
    throw new UsageError({
      code: "layer_outside_network",
      what: `layer "${givenName ?? config.kind}" was called outside a network, where it has no weights`,
      hint: "Use the layer that functional's function receives: functional({ encode }, (l, x) => l.encode(x)).",
    });
  };
  return namedLayer(call, givenName ?? config.kind, definition);
}

/** A layer bound to a network run: the same definition behind another call. */
export function bindLayer(
  definition: LayerDefinition,
  name: string,
  call: (x: Tensor, extras?: Extras) => LayerResult,
): Layer & StatefulLayer & WeighingLayer {
  return namedLayer(call, name, definition);
}

/** The definition behind a layer; throws `not_a_layer`. */
export function definitionOf(layer: unknown, owner: string): LayerDefinition {
  const found = typeof layer === "function" ? definitions.get(layer) : undefined;
  if (found !== undefined) return found;
  throw new UsageError({
    code: "not_a_layer",
    op: owner,
    what: `expected a layer, found ${layer === null ? "null" : typeof layer}`,
    hint: "Layers are made by lstm({ units }), dense({ units }) and their like.",
  });
}

/** Throws for extras that a layer does not use. */
export function checkExtras(owner: string, extras: Extras, known: readonly string[]): void {
  const given = Object.entries(extras).filter(([, value]) => value !== undefined);
  checkNames(
    owner,
    "extra",
    given.map(([name]) => name),
    known,
  );
}

/** The constant size of an input's last axis; throws `no_feature_axis`. */
export function featureSize(kind: string, shape: readonly Dim[]): number {
  const last = shape.at(-1);
  if (typeof last === "number" && shape.length >= 2) return last;
  throw new ShapeError({
    code: "no_feature_axis",
    op: kind,
    where: currentPlace(),
    what: `the input ${showShape(shape)} has no feature axis of a known size`,
    hint: "Use [batch, feature] or [batch, time, feature].",
  });
}

/** Sizes and dtype of an input, for `weights`. */
export function inputOf(x: Tensor): { shape: readonly Dim[]; dtype: DType } {
  return { shape: dimsOf(x), dtype: x.dtype };
}

function namedLayer(
  call: (x: Tensor, extras?: Extras) => LayerResult,
  name: string,
  definition: LayerDefinition,
): Layer & StatefulLayer & WeighingLayer {
  const layer = (x: Tensor, extras?: Extras): LayerResult => call(x, extras);
  Object.defineProperty(layer, "name", { value: name });
  definitions.set(layer, definition);
  // What comes back depends on the layer's `returnState`, which its maker's type tells.
  return layer as Layer & StatefulLayer & WeighingLayer;
}
