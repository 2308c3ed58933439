// The network of the forecast task: recurrent layers that read a window, and a dense layer that gives all steps ahead at once.

import { DataError } from "../../../base/errors.js";
import { nearestName } from "../../../data/table.js";
import type { Layer } from "../../../nn/layer.js";
import { dense, dropoutLayer } from "../../../nn/layers/feedforward.js";
import { gru, lru, lstm, minGru, minLstm, simpleRnn } from "../../../nn/layers/named.js";
import { adamw, type Model, sequential } from "../../../train/index.js";
import { weightCount } from "../../weight-count.js";
import type { Place } from "../forecaster.js";
import { networkForecaster } from "../network-forecaster.js";
import { fitted, type WindowsToFit } from "./fitted.js";
import type { Trained, Trainer, TrainJob } from "./trainer.js";
import type { NetworkSpec } from "./types.js";

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
  const { spec, inputs, learningRate, weightDecay, clipNorm } = job;
  const model = buildModel(spec);
  model.compile({ optimizer: adamw({ learningRate, weightDecay, clipNorm: clipNorm === 0 ? false : clipNorm }), loss: "mse" });
  const windowsOf = (places: readonly Place[]): WindowsToFit => {
    const { x, y } = inputs.dataset(places);
    return { x, y };
  };
  const validation = job.validation && windowsOf(job.validation);
  const history = await fitted(model, job, { data: windowsOf(job.data), validation, seed: spec.seed });
  return { model, forecaster: networkForecaster(model, inputs), ...history };
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
  const model = sequential([...layers, dense({ units: horizon, kernelInitializer: "zeros" })]);
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
