// Who trains, and who forecasts with what was trained: networks over windows, or ES-RNN.

import type { OwnCell } from "../../nn/cell.js";
import { type Beside, channelsOf } from "./beside.js";
import { esRnnForecaster } from "./es-rnn/forecaster.js";
import { esRnnTrainer } from "./es-rnn/trainer.js";
import type { Forecaster } from "./forecaster.js";
import { Inputs } from "./inputs.js";
import { networkOf } from "./network/predict.js";
import { specOf } from "./network/saved.js";
import { libraryTrainer } from "./network/train.js";
import type { Trainer } from "./network/trainer.js";
import { networkForecaster } from "./network-forecaster.js";
import type { ForecastModel, ForecastOptions, SavedPreprocess } from "./types.js";

/** The trainer of the strategy that was asked for. */
export function trainerFor({ strategy }: Pick<ForecastOptions, "strategy">): Trainer {
  return strategy === "es-rnn" ? esRnnTrainer : libraryTrainer;
}

/** What a saved model is opened with. */
export interface SavedContext {
  /** Names of the series that the members of places are, in their order. */
  readonly ids: readonly string[];
  readonly beside: Beside | null;
  /** Cells of one's own that the model may use. */
  readonly cells: readonly OwnCell[];
}

/** The forecaster of a model that was saved with this preprocess. */
export function savedForecaster(
  model: ForecastModel,
  { input: steps, horizon, network, esRnn, ...saved }: Pick<SavedPreprocess, "input" | "horizon" | "network" | "esRnn" | "beside">,
  { ids, beside, cells }: SavedContext,
): Forecaster {
  if (esRnn === undefined) {
    const spec = specOf(network, { steps, horizon, channels: channelsOf(saved.beside), cells });
    return networkForecaster(networkOf(spec, model), new Inputs({ steps, horizon, beside, distribution: spec.distribution }));
  }
  const known = new Map(esRnn.ids.map((id, number) => [id, number]));
  const numbers = ids.map((id) => known.get(id) ?? esRnn.spec.series);
  return esRnnForecaster(model, esRnn.spec, (member) => numbers[member]!);
}
