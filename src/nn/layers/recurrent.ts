// The layer that runs a cell over sequences: options, extras, states, regularisation.

import { type Dim, showShape } from "../../base/dim.js";
import { ShapeError, UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { currentPlace } from "../../ir/core/build.js";
import { type AnyCell, type Cell, type OwnCell, paramsOf } from "../cell.js";
import * as libraryCells from "../cells/index.js";
import { insideOf } from "../cells/with-decay.js";
import {
  type Layer,
  type LayerConfig,
  type LayerDefinition,
  type LayerResult,
  makeLayer,
  type StatefulLayer,
  type StatefulResult,
} from "../layer.js";
import { checkOptions, type OptionKinds, optionRecord } from "../options.js";
import { checkWeightRules, isRecurrentMatrix, type RecurrentWeightRules, recurrentRuleKinds, withWeightRules } from "../regularizers.js";
import type { Weight } from "../weight.js";
import type { ActivityOptions } from "./activity.js";
import { runCell } from "./run-cell.js";
import { zoneoutRates } from "./zoneout.js";

/** Options of every recurrent layer; a cell's own options come beside them. */
export interface RecurrentOptions extends ActivityOptions, RecurrentWeightRules {
  readonly units: number;
  /** The output of every step [B, T, H] instead of the last one [B, H]. */
  readonly returnSequences?: boolean;
  /** The layer returns { output, state }: every state [B, size] after each row's last step. */
  readonly returnState?: boolean;
  /**
   * A step goes on from the states of so many steps ago instead of the last one: 1. Layers with 1, 2, 4 … see far with few steps of
   * recurrence (Chang et al. 2017). The state then holds the last `dilation` steps: { h, "h-2", … }.
   */
  readonly dilation?: number;
  /** From each row's last valid step to its first. Outputs stay at the steps they belong to. */
  readonly goBackwards?: boolean;
  /**
   * Row i of a batch goes on where row i of the batch before ended, in fit, evaluate and predict: long sequences in pieces, gradients
   * through one piece at a time (truncated back-propagation through time). All batches have the same number of rows;
   * `model.resetStates()` begins anew.
   *
   * @example
   * const model = sequential([lstm({ units: 32, returnSequences: true, stateful: true }), dense({ units: 1 })]);
   * model.compile({ optimizer: "adam", loss: "mse" });
   * for (let epoch = 0; epoch < 10; epoch++) {
   *   model.resetStates();
   *   for (const [x, y] of pieces) await model.fit(x, y, { epochs: 1, batchSize: x.shape[0], shuffle: false });  // 50 steps each
   * }
   */
  readonly stateful?: boolean;
  /** Share of the inputs dropped at each step while training. */
  readonly dropout?: number;
  /** Share of the output state dropped on its way into the step's matrix products: one mask per sequence (Gal & Ghahramani 2016). */
  readonly recurrentDropout?: number;
  /**
   * Share of the units that keep their last value at each step while training; the expectation otherwise (Krueger et al. 2017). One rate
   * for every state, or rates by state, as in { h: 0.05, c: 0.5 }.
   */
  readonly zoneout?: number | { readonly [state: string]: number };
  readonly name?: string;
}

/** Options of one cell, to override its defaults; of a cell whose options are not known to the types, anything (checked when made). */
export type CellOptions<O> = string extends keyof O ? { readonly [option: string]: unknown } : { readonly [K in keyof O]?: number };

const kinds: OptionKinds = {
  units: "size",
  returnSequences: "boolean",
  returnState: "boolean",
  dilation: "size",
  goBackwards: "boolean",
  stateful: "boolean",
  dropout: "rate",
  recurrentDropout: "rate",
  zoneout: "any",
  weightDrop: "rate",
  activationRegularization: "nonNegative",
  temporalRegularization: "nonNegative",
  ...recurrentRuleKinds,
  name: "text",
};

/**
 * A layer of any cell: [B, T, I] to [B, H], or [B, T, H] with `returnSequences`.
 *
 * @throws UsageError `unknown_option`, `bad_option`, `missing_extra`, `bad_step`; ShapeError `not_a_sequence`, `initial_state`
 * @example recurrent(layerNormLstm, { units: 128, returnSequences: true, recurrentDropout: 0.2 })
 */
export function recurrent<O>(
  cell: Cell<O>,
  options: RecurrentOptions & { readonly returnState: true } & CellOptions<NoInfer<O>>,
): StatefulLayer;
export function recurrent<O>(cell: Cell<O>, options: RecurrentOptions & CellOptions<NoInfer<O>>): Layer;
export function recurrent<O>(cell: Cell<O>, options: RecurrentOptions & CellOptions<NoInfer<O>>): Layer & StatefulLayer {
  const any = asAnyCell(cell);
  const plain = plainOptions(optionRecord(`recurrent(${any.name})`, options));
  return makeLayer(recurrentDefinition(any, options, { kind: "recurrent", options: plain, cell: any.name }));
}

/** The definition behind `recurrent`, and behind the named layers (`config` says which). */
export function recurrentDefinition(cell: AnyCell, options: RecurrentOptions, config: LayerConfig): LayerDefinition {
  const owner = config.kind === "recurrent" ? `recurrent(${cell.name})` : config.kind;
  const cellKinds = Object.fromEntries(Object.keys(cell.options).map((name): [string, "number"] => [name, "number"]));
  checkOptions(owner, options, { ...kinds, ...cellKinds }, ["units"]);
  const given: { readonly [option: string]: unknown } = { ...options };
  const cellOptions = Object.fromEntries(Object.entries(cell.options).map(([name, value]) => [name, Number(given[name] ?? value)]));
  checkCellSizes(owner, cell, cellOptions);
  checkWeightRules(owner, options);
  if (options.stateful === true && options.goBackwards === true) {
    const what = `${owner}: option stateful needs the steps in their order, goBackwards begins with the last one`;
    throw new UsageError({ code: "bad_option", what });
  }
  const { units } = options;
  const zoneout = zoneoutRates(owner, cell.definition, options.zoneout);
  return {
    config,
    givenName: options.name ?? null,
    cells: [{ cell, options: cellOptions, units }],
    isRandom:
      (options.dropout ?? 0) > 0 ||
      (options.recurrentDropout ?? 0) > 0 ||
      (options.weightDrop ?? 0) > 0 ||
      Object.values(zoneout).some((rate) => rate > 0) ||
      cell.definition.perSequence !== null,
    acceptsMissing: cell.definition.inputs.includes("mask"),
    weights(shape) {
      const specs = paramsOf(cell.definition, { ...cellOptions, inputSize: sequenceFeatures(owner, shape), units });
      checkWeightDrop(owner, specs, options.weightDrop ?? 0);
      return withWeightRules(owner, specs, options);
    },
    apply(x, extras, context) {
      const run = runCell({ cell: cell.definition, owner, cellOptions, options, zoneout }, x, extras, context);
      return options.returnState === true ? run : run.output;
    },
    turned: () => {
      const turned = { ...options, goBackwards: options.goBackwards !== true };
      return recurrentDefinition(cell, turned, {
        ...config,
        options: plainOptions({ ...config.options, goBackwards: turned.goBackwards }),
      });
    },
  };
}

function checkWeightDrop(owner: string, specs: { readonly [name: string]: Weight }, rate: number): void {
  if (rate === 0 || Object.entries(specs).some(([name, { shape }]) => isRecurrentMatrix(name, shape.length))) return;
  throw new UsageError({
    code: "bad_option",
    what: `${owner}: option weightDrop is given, but the layer has no recurrent matrix`,
    hint: `Its weights are ${Object.keys(specs).join(", ")}; a recurrent matrix has a name that begins with U.`,
  });
}

/** Options as JSON; absent ones left out. */
export function plainOptions(options: object): LayerConfig["options"] {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * A cell without its options' names.
 *
 * @throws UsageError `not_a_cell` for anything that `defineCell` did not make, `bad_cell` for one that is called as one of the library
 */
export function asAnyCell(cell: OwnCell, op = "recurrent"): AnyCell {
  if (typeof cell !== "object" || cell === null || typeof cell.definition?.step !== "function") {
    throw new UsageError({
      code: "not_a_cell",
      op,
      what: "the first argument is not a cell",
      hint:
        op === "recurrent"
          ? "Make one with defineCell({ ... })."
          : "Give a layer's name such as gru, or make a cell with defineCell({ ... }).",
    });
  }
  refuseTakenName(cell);
  return { name: cell.name, source: cell.source, options: cell.definition.options, definition: cell.definition };
}

/** Files name cells: loaded without it, a model would run the library's cell in its place. */
function refuseTakenName({ name, definition }: OwnCell): void {
  // Fading forms are made anew for each layer; the cell inside has been looked at.
  const taken = Object.values<OwnCell>(libraryCells).filter((known) => insideOf(known.name) === null);
  if (taken.every((known) => known.name !== name || known.definition === definition)) return;
  const what = `a cell of the library is called ${name} too, and files know cells by their names`;
  throw new UsageError({ code: "bad_cell", op: "recurrent", what, hint: "Give yours another name." });
}

function checkCellSizes(owner: string, cell: AnyCell, options: { readonly [option: string]: number }): void {
  for (const [state, size] of Object.entries(cell.definition.state)) {
    const value = typeof size === "string" ? options[size] : undefined;
    if (value === undefined || (Number.isInteger(value) && value > 0)) continue;
    throw new UsageError({
      code: "bad_option",
      what: `${owner}: ${size} is the size of state "${state}", so it must be a whole number above 0, got ${value}`,
    });
  }
}

/** The features of [batch, time, feature]; throws ShapeError `not_a_sequence`. */
export function sequenceFeatures(owner: string, shape: readonly Dim[]): number {
  const last = shape.at(-1);
  if (shape.length === 3 && typeof last === "number") return last;
  const hint =
    shape.length === 2 ? "If a recurrent layer comes before this one, give it returnSequences: true." : "It reads one vector per step.";
  throw new ShapeError({
    code: "not_a_sequence",
    op: owner,
    what: `expected [batch, time, feature], found ${showShape(shape)}`,
    where: currentPlace(),
    hint,
  });
}

/** The layer's own result without its state or weights. */
export function outputOf(result: LayerResult): Tensor {
  return "output" in result ? result.output : result;
}

/** True for the result of a layer with `returnState`. */
export function isStateful(result: LayerResult): result is StatefulResult {
  return "state" in result;
}
