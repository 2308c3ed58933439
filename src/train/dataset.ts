// Checks user data against a built network and brings it into the form the programs take.

import { ShapeError, UsageError } from "../base/errors.js";
import { windowsIn } from "../ir/core/domain.js";
import type { Windows } from "../ir/core/node.js";
import type { AxisSize, BuiltNetwork, NetworkInput, NetworkOutput } from "../nn/network.js";
import { nearestName } from "../nn/suggest.js";
import type { TensorLike } from "../ops/index.js";
import { byPath, type Column, type Columns, checkSameRows, type DataLike, rowsOf, toColumns } from "./columns.js";
import type { Loss } from "./losses/index.js";
import { weightColumns } from "./sample-weights.js";
import type { Named } from "./types.js";
import { checkFinite, checkGaps, checkTargetValues, hasHoles } from "./values.js";

/** Lengths of rows by input name; "" holds for every sequence input. */
export type RowLengths = ReadonlyMap<string, Int32Array>;

/** Data that fits the network. */
export interface Prepared {
  readonly rows: number;
  readonly x: Columns;
  /** Empty for prediction. */
  readonly y: Columns;
  readonly lengths: RowLengths;
  /** Outputs whose targets have holes: NaN, which counts nowhere. */
  readonly missing: ReadonlySet<string>;
  /** Weights of the rows [rows] or of their steps [rows, time], by output name; outputs without any count every element once. */
  readonly weights: Columns;
}

/** Ports of a network by name; a single unnamed one is called "". */
export interface Ports {
  readonly inputs: ReadonlyMap<string, NetworkInput>;
  readonly outputs: ReadonlyMap<string, NetworkOutput>;
  readonly firstLayer: string;
  /** Inputs in which NaN means a missing value. */
  readonly missingInputs: ReadonlySet<string>;
  /** Inputs that are the time since the step before. */
  readonly gapInputs: ReadonlySet<string>;
}

/** The built network's inputs and outputs as maps. */
export function portsOf(built: BuiltNetwork): Ports {
  const { inputs, outputs } = built;
  return {
    inputs: isInput(inputs) ? new Map([["", inputs]]) : new Map(Object.entries(inputs)),
    outputs: isOutput(outputs) ? new Map([["", outputs]]) : new Map(Object.entries(outputs)),
    firstLayer: built.layers[0]?.name ?? "the network",
    missingInputs: built.missingInputs,
    gapInputs: built.gapInputs,
  };
}

/**
 * Inputs of a network by name, checked against its types.
 *
 * @throws UsageError `input_names`, `rows_differ`, `bad_lengths`; ShapeError `input_shape` naming the layer; DataError `not_finite`, `negative_gap`
 */
export function prepareInputs(given: { x: Columns; lengths: Named<TensorLike> | undefined }, ports: Ports): Prepared {
  const { x } = given;
  checkNames("x", "input", [...x.keys()], [...ports.inputs.keys()]);
  for (const [name, port] of ports.inputs) checkInput(x.get(name)!, port, name === "" ? `layer "${ports.firstLayer}"` : `input "${name}"`);
  const lengths = resolveLengths(x, given.lengths, ports);
  const checked = [...x].map(([name, column]): [string, Column] => {
    const own = isSequence(ports.inputs.get(name)!) ? lengthsFor(lengths, name) : null;
    const mayMiss = ports.missingInputs.has(name);
    const others = [...ports.missingInputs];
    const check = (part: Column, valid: Int32Array | null, rows: Int32Array | null): void => {
      checkFinite(part, valid, mayMiss, { rows, others });
      if (ports.gapInputs.has(name)) checkGaps(part, valid, rows);
    };
    check(column, own, null);
    return [name, later(column, (part, rows) => check(part, lengthsOf(own, rows), rows))];
  });
  return { rows: rowsOf(x), x: new Map(checked), y: new Map(), lengths, missing: new Set(), weights: new Map() };
}

/**
 * Inputs and targets together; targets get the shape their loss works on.
 * @param isAll  false for one batch of many
 */
