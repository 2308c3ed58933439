// A network as a forecaster: windows in, levels out, a few large batches for any number of places.

import { RunError } from "../../base/errors.js";
import { fromLevels, outputLevels } from "../../data/frame.js";
import type { Forecaster, Outlook, Place } from "./forecaster.js";
import type { Inputs } from "./inputs.js";
import type { ForecastModel } from "./types.js";

/** Places whose windows are in memory at once. */
const mostPlaces = 4096;

/** Forecasts of a network that reads what `inputs` gives. Errors: `output_shape`, `diverged`. */
export function networkForecaster(model: ForecastModel, inputs: Inputs): Forecaster {
  return {
    async ahead(places) {
      const outlooks: Outlook[] = [];
      for (let start = 0; start < places.length; start += mostPlaces) {
        outlooks.push(...(await aheadOf(model, inputs, places.slice(start, start + mostPlaces))));
      }
      return outlooks;
    },
  };
}

async function aheadOf(model: ForecastModel, inputs: Inputs, places: readonly Place[]): Promise<Outlook[]> {
  const { horizon } = inputs;
  const outputs = await model.predict(inputs.at(places).x);
  const data = Float64Array.from(outputs.data);
  if (data.length !== places.length * horizon) {
    const what = `the network gives [${outputs.shape.join(", ")}], [${places.length}, ${horizon}] was expected`;
    throw new RunError({ code: "output_shape", what, hint: "The model and its preprocess.json do not belong together." });
  }
  return places.map(({ frame, origin }, n) => {
    const levels = outputLevels(frame, origin, data.subarray(n * horizon, (n + 1) * horizon));
    if (fromLevels(levels, frame.transform).every(Number.isFinite)) return { levels, quantiles: null, samples: null };
    throw new RunError({ code: "diverged", what: "the forecast is no finite number", hint: "Try a smaller --learning-rate." });
  });
}
