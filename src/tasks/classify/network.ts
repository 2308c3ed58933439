// The classifying networks: several fading recurrent ones and a logistic regression on summaries, trained in one go, averaged afterwards.

import { RunError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import type { Layer } from "../../nn/layer.js";
import { dense, dropoutLayer } from "../../nn/layers/feedforward.js";
import { recurrent } from "../../nn/layers/recurrent.js";
import { withDecay } from "../../nn/layers/with-decay.js";
import { l2 } from "../../nn/regularizers.js";
import { concat, tensor } from "../../ops/index.js";
import { adamw, type Dataset, earlyStopping, functional, type History, type Model } from "../../train/index.js";
import { type TaskCell, taskCell } from "../cells.js";
import { passOptions } from "../passes.js";
import { type Encoded, type EventEncoding, encodeEvents, staticSize } from "./encoding.js";
import type { ClassifyOptions, LabelledEvents } from "./types.js";

/** Memory of the running average of the weights, which is what classifies. */
const averaging = 0.98;
const weightDecay = 0.05;
const clipNorm = 5;
/** Of the regression's coefficients: many summaries, each of which says little. */
const priorVariance = 0.01;
/** Width of what the recurrent networks are told of static values and summaries, in common. */
const mixedUnits = 16;
const mixedDropout = 0.5;
/** Optimiser steps that a training has at most unless epochs are given. */
const usualSteps = 550;

/** Settings of a training. */
export interface ClassifyPlan {
  readonly cell: TaskCell;
  readonly units: number;
  readonly members: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly dropout: number;
  readonly seed: number;
}

/** @throws DataError `unknown_cell`; UsageError `not_a_cell` */
export function planClassify(options: ClassifyOptions, rows: number): ClassifyPlan {
  const { units = 32, members = 5, epochs, learningRate = 2e-3, dropout = 0.4, seed = 0 } = options;
  const cell = taskCell(options.cell);
  const batchSize = options.batchSize ?? Math.max(8, Math.min(64, Math.ceil(rows / 12)));
  const passes = Math.round(usualSteps / Math.ceil(rows / batchSize));
  return { cell, units, members, epochs: epochs ?? Math.max(4, Math.min(40, passes)), batchSize, learningRate, dropout, seed };
}

/** Probabilities of each way to classify, [rows, classes]. */
export interface Probabilities {
  readonly network: Float64Array;
  readonly logistic: Float64Array;
}

interface Sizes {
  readonly classes: number;
  /** Sequences that are trained on. */
  readonly rows: number;
}

type Inputs = { x: Tensor; dt: Tensor; fixed: Tensor };

/** The model: outputs `network1` ... and `logistic`, each the probabilities of the classes. */
function buildModel(plan: ClassifyPlan, encoding: EventEncoding, { classes, rows }: Sizes): Model<Record<string, Tensor>> {
  const { units, members, dropout } = plan;
  const names = Array.from({ length: members }, (_, index) => String(index + 1));
  const kernelRegularizer = l2(1 / (priorVariance * Math.max(1, rows)));
  const layers: Record<string, Layer> = {
    logistic: dense({ units: classes, activation: "softmax", kernelInitializer: "zeros", kernelRegularizer }),
  };
  for (const name of names) {
    layers[`read${name}`] = recurrent(withDecay(plan.cell.cell), { units, dropout: dropout / 2 });
    layers[`drop${name}`] = dropoutLayer({ rate: dropout });
    layers[`say${name}`] = dense({ units: classes, activation: "softmax" });
  }
  layers.mix = dense({ units: mixedUnits, activation: "relu" });
  layers.dropMix = dropoutLayer({ rate: mixedDropout });
  const fixedSize = staticSize(encoding) + encoding.summaries.length;
  const model = functional(layers, (l, { x, dt, fixed }: Inputs) => {
    const known = l.dropMix!(l.mix!(fixed));
    const outputs = names.map((name): [string, Tensor] => {
      const read = l[`read${name}`]!(x, { dt });
      return [`network${name}`, l[`say${name}`]!(l[`drop${name}`]!(concat([read, known])))];
    });
    return { ...Object.fromEntries(outputs), logistic: l.logistic!(fixed) };
  });
  model.build({ x: ["time", encoding.variables.length], dt: ["time", 1], fixed: [fixedSize] }, { seed: plan.seed });
  return model;
}

/** A trained classifier. */
export interface TrainedClassifier {
  readonly model: Model<Record<string, Tensor>>;
  readonly history: History;
}

/** What a training is given beside its data and its plan. */
export interface ClassifyJob extends Pick<ClassifyOptions, "onEvent" | "signal" | "classWeights"> {
  /** From 1; 0 for the network that is saved. */
  readonly fold: number;
  readonly checkpoints: string | undefined;
}

/** Trains on `train`, stops by `validation`. */
export async function trainClassifier(
  { events, labels, classes }: LabelledEvents,
  encoding: EventEncoding,
  { train, validation }: { readonly train: readonly number[]; readonly validation: readonly number[] },
  plan: ClassifyPlan,
  { onEvent, signal, classWeights, fold, checkpoints }: ClassifyJob,
): Promise<TrainedClassifier> {
  const model = buildModel(plan, encoding, { classes: classes.length, rows: train.length });
  const outputs = [...Array.from({ length: plan.members }, (_, index) => `network${index + 1}`), "logistic"];
  const all = <T>(value: T): Record<string, T> => Object.fromEntries(outputs.map((name) => [name, value]));
  model.compile({
    optimizer: adamw({ learningRate: plan.learningRate, weightDecay, clipNorm }),
    loss: all("sparseCategoricalCrossEntropy"),
  });
  const setOf = (rows: readonly number[]): Dataset => {
    const target = tensor(
      Int32Array.from(rows, (row) => labels[row]!),
      { shape: [rows.length] },
    );
    return { ...inputsOf(encodeEvents(events, encoding, rows), encoding), y: all(target) };
  };
  const { epochs, batchSize, seed } = plan;
  const { callbacks, ...resuming } = await passOptions({
    checkpoints,
    clipNorm,
    onPass: ({ loss, valLoss, ...pass }) =>
      onEvent?.({ kind: "epoch", fold, epochs, ...pass, loss: loss / outputs.length, valLoss: valLoss / outputs.length }),
    onDifference: (message) => onEvent?.({ kind: "warning", code: "resumed_differently", message }),
  });
  const history = await model.fit(setOf(train), {
    epochs,
    batchSize,
    seed,
    ema: averaging,
    verbose: "silent",
    validationData: setOf(validation),
    ...(classWeights === "balanced" ? { classWeights: all(balanced(labels, train, classes.length)) } : {}),
    ...(signal === undefined ? {} : { signal }),
    ...resuming,
    callbacks: [earlyStopping({ patience: Math.max(4, Math.ceil(epochs / 3)) }), ...callbacks],
  });
  if (signal?.aborted === true) throw new RunError({ code: "interrupted", what: "classifying was interrupted" });
  if (history.stopped === "nan" && history.bestEpoch < 1)
    throw new RunError({ code: "diverged", what: "training diverged: the loss is no number", hint: "Try a smaller --learning-rate." });
  return { model, history };
}

/** Every class counts the same in sum. */
function balanced(labels: Int32Array, rows: readonly number[], classes: number): Record<number, number> {
  const counts = new Float64Array(classes);
  for (const row of rows) counts[labels[row]!]! += 1;
  return Object.fromEntries(Array.from(counts, (count, label) => [label, rows.length / (classes * Math.max(1, count))]));
}

function inputsOf(
  { rows, time, x, dt, lengths, fixed, fixedSize }: Encoded,
  { variables }: EventEncoding,
): {
  readonly x: Inputs;
  readonly lengths: { readonly x: Int32Array; readonly dt: Int32Array };
} {
  return {
    x: {
      x: tensor(x, { shape: [rows, time, variables.length] }),
      dt: tensor(dt, { shape: [rows, time, 1] }),
      fixed: tensor(fixed, { shape: [rows, fixedSize] }),
    },
    lengths: { x: lengths, dt: lengths },
  };
}

/** Probabilities of the sequences `rows`; those of the networks are means of their logarithms. */
export async function probabilitiesOf(
  model: Pick<Model<unknown>, "predict">,
  events: LabelledEvents["events"],
  encoding: EventEncoding,
  rows: readonly number[],
): Promise<Probabilities> {
  const { x, lengths } = inputsOf(encodeEvents(events, encoding, rows), encoding);
  const outputs = (await model.predict(x, { lengths, batchSize: 256 })) as Record<string, Tensor>;
  const networks = Object.keys(outputs).filter((name) => name !== "logistic");
  const logistic = Float64Array.from(outputs.logistic!.data);
  const classes = outputs.logistic!.shape[1]!;
  const sums = new Float64Array(logistic.length);
  for (const name of networks) for (let at = 0; at < sums.length; at++) sums[at]! += logOf(outputs[name]!.data[at]!) / networks.length;
  return { network: normalised(sums, classes), logistic };
}

/** The two mixed in logarithms. */
export function mixedProbabilities({ network, logistic }: Probabilities, weight: number, classes: number): Float64Array {
  return normalised(
    network.map((value, at) => weight * logOf(value) + (1 - weight) * logOf(logistic[at]!)),
    classes,
  );
}

function logOf(probability: number): number {
  return Math.log(Math.max(probability, 1e-12));
}

function normalised(logs: Float64Array, classes: number): Float64Array {
  const out = new Float64Array(logs.length);
  for (let row = 0; row < logs.length; row += classes) {
    const top = logs.subarray(row, row + classes).reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    let sum = 0;
    for (let at = row; at < row + classes; at++) sum += out[at] = Math.exp(logs[at]! - top);
    for (let at = row; at < row + classes; at++) out[at]! /= sum;
  }
  return out;
}
