// The network of the forecast task: recurrent layers that read a window, and a dense layer that gives all steps ahead at once.

import { dense, dropoutLayer } from "../../../nn/layers/feedforward.js";
import { adamw, type Model, sequential } from "../../../train/index.js";
import { weightCount } from "../../weight-count.js";
import type { Place } from "../forecaster.js";
import { networkForecaster } from "../network-forecaster.js";
import { fitted, type WindowsToFit } from "./fitted.js";
import type { Trained, Trainer, TrainJob } from "./trainer.js";
import type { NetworkSpec } from "./types.js";

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

/** Layers, dropout between them, and an output that starts at zero. */
function buildModel(spec: NetworkSpec): Model {
  const { cell, units, horizon, dropout, seed } = spec;
  const layers = units.flatMap((width, i) => {
    const layer = cell.layer({ units: width, returnSequences: i < units.length - 1 });
    return dropout > 0 ? [layer, dropoutLayer({ rate: dropout })] : [layer];
  });
  const model = sequential([...layers, dense({ units: horizon, kernelInitializer: "zeros" })]);
  model.build(["time", 1], { seed });
  return model;
}
