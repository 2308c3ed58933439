// Checks the gradient of a cell, built in or a user's own, on small random sequences.

import { elementCount } from "../base/dtype.js";
import { UsageError } from "../base/errors.js";
import { hostTensor, type Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import { type Cell, type CellDefinition, stateSizes, type Tensors } from "../nn/cell.js";
import { weightStream } from "../nn/init.js";
import type { Extras } from "../nn/layer.js";
import { asAnyCell, recurrent } from "../nn/layers/recurrent.js";
import type { BuiltNetwork, NetworkInput } from "../nn/network.js";
import { functionalNetwork } from "../nn/networks/functional.js";
import { checkOptions, type OptionKinds } from "../nn/options.js";
import { add, mul } from "../ops/pointwise.js";
import { randomKey } from "../ops/random.js";
import { sum } from "../ops/reduce.js";
import { type GradientReport, gradientCheck } from "./gradient-check.js";

/** Choices of `gradientCheckCell`. */
export interface CellCheckOptions {
  /** Default 3. */
  readonly units?: number;
  /** Default 2. */
  readonly inputSize?: number;
  /** Default 4. */
  readonly steps?: number;
  /** Default 2. */
  readonly batch?: number;
  /** Valid steps of each row; all by default. */
  readonly lengths?: readonly number[];
  /** The cell's own options. */
  readonly options?: { readonly [option: string]: number };
  /** Shapes of the cell's `row` values, without the batch axis. */
  readonly row?: { readonly [name: string]: readonly number[] };
  /** With what `perSequence` draws while training. */
  readonly training?: boolean;
  readonly seed?: number;
}

const optionKinds: OptionKinds = {
  ...{ units: "size", inputSize: "size", steps: "size", batch: "size", training: "boolean", seed: "number" },
  ...{ lengths: "any", options: "any", row: "any" },
};

type Shapes = { readonly [name: string]: readonly number[] };

/**
 * Checks a cell's gradient with respect to its weights, inputs, initial states and row values: a layer of it on random sequences,
 * with random numbers in every one of them, in float64.
 *
 * @throws UsageError `unknown_option`, `bad_option`; `missing_extra` if the cell has `row` values whose shapes are not given
 * @example gradientCheckCell(layerNormLstm, { units: 4 })  // { passed: true, error: 3e-12, limit: 1e-7, where: "0/cell/U[1, 7]" }
 */
export function gradientCheckCell<O>(cell: Cell<O>, options: CellCheckOptions = {}): GradientReport {
  checkOptions("gradientCheckCell", options, optionKinds);
  const { units = 3, inputSize = 2, steps = 4, batch = 2, seed = 0, training = false } = options;
  const { definition } = asAnyCell(cell);
  const states = stateSizes(definition, { ...definition.options, ...options.options, inputSize, units });
  const shapes = inputShapes(definition, states, { steps, inputSize, row: options.row ?? {} });
  const built = buildCell(cell, definition, options.options ?? {}, units, shapes);
  const next = weightStream(seed, `check/${cell.name}`);
  const draw = (shape: readonly number[], low: number, high: number): Tensor =>
    hostTensor(
      Float64Array.from({ length: elementCount(shape) }, () => low + (high - low) * next()),
      shape,
      "float32",
    );
  const weights = {
    cell: Object.fromEntries(built.weights.map(({ path, shape }) => [path.slice("cell/".length), draw(shape, -0.9, 0.9)])),
  };
  const smooth: { [name: string]: Tensor } = {};
  const fixed: { [name: string]: Tensor } = {};
  for (const [name, shape] of Object.entries(shapes)) {
    if (name === "mask") fixed[name] = seen(draw([batch, ...shape], 0, 1));
    else smooth[name] = draw([batch, ...shape], name === "dt" ? 0.1 : -1, 1);
  }
  const factors: Tensors = Object.fromEntries([
    ["output", draw([batch, steps, states[definition.output]!], -1, 1)],
    ...Object.entries(states).map(([name, size]) => [`state.${name}`, draw([batch, size], -1, 1)] as const),
  ]);
  const lengths = hostTensor(Int32Array.from(options.lengths ?? Array.from({ length: batch }, () => steps)), [batch], "int32");
  const loss = (w: Tree, given: Tensors): Tensor => {
    const outputs = built.call(w, { ...given, ...fixed }, { training, key: training ? randomKey(seed) : null, lengths });
    const named = outputs as Tensors;
    return Object.entries(factors)
      .map(([name, factor]) => sum(mul(named[name]!, factor)))
      .reduce((total, part) => add(total, part));
  };
  return gradientCheck(loss, weights, smooth);
}

function inputShapes(
  cell: CellDefinition,
  states: { readonly [state: string]: number },
  of: { readonly steps: number; readonly inputSize: number; readonly row: Shapes },
): Shapes {
  const missing = cell.row.find((name) => of.row[name] === undefined);
  if (missing !== undefined) {
    const hint = `Give its shape without the batch axis: { row: { ${missing}: [5, 3] } }.`;
    throw new UsageError({ code: "missing_extra", op: "gradientCheckCell", what: `cell ${cell.name} needs row "${missing}"`, hint });
  }
  return {
    x: [of.steps, of.inputSize],
    ...(cell.inputs.includes("dt") ? { dt: [of.steps, 1] } : {}),
    ...(cell.inputs.includes("mask") ? { mask: [of.steps, of.inputSize] } : {}),
    ...Object.fromEntries(cell.row.map((name) => [`row.${name}`, of.row[name]!])),
    ...Object.fromEntries(Object.entries(states).map(([name, size]) => [`initial.${name}`, [size]])),
  };
}

/** A network of the one layer that gives its output and every final state. */
function buildCell<O>(
  cell: Cell<O>,
  definition: CellDefinition,
  options: { readonly [option: string]: number },
  units: number,
  shapes: Shapes,
): BuiltNetwork {
  const layer = recurrent(asAnyCell(cell), { ...options, units, returnSequences: true, returnState: true } as never);
  const network = functionalNetwork({ cell: layer }, (l, given: Tensors) => {
    const row = Object.fromEntries(definition.row.map((name) => [name, given[`row.${name}`]!]));
    const initialState = Object.fromEntries(Object.keys(definition.state).map((name) => [name, given[`initial.${name}`]!]));
    const inputs: Extras = Object.fromEntries(definition.inputs.map((name) => [name, given[name]!]));
    const { output, state } = l.cell(given.x!, { ...inputs, row, initialState });
    return { output, ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`state.${name}`, value])) };
  });
  const isSequence = (name: string): boolean => name === "x" || name === "dt" || name === "mask";
  const types = Object.entries(shapes).map(([name, shape]): [string, NetworkInput] => [
    name,
    { shape: isSequence(name) ? ["time", ...shape.slice(1)] : shape, dtype: "float32" },
  ]);
  return network.build(Object.fromEntries(types), null);
}

/** 1 where seen, 0 where missing. */
function seen(drawn: Tensor): Tensor {
  return hostTensor(
    Float64Array.from(drawn.data, (value) => (value < 0.6 ? 1 : 0)),
    drawn.shape,
    "float32",
  );
}