export function prepareData(
  given: { x: Columns; y: Columns; lengths: Named<TensorLike> | undefined; sampleWeights?: Named<TensorLike> | undefined },
  ports: Ports,
  losses: ReadonlyMap<string, Loss>,
  isAll = true,
): Prepared {
  checkSameRows([...given.x.values()][0]!, [...given.y.values()][0]!);
  const inputs = prepareInputs(given, ports);
  checkNames("y", "output", [...given.y.keys()], [...ports.outputs.keys()]);
  const missing = new Set<string>();
  const y = [...ports.outputs].map(([name, output]): [string, Column] => {
    const column = fitTarget(given.y.get(name)!, output, losses.get(name)!);
    const { windows = [] } = output;
    const steps = output.sequence ? inputsOf(output, ports) : [];
    if (output.sequence) checkTime(column, windows, inputs.x, steps);
    const lengths = targetLengths(column, steps, inputs.lengths)?.map((length) => windowsIn(length, windows)) ?? null;
    checkTargetLengths(column, lengths);
    const { values } = losses.get(name)!;
    checkFinite(column, lengths, true);
    if (hasHoles(column, lengths, isAll)) missing.add(name);
    checkTargetValues(column, output, { values, lengths });
    const verify: Column["verify"] = (part, rows) => {
      checkFinite(part, lengthsOf(lengths, rows), true, { rows });
      checkTargetValues(part, output, { values, lengths: lengthsOf(lengths, rows), rows });
    };
    return [name, later(column, verify)];
  });
  const weights = given.sampleWeights === undefined ? new Map() : weightColumns(given.sampleWeights, new Map(y), ports);
  return { ...inputs, y: new Map(y), missing, weights };
}

/** Rows that are read with their batch are checked then. */
function later(column: Column, verify: NonNullable<Column["verify"]>): Column {
  return column.source === undefined ? column : { ...column, verify };
}

function lengthsOf(lengths: Int32Array | null, rows: Int32Array): Int32Array | null {
  return lengths === null ? null : rows.map((row) => lengths[row]!);
}

/** The lengths of all inputs, or of the first that has any. */
export function singleLengths(lengths: RowLengths): Int32Array | null {
  return lengths.get("") ?? [...lengths.values()][0] ?? null;
}

/** The sequence inputs whose steps an output has; all, where that is not known. */
function inputsOf({ time }: NetworkOutput, ports: Ports): readonly string[] {
  const sequences = [...ports.inputs].filter(([, port]) => isSequence(port));
  const own = sequences.filter(([, port]) => (port.time ?? "T") === time);
  return (own.length === 0 ? sequences : own).map(([name]) => name);
}

/** The lengths of targets: those of the inputs whose steps they have. Of inputs that share a time the one whose lengths they repeat. */
function targetLengths({ lengths: own }: Column, inputs: readonly string[], lengths: RowLengths): Int32Array | null {
  const given = inputs.map((name) => lengthsFor(lengths, name)).filter((each) => each !== null);
  return given.find((each) => own?.every((length, row) => length === each[row])) ?? given[0] ?? null;
}

/** Columns of the user's `x`; names are checked later. */
export function inputColumns(x: Named<DataLike>): Columns {
  return toColumns(x, "x");
}

/** True for inputs whose first axis is time. */
export function isSequence(port: NetworkInput): boolean {
  return port.shape[0] === "time";
}

/** The most steps of any sequence input; null if there is none. */
export function stepsIn(data: Prepared, ports: Ports): number | null {
  const steps = [...ports.inputs].filter(([, port]) => isSequence(port)).map(([name]) => data.x.get(name)?.shape[1] ?? 0);
  return steps.length === 0 ? null : Math.max(...steps);
}

