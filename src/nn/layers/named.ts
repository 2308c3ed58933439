// The recurrent layers of the library under the names people look for.

import type { AnyCell } from "../cell.js";
import {
  elmanLeakyRelu,
  elmanRelu,
  elmanSigmoid,
  elmanTanh,
  gruCell,
  gruResetBeforeCell,
  lstmCell,
  peepholeLstmCell,
  projectedLstmCell,
  projectedPeepholeLstmCell,
} from "../cells/index.js";
import { type Layer, makeLayer, type StatefulLayer } from "../layer.js";
import { checkOptions, optionRecord } from "../options.js";
import { checkNames } from "../suggest.js";
import { asAnyCell, plainOptions, type RecurrentOptions, recurrentDefinition } from "./recurrent.js";

/** Options of `simpleRnn`. */
export interface SimpleRnnOptions extends RecurrentOptions {
  /** "tanh" (default), "relu", "leakyRelu" or "sigmoid". With relu and leakyRelu the recurrence starts at the identity. */
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
}

/** Options of `gru`. */
export interface GruOptions extends RecurrentOptions {
  /** True (default): the reset gate acts after the recurrent product, with a bias of its own. False: before it. */
  readonly resetAfter?: boolean;
}

const elmanCells: { readonly [activation: string]: AnyCell } = {
  tanh: asAnyCell(elmanTanh),
  relu: asAnyCell(elmanRelu),
  leakyRelu: asAnyCell(elmanLeakyRelu),
  sigmoid: asAnyCell(elmanSigmoid),
};

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
  checkNames("simpleRnn", "activation", [activation], Object.keys(elmanCells));
  return makeLayer(recurrentDefinition(elmanCells[activation]!, rest, { kind: "simpleRnn", options: plainOptions(options) }));
}

/**
 * Long short-term memory. Gates in the order i f g o in W [I, 4H], U [H, 4H] and b [4H].
 *
 * @example lstm({ units: 64, returnSequences: true })
 */
export function lstm(options: LstmOptions & Stateful): StatefulLayer;
export function lstm(options: LstmOptions): Layer;
export function lstm(options: LstmOptions): Layer & StatefulLayer {
  const { peephole = false, projection, ...rest } = optionRecord("lstm", options);
  checkOptions("lstm", { peephole, projection }, { peephole: "boolean", projection: "size" });
  const config = { kind: "lstm", options: plainOptions(options) };
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
