// The recurrent layers of the library under the names people look for.

import { UsageError } from "../../base/errors.js";
import { activationName } from "../activations.js";
import { antisymmetricOf } from "../cells/antisymmetric.js";
import { elmanCell } from "../cells/elman.js";
import {
  gruCell,
  gruResetBeforeCell,
  indRnnCell,
  lruCell,
  lstmCell,
  minGruCell,
  minLstmCell,
  normedLstmCell,
  peepholeLstmCell,
  projectedLstmCell,
  projectedPeepholeLstmCell,
} from "../cells/index.js";
import { type Layer, makeLayer, type StatefulLayer } from "../layer.js";
import { checkOptions, optionRecord } from "../options.js";
import { asAnyCell, plainOptions, type RecurrentOptions, recurrentDefinition } from "./recurrent.js";

/** Options of `simpleRnn`. */
export interface SimpleRnnOptions extends RecurrentOptions {
  /** Default "tanh". With relu and leakyRelu the recurrence starts at the identity (Le, Jaitly & Hinton 2015). */
  readonly activation?: string;
}

/** Options of `lstm`. */
export interface LstmOptions extends RecurrentOptions {
  /** The gates see the cell state (Gers, Schraudolph & Schmidhuber 2002). */
  readonly peephole?: boolean;
  /** Size of a linear projection of the output (Sak, Senior & Beaufays 2014). */
  readonly projection?: number;
  /** Start of the forget gate's bias; default 1. */
  readonly forgetBias?: number;
  /** Normalises both products and the cell state (Ba, Kiros & Hinton 2016), with gains gainX, gainH, gainC and the bias bC. */
  readonly layerNorm?: boolean;
}

/** Options of `gru`. */
export interface GruOptions extends RecurrentOptions {
  /** True (default): the reset gate acts after the recurrent product, with a bias of its own. False: before it. */
  readonly resetAfter?: boolean;
}

/** Options of `minLstm`. */
export interface MinLstmOptions extends RecurrentOptions {
  /** Start of the forget gate's bias; default 1. */
  readonly forgetBias?: number;
}

/** Options of `lru`. */
export interface LruOptions extends RecurrentOptions {
  /** Smallest absolute value of the recurrence's eigenvalues at the start; default 0. */
  readonly rMin?: number;
  /** Largest; default 1. Near 1 the states remember for long. */
  readonly rMax?: number;
  /** Largest angle of the eigenvalues at the start, in radians; default 2π. */
  readonly maxPhase?: number;
}

type Stateful = { readonly returnState: true };

/**
 * Elman's network: h' = act(x·W + h·U + b).
 *
 * @example simpleRnn({ units: 128, activation: "relu", returnSequences: true })
 */
export function simpleRnn(options: SimpleRnnOptions & Stateful): StatefulLayer;
export function simpleRnn(options: SimpleRnnOptions): Layer;
export function simpleRnn(options: SimpleRnnOptions): Layer & StatefulLayer {
  const { activation = "tanh", ...rest } = optionRecord("simpleRnn", options);
  const cell = asAnyCell(elmanCell(activationName("simpleRnn", activation)));
  return makeLayer(recurrentDefinition(cell, rest, { kind: "simpleRnn", options: plainOptions(options) }));
}

/**
 * Long short-term memory. Gates in the order i f g o in W [I, 4H], U [H, 4H] and b [4H].
 *
 * @example lstm({ units: 64, returnSequences: true })
 */
export function lstm(options: LstmOptions & Stateful): StatefulLayer;
export function lstm(options: LstmOptions): Layer;
export function lstm(options: LstmOptions): Layer & StatefulLayer {
  const { peephole = false, projection, layerNorm = false, ...rest } = optionRecord("lstm", options);
  checkOptions("lstm", { peephole, projection, layerNorm }, { peephole: "boolean", projection: "size", layerNorm: "boolean" });
  const config = { kind: "lstm", options: plainOptions(options) };
  if (layerNorm) {
    if (!peephole && projection === undefined) return makeLayer(recurrentDefinition(asAnyCell(normedLstmCell), rest, config));
    throw new UsageError({ code: "bad_option", what: "lstm: layerNorm goes with neither peephole nor projection" });
  }
  if (projection === undefined) return makeLayer(recurrentDefinition(asAnyCell(peephole ? peepholeLstmCell : lstmCell), rest, config));
  const cell = asAnyCell(peephole ? projectedPeepholeLstmCell : projectedLstmCell);
  const given: RecurrentOptions & { readonly projection: number } = { ...rest, projection };
  return makeLayer(recurrentDefinition(cell, given, config));
}

/**
 * Gated recurrent unit. Gates in the order r z n in W [I, 3H], U [H, 3H], b [3H] and, reset after, bR [3H].
 *
 * @example gru({ units: 64 })
 */