function checkNames(label: string, kind: string, given: readonly string[], wanted: readonly string[]): void {
  if (given.length === wanted.length && wanted.every((name) => given.includes(name))) return;
  const code = `${kind}_names`;
  if (wanted.length === 1 && wanted[0] === "")
    throw new UsageError({
      code,
      what: `this model has one ${kind}, but ${label} has the names ${given.join(", ")}`,
      hint: `Pass the values alone as ${label}.`,
    });
  const names = wanted.join(", ");
  if (given.length === 1 && given[0] === "")
    throw new UsageError({
      code,
      what: `this model has the ${kind}s ${names}, but ${label} has no names`,
      hint: `Pass ${label} as a record with these names.`,
    });
  const unknown = given.find((name) => !wanted.includes(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, wanted);
    throw new UsageError({
      code,
      what: `${label} has "${unknown}", the model's ${kind}s are ${names}`,
      hint: near === null ? "" : `Did you mean "${near}"?`,
    });
  }
  throw new UsageError({
    code,
    what: `${label} lacks "${wanted.find((name) => !given.includes(name))}"; the model's ${kind}s are ${names}`,
  });
}

function checkInput(column: Column, port: NetworkInput, where: string): void {
  const sizes = column.shape.slice(1);
  if (sizes.length === port.shape.length && sizes.every((size, axis) => port.shape[axis] === "time" || port.shape[axis] === size)) return;
  const what = `${column.label} is ${shown(column.shape)}, but ${where} was built for ${shownPort(port.shape)}`;
  const isFlat = sizes.length === 1 && port.shape.length === 1;
  const tokens = isFlat ? ' Token numbers of sequences must be int32 when the model is first used: tensor(rows, { dtype: "int32" }).' : "";
  const hint = sizes.length === port.shape.length ? `The number of features must stay the same.${tokens}` : "Check the number of axes.";
  throw new ShapeError({ code: "input_shape", what, hint });
}

function resolveLengths(x: Columns, given: Named<TensorLike> | undefined, ports: Ports): RowLengths {
  const lengths = new Map<string, Int32Array>();
  const sequences = [...ports.inputs].filter(([, port]) => isSequence(port)).map(([name]) => name);
  for (const name of sequences) {
    const own = x.get(name)!.lengths;
    if (own !== null) lengths.set(name, own);
  }
  shareEqualLengths(lengths, sequences);
  for (const [name, port] of ports.inputs) {
    const column = x.get(name)!;
    if (column.lengths !== null && !isSequence(port)) {
      throw new ShapeError({
        code: "ragged",
        what: `${column.label} has rows of different lengths, but the model takes ${shownPort(port.shape)}`,
      });
    }
  }
  if (given === undefined) return lengths;
  if (sequences.length === 0)
    throw new UsageError({ code: "bad_lengths", what: "lengths are given, but no input of the model is a sequence" });
  if (lengths.size > 0)
    throw new UsageError({
      code: "bad_lengths",
      what: "lengths are given, but the rows of x have different lengths of their own",
      hint: "Leave lengths out.",
    });
  for (const [name, value] of byPath(given)) {
    if (name !== "" && !sequences.includes(name)) {
      const known =
        sequences[0] === "" ? "the model has one input without a name" : `the sequences of the model are ${sequences.join(", ")}`;
      throw new UsageError({ code: "bad_lengths", what: `lengths has "${name}", ${known}` });
    }
    const over = name === "" ? sequences : [name];
    for (const sequence of over) checkLengths(value, x.get(sequence)!);
    lengths.set(name, readLengths(value));
  }
  shareEqualLengths(lengths, sequences);
  return lengths;
}

/** One time for all where every sequence has the same lengths: then they can meet step by step. */
function shareEqualLengths(lengths: Map<string, Int32Array>, sequences: readonly string[]): void {
  const [first] = lengths.values();
  if (first === undefined || lengths.size < sequences.length) return;
  if (![...lengths.values()].every((own) => own.join() === first.join())) return;
  lengths.clear();
  lengths.set("", first);
}

function readLengths(value: TensorLike): Int32Array {
  const [column] = toColumns(value, "lengths").values();
  return Int32Array.from(column!.data);
}

function checkLengths(value: TensorLike, column: Column): void {
  const [given] = toColumns(value, "lengths").values();
  const [rows = 0, time = 0] = column.shape;
  if (given === undefined || given.shape.length !== 1 || given.shape[0] !== rows) {
    throw new UsageError({
      code: "bad_lengths",
      what: `lengths is ${shown(given?.shape ?? [])}, ${column.label} has ${rows} rows`,
      hint: "Give one length for each row.",
    });
  }
  const wrong = given.data.findIndex((length) => !Number.isInteger(length) || length < 0 || length > time);
  if (wrong < 0) return;
  const what = `lengths[${wrong}] is ${given.data[wrong]}, ${column.label} has ${time} steps`;
  throw new UsageError({ code: "bad_lengths", what, hint: `A length is a whole number from 0 to ${time}.` });
}

