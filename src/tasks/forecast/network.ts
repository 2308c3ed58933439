// The network of the forecast task: recurrent layers that read a window, and a dense layer that gives all steps ahead at once.

import { DataError } from "../../base/errors.js";
import { nearestName } from "../../data/table.js";
import { zerosInit } from "../../nn/init.js";
import type { Layer } from "../../nn/layer.js";
import { dense, dropoutLayer } from "../../nn/layers/feedforward.js";
import { gru, lru, lstm, minGru, minLstm, simpleRnn } from "../../nn/layers/named.js";
import { adamw, type Model, sequential } from "../../train/index.js";
import type { NetworkSpec, Trained, Trainer, TrainJob } from "./trainer.js";

interface LayerOptions {
  readonly units: number;
  readonly returnSequences: boolean;
}

/** Built-in cells by the names of `--cell`. */
const cells: Readonly<Record<string, (options: LayerOptions, activation: string) => Layer>> = {
  gru: (options) => gru(options),
  "gru-reset-before": (options) => gru({ ...options, resetAfter: false }),
  lstm: (options) => lstm(options),
  "lstm-peephole": (options) => lstm({ ...options, peephole: true }),
  "min-gru": (options) => minGru(options),
  "min-lstm": (options) => minLstm(options),
  lru: (options) => lru(options),
  elman: (options, activation) => simpleRnn({ ...options, activation }),
};

const elmanActivations: readonly string[] = ["tanh", "relu", "leakyRelu", "sigmoid"];

/** The trainer that uses this library. */
export const libraryTrainer: Trainer = {
  countParameters: (spec) => weightCount(buildModel(spec).weights),
  train,
};

async function train(job: TrainJob): Promise<Trained> {
  const { spec, data, validation, epochs, batchSize, learningRate, weightDecay, clipNorm, signal } = job;
  const model = buildModel(spec);
  model.compile({ optimizer: adamw({ learningRate, weightDecay, clipNorm: clipNorm === 0 ? false : clipNorm }), loss: "mse" });
  const best: { loss: number; epoch: number; weights: Model["weights"] | null } = {
    loss: Number.POSITIVE_INFINITY,
    epoch: 0,
    weights: null,
  };
  let isAsked = false;
  let norms: number[] = [];
  const history = await model.fit(data, {
    epochs,
    batchSize,
    seed: spec.seed,
    verbose: "silent",
    ...(validation === null ? {} : { validationData: validation }),
    ...(signal === undefined ? {} : { signal }),
    callbacks: [
      {
        name: "forecast",
        onBatchEnd({ logs }) {
          norms.push(logs.gradientNorm ?? Number.NaN);
        },
        onEpochEnd({ epoch, step, logs, stop }) {
          const [loss, valLoss] = [logs.loss ?? Number.NaN, logs.valLoss ?? null];
          if (valLoss !== null && valLoss < best.loss) Object.assign(best, { loss: valLoss, epoch, weights: model.weights });
          const steps = { step, learningRate: logs.learningRate ?? learningRate, ...normsOf(norms, clipNorm) };
          norms = [];
          const reason = job.onEpoch({ epoch, loss, valLoss, ...steps });
          if (reason === null) return;
          isAsked = true;
          stop(reason);
        },
      },
    ],
  });
  if (best.weights !== null) model.weights = best.weights;
  return {
    model,
    losses: history.history.loss ?? [],
    valLosses: history.history.valLoss ?? [],
    bestEpoch: validation === null ? history.epochs : best.epoch,
    stopped: isAsked ? "asked" : history.stopped === "interrupted" ? "done" : history.stopped,
    clippedShare: history.clippedShare,
  };
}

function normsOf(norms: readonly number[], clipNorm: number): { gradientNorm: number; clippedShare: number } {
  const clipped = clipNorm === 0 ? 0 : norms.filter((norm) => norm > clipNorm).length;
  const steps = Math.max(1, norms.length);
  return { gradientNorm: norms.reduce((sum, norm) => sum + norm, 0) / steps, clippedShare: clipped / steps };
}

/**
 * Layers, dropout between them, and an output that starts at zero.
 * @throws DataError `unknown_cell`, `unknown_activation`, `bad_option`
 */
function buildModel(spec: NetworkSpec): Model {
  const { units, horizon, dropout, seed, activation } = spec;
  const makeCell = cellOf(spec);
  const layers = units.flatMap((width, i) => {
    const layer = makeCell({ units: width, returnSequences: i < units.length - 1 }, activation);
    return dropout > 0 ? [layer, dropoutLayer({ rate: dropout })] : [layer];
  });
  const model = sequential([...layers, dense({ units: horizon, init: zerosInit() })]);
  model.build(["time", 1], { seed });
  return model;
}

function cellOf({ cell, activation }: NetworkSpec): (options: LayerOptions, activation: string) => Layer {
  const make = Object.hasOwn(cells, cell) ? cells[cell] : undefined;
  if (make === undefined) throw unknown("cell", cell, Object.keys(cells));
  if (cell === "elman" && !elmanActivations.includes(activation)) throw unknown("activation", activation, elmanActivations);
  if (cell !== "elman" && activation !== "tanh") {
    throw new DataError(
      "bad_option",
      `--activation ${activation} is for elman cells; ${cell} brings its own.`,
      "Leave it out, or give --cell elman.",
    );
  }
  return make;
}

function unknown(kind: "cell" | "activation", given: string, known: readonly string[]): DataError {
  const near = nearestName(given, known);
  return new DataError(
    `unknown_${kind}`,
    `There is no ${kind} "${given}".`,
    near === null ? `Choose from ${known.join(", ")}.` : `Did you mean "${near}"?`,
  );
}

/** Numbers in a tree of weights. */
function weightCount(weights: Model["weights"]): number {
  if ("dtype" in weights && "data" in weights) return (weights.shape as readonly number[]).reduce((product, size) => product * size, 1);
  return Object.values(weights).reduce<number>((sum, child) => sum + weightCount(child), 0);
}
