// How much each row, step or class counts: checked columns of weights beside the targets.

import { DataError, ShapeError, UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { shown } from "../nn/options.js";
import { checkNames } from "../nn/suggest.js";
import type { TensorLike } from "../ops/index.js";
import { type Column, type Columns, isNamed, toColumns } from "./columns.js";
import type { Ports, Prepared } from "./dataset.js";
import type { Loss } from "./losses/index.js";
import type { ClassWeights, FitOptions, Named } from "./types.js";

/**
 * Weights by output from what the user gave: [rows], or [rows, time] for outputs with one target for each step.
 *
 * @throws ShapeError `sample_weights`; DataError `bad_sample_weight`; UsageError `unknown_output`
 */
export function weightColumns(given: Named<TensorLike>, y: Columns, ports: Ports): Columns {
  const columns = toColumns(given, "sampleWeights");
  const outputs = [...ports.outputs.keys()];
  if (isNamed(given)) checkNames("sampleWeights", "output", [...columns.keys()], outputs);
  const entries = isNamed(given) ? [...columns] : outputs.map((name) => [name, columns.get("")!] as const);
  return new Map(entries.map(([name, column]) => [name, fitted(column, y.get(name)!, ports.outputs.get(name)!.sequence)]));
}

function fitted(column: Column, target: Column, isSequence: boolean): Column {
  const [rows = 0, time = 0] = target.shape;
  const isWide = isSequence && column.shape.length === 3 && column.shape[2] === 1;
  const isTall = column.shape.length === 2 && column.shape[1] === 1 && !(isSequence && time === 1);
  const shape = isWide || isTall ? column.shape.slice(0, -1) : column.shape;
  const isRight = shape[0] === rows && (shape.length === 1 || (isSequence && shape.length === 2 && shape[1] === time));
  if (!isRight) {
    const wanted = isSequence ? `[${rows}] or [${rows}, ${time}]` : `[${rows}]`;
    const what = `${column.label} is [${column.shape.join(", ")}], ${target.label} needs weights of shape ${wanted}`;
    throw new ShapeError({ code: "sample_weights", what, hint: "Give one weight for each row, or for each step of each row." });
  }
  const data = column.data instanceof Int32Array ? Float32Array.from(column.data) : column.data;
  const wrong = data.findIndex((value) => !(value >= 0 && Number.isFinite(value)));
  if (wrong >= 0) throw new DataError("bad_sample_weight", `${column.label} holds ${data[wrong]}; a weight is a number of at least 0.`);
  if (data.every((value) => value === 0))
    throw new DataError("bad_sample_weight", `${column.label} holds zeros only: nothing would count.`);
  return { ...column, dtype: "float32", data, shape };
}

/**
 * The weights of training: those of the samples times those of their classes. Classes that are not named count 1.
 *
 * @throws UsageError `class_weights`, `unknown_output`
 */
export function withClassWeights(
  classWeights: ClassWeights | { readonly [output: string]: ClassWeights },
  { y, weights }: { readonly y: Columns; readonly weights: Columns },
  { ports, losses }: { readonly ports: Ports; readonly losses: ReadonlyMap<string, Loss> },
): Columns {
  if (!isRecord(classWeights)) throw bad(`classWeights must be a record, as in { 0: 1, 1: 5 }, got ${shown(classWeights)}`);
  const outputs = [...ports.outputs.keys()];
  const isByOutput = Object.values(classWeights).some(isRecord);
  if (!isByOutput && outputs.length > 1)
    throw bad(`the model has the outputs ${outputs.join(", ")}`, `Give classWeights by output: { ${outputs[0]}: { 0: 1, 1: 5 } }.`);
  if (isByOutput) checkNames("classWeights", "output", Object.keys(classWeights), outputs);
  const byOutput = isByOutput
    ? (classWeights as { readonly [output: string]: ClassWeights })
    : { [outputs[0]!]: classWeights as ClassWeights };
  return new Map([
    ...weights,
    ...Object.entries(byOutput).map(([name, given]): [string, Column] => {
      const classes = classCount(losses.get(name)!, Number(ports.outputs.get(name)!.shape.at(-1)));
      const lookUp = weightsOfClasses(given, classes);
      return [
        name,
        multiplied(y.get(name)!, weights.get(name) ?? null, {
          lookUp,
          loss: losses.get(name)!,
          isSequence: ports.outputs.get(name)!.sequence,
        }),
      ];
    }),
  ]);
}

/** The data with class weights on it: they count in training, not in validation. */
export function trainingData(
  prepared: Prepared,
  { classWeights }: Pick<FitOptions, "classWeights">,
  of: Parameters<typeof withClassWeights>[2],
): Prepared {
  return classWeights === undefined ? prepared : { ...prepared, weights: withClassWeights(classWeights, prepared, of) };
}

function classCount({ name, targets }: Loss, width: number): number {
  if (targets === "class" || name === "categoricalCrossEntropy") return width;
  if (name === "binaryCrossEntropy" && width === 1) return 2;
  throw bad(
    `the loss${name === null ? "" : ` "${name}"`} knows no classes`,
    "Use sampleWeights, or a cross-entropy with one class for each element.",
  );
}

function weightsOfClasses(given: ClassWeights, classes: number): Float64Array {
  const weights = new Float64Array(classes).fill(1);
  for (const [key, value] of Object.entries(given)) {
    const index = Number(key);
    if (!Number.isInteger(index) || index < 0 || index >= classes) throw bad(`there is no class ${key}; classes are 0 to ${classes - 1}`);
    if (!(typeof value === "number" && value >= 0 && Number.isFinite(value))) throw bad(`the weight of class ${key} is ${shown(value)}`);
    weights[index] = value;
  }
  return weights;
}

interface ClassLookup {
  readonly lookUp: Float64Array;
  readonly loss: Loss;
  readonly isSequence: boolean;
}

/** One weight for each row, or each step: that of the sample times that of its class. */
function multiplied(target: Column, own: Column | null, { lookUp, loss, isSequence }: ClassLookup): Column {
  if (target.source !== undefined) throw bad(`${target.label} is read row by row, so its classes are not known`, "Use sampleWeights.");
  const leading = target.shape.slice(0, isSequence ? 2 : 1);
  const length = leading.reduce((product, size) => product * size, 1);
  const width = target.data.length / length;
  const isOneHot = loss.name === "categoricalCrossEntropy";
  if (width !== (isOneHot ? lookUp.length : 1)) throw bad(`${target.label} has several classes for each weight`, "Use sampleWeights.");
  const perRow = isSequence ? (leading[1] ?? 1) : 1;
  const data = Float32Array.from({ length }, (_, at) => {
    const chosen = isOneHot ? hottest(target.data, at * width, width) : Math.round(target.data[at]!);
    const ofSample = own === null ? 1 : own.shape.length === 1 ? own.data[Math.floor(at / perRow)]! : own.data[at]!;
    // What lies in the padding need not be a class.
    return ofSample * (lookUp[chosen] ?? 1);
  });
  return { label: "classWeights", dtype: "float32", shape: leading, data, lengths: null };
}

function hottest(data: Column["data"], start: number, width: number): number {
  let best = 0;
  for (let index = 1; index < width; index++) if (data[start + index]! > data[start + best]!) best = index;
  return best;
}

function bad(what: string, hint = ""): UsageError {
  return new UsageError({ code: "class_weights", op: "fit", what, hint });
}
