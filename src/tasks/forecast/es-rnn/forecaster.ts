// ES-RNN as a forecaster: smoothing runs on through the rows before each place with the weights of its series.

import { RunError } from "../../../base/errors.js";
import type { Tensor } from "../../../base/tensor.js";
import { isTensor } from "../../../trace/traced.js";
import type { Forecaster, Outlook, Place } from "../forecaster.js";
import type { ForecastModel } from "../types.js";
import type { EsRnnOutputs, EsRnnSpec } from "./network.js";
import { type EsRnnRow, inputsOf } from "./rows.js";

/** Places whose outputs of all steps are in memory at once. */
const mostPlaces = 128;

/**
 * @param numberOf  the number that a member of the task had in training; the count of series for one that had none
 */
export function esRnnForecaster(model: ForecastModel, spec: EsRnnSpec, numberOf: (member: number) => number): Forecaster {
  return {
    async ahead(places) {
      const outlooks: Outlook[] = [];
      for (let start = 0; start < places.length; start += mostPlaces) {
        outlooks.push(...(await aheadOf(model, spec, places.slice(start, start + mostPlaces), numberOf)));
      }
      return outlooks;
    },
  };
}

async function aheadOf(
  model: ForecastModel,
  spec: EsRnnSpec,
  places: readonly Place[],
  numberOf: (member: number) => number,
): Promise<Outlook[]> {
  const { steps, horizon } = spec;
  const rows = places.map(({ frame, origin, member }): EsRnnRow => ({ values: frame.values, end: origin, number: numberOf(member) }));
  const { inputs, scales } = inputsOf(spec, rows);
  const outputs = await model.predict(inputs);
  const { forecast }: { readonly [name: string]: Tensor } = isTensor(outputs) ? {} : (outputs as EsRnnOutputs);
  if (forecast?.data.length !== places.length * steps * horizon) {
    const what = `the network gives no forecasts of [${places.length}, ${steps}, ${horizon}]`;
    throw new RunError({ code: "output_shape", what, hint: "The model and its preprocess.json do not belong together." });
  }
  return places.map(({ frame, origin }, n) => {
    const { offset, scale } = scales[n]!;
    const last = (n * steps + steps - 1) * horizon;
    const scaled = Float64Array.from({ length: horizon }, (_, h) => offset + scale * forecast.data[last + h]!);
    if (!scaled.every(Number.isFinite)) {
      throw new RunError({ code: "diverged", what: "the forecast is no finite number", hint: "Try a smaller --learning-rate." });
    }
    return {
      levels: levelsOf(scaled, spec, { isLog: frame.transform.log, past: frame.values.subarray(0, origin) }),
      quantiles: null,
      samples: null,
    };
  });
}

/** What the network calls a level is a logarithm if its form is multiplicative, what the task calls one if the series' transform takes it. */
function levelsOf(
  scaled: Float64Array,
  { form }: EsRnnSpec,
  { isLog, past }: { readonly isLog: boolean; readonly past: Float64Array },
): Float64Array {
  if (form === "multiplicative") return isLog ? scaled : scaled.map(Math.exp);
  if (!isLog) return scaled;
  // A sum may fall below zero, where there are no logarithms: a tenth of the smallest value stands for it.
  const least = past.reduce((low, value) => (Number.isNaN(value) ? low : Math.min(low, value)), Number.POSITIVE_INFINITY) / 10;
  return scaled.map((value) => Math.log(Math.max(value, least)));
}