export function gru(options: GruOptions & Stateful): StatefulLayer;
export function gru(options: GruOptions): Layer;
export function gru(options: GruOptions): Layer & StatefulLayer {
  const { resetAfter = true, ...rest } = optionRecord("gru", options);
  checkOptions("gru", { resetAfter }, { resetAfter: "boolean" });
  return makeLayer(
    recurrentDefinition(asAnyCell(resetAfter ? gruCell : gruResetBeforeCell), rest, { kind: "gru", options: plainOptions(options) }),
  );
}

/**
 * Minimal GRU (Feng et al. 2024): gates in the order z n in W [I, 2H] and b [2H]. Nothing but the state waits for the step before, so
 * long sequences run much faster than with `gru` or `lstm`; stack layers to make up for what a gate does not see.
 *
 * @example minGru({ units: 128, returnSequences: true })
 */
export function minGru(options: RecurrentOptions & Stateful): StatefulLayer;
export function minGru(options: RecurrentOptions): Layer;
export function minGru(options: RecurrentOptions): Layer & StatefulLayer {
  return makeLayer(recurrentDefinition(asAnyCell(minGruCell), options, { kind: "minGru", options: plainOptions(options) }));
}

/**
 * Minimal LSTM (Feng et al. 2024): gates in the order i f n in W [I, 3H] and b [3H]. Fast on long sequences as `minGru` is.
 *
 * @example minLstm({ units: 128, returnSequences: true })
 */
export function minLstm(options: MinLstmOptions & Stateful): StatefulLayer;
export function minLstm(options: MinLstmOptions): Layer;
export function minLstm(options: MinLstmOptions): Layer & StatefulLayer {
  return makeLayer(recurrentDefinition(asAnyCell(minLstmCell), options, { kind: "minLstm", options: plainOptions(options) }));
}

/**
 * Linear recurrent unit (Orvieto et al. 2023): complex eigenvalues in nu [H] and theta [H], maps B [I, 2H] and C [H, 2H] with real and
 * imaginary columns, and D [I, H]. Its output is linear in its input: put something else between layers, such as `activation("gelu")`.
 *
 * @throws UsageError `bad_init` unless 0 ≤ rMin < rMax ≤ 1 and maxPhase > 0
 * @example lru({ units: 64, rMin: 0.9, rMax: 0.999, returnSequences: true })
 */
export function lru(options: LruOptions & Stateful): StatefulLayer;
export function lru(options: LruOptions): Layer;
export function lru(options: LruOptions): Layer & StatefulLayer {
  return makeLayer(recurrentDefinition(asAnyCell(lruCell), options, { kind: "lru", options: plainOptions(options) }));
}

/**
 * Independently recurrent network (Li et al. 2018): h' = max(0, x·W + u·h + b), u one number per unit. Its gradients can be followed through
 * thousands of steps; stack layers, since units of one layer do not see each other.
 *
 * @example indRnn({ units: 128, returnSequences: true })
 */
export function indRnn(options: RecurrentOptions & Stateful): StatefulLayer;
export function indRnn(options: RecurrentOptions): Layer;
export function indRnn(options: RecurrentOptions): Layer & StatefulLayer {
  return makeLayer(recurrentDefinition(asAnyCell(indRnnCell), options, { kind: "indRnn", options: plainOptions(options) }));
}

/** Options of `antisymmetricRnn`. */
export interface AntisymmetricRnnOptions extends RecurrentOptions {
  /** Size ε of a step; default 0.1. */
  readonly stepSize?: number;
  /** Damping γ; default 0.01. */
  readonly damping?: number;
}

/**
 * Antisymmetric recurrent network (Chang et al. 2019): h' = h + ε·tanh(x·W + h·(U - Uᵀ) - γ·h + b). States are turned and hardly scaled, so
 * that gradients neither vanish nor explode.
 *
 * @example antisymmetricRnn({ units: 128, stepSize: 0.05 })
 */
export function antisymmetricRnn(options: AntisymmetricRnnOptions & Stateful): StatefulLayer;
export function antisymmetricRnn(options: AntisymmetricRnnOptions): Layer;
export function antisymmetricRnn(options: AntisymmetricRnnOptions): Layer & StatefulLayer {
  const { stepSize = 0.1, damping = 0.01, ...rest } = optionRecord("antisymmetricRnn", options);
  checkOptions("antisymmetricRnn", { stepSize, damping }, { stepSize: "nonNegative", damping: "nonNegative" });
  const cell = asAnyCell(antisymmetricOf(stepSize, damping));
  return makeLayer(recurrentDefinition(cell, rest, { kind: "antisymmetricRnn", options: plainOptions(options) }));
}