function lengthsFor(lengths: RowLengths, name: string): Int32Array | null {
  return lengths.get(name) ?? lengths.get("") ?? null;
}

/** Targets in the shape their loss works on: a missing last axis of 1 is added, for classes it is removed. */
function fitTarget(column: Column, output: NetworkOutput, loss: Loss): Column {
  const rank = column.shape.length;
  const wanted = wantedShape(output, loss);
  const reshaped = (shape: readonly number[]): Column => ({ ...column, shape });
  const isClass = loss.targets === "class";
  if (isClass && rank === output.shape.length + 1 && column.shape.at(-1) === 1) return reshaped(column.shape.slice(0, -1));
  if (!isClass && rank === output.shape.length && wanted.at(-1) === 1 && (loss.targets !== "free" || !output.sequence)) {
    return reshaped([...column.shape, 1]);
  }
  if (loss.targets === "free") return column;
  const sizes = column.shape.slice(1);
  if (sizes.length === wanted.length && sizes.every((size, axis) => wanted[axis] === "time" || wanted[axis] === size)) return column;
  throw targetMismatch(column, output, wanted);
}

function wantedShape({ shape }: NetworkOutput, { targets }: Loss): readonly AxisSize[] {
  if (targets === "class") return shape.slice(0, -1);
  return targets === "column" ? [...shape.slice(0, -1), 1] : shape;
}

function targetMismatch(column: Column, output: NetworkOutput, wanted: readonly AxisSize[]): ShapeError {
  const what = `${column.label} is ${shown(column.shape)}, but the model's output needs ${shownPort(wanted)}`;
  if (column.shape.length === wanted.length + 2 && !output.sequence) {
    return new ShapeError({
      code: "target_shape",
      what: `${what}: one target for each step`,
      hint: "Set returnSequences: true to predict every step.",
    });
  }
  if (column.shape.length === wanted.length && output.sequence) {
    return new ShapeError({
      code: "target_shape",
      what: `${what}: one target for each step`,
      hint: "Set returnSequences: false on the last recurrent layer to predict once per row.",
    });
  }
  return new ShapeError({ code: "target_shape", what });
}

function checkTime(column: Column, windows: readonly Windows[], x: Columns, inputs: readonly string[]): void {
  const sequences = inputs.map((name) => x.get(name)!);
  const stepsOf = ({ shape }: Column): number => windowsIn(shape[1] ?? 0, windows);
  if (sequences.length === 0 || sequences.some((sequence) => stepsOf(sequence) === column.shape[1])) return;
  const [first] = sequences;
  const left = windows.length === 0 ? "" : `, of which the network leaves ${stepsOf(first!)},`;
  throw new ShapeError({
    code: "steps_differ",
    what: `${first!.label} has ${first!.shape[1]} steps${left} and ${column.label} has ${column.shape[1]}`,
    hint: "For one target per row set returnSequences: false on the last recurrent layer.",
  });
}

function checkTargetLengths({ label, lengths }: Column, inputs: Int32Array | null): void {
  if (lengths === null) return;
  const row = lengths.findIndex((length, index) => inputs?.[index] !== length);
  if (row < 0) return;
  const other = inputs === null ? "all steps of x" : `${inputs[row]} steps in x`;
  throw new UsageError({ code: "steps_differ", what: `row ${row} has ${lengths[row]} steps in ${label} and ${other}` });
}

function isInput(inputs: BuiltNetwork["inputs"]): inputs is NetworkInput {
  return Array.isArray(inputs.shape);
}

function isOutput(outputs: BuiltNetwork["outputs"]): outputs is NetworkOutput {
  return typeof outputs.sequence === "boolean";
}

function shown(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** As in [batch, time, 3]. */
export function shownPort(shape: readonly AxisSize[]): string {
  return `[${["batch", ...shape].join(", ")}]`;
}
