// A network as a forecaster: windows in, levels out, a few large batches for any number of places.

import { RunError } from "../../base/errors.js";
import { type Frame, outputLevels } from "../../data/frame.js";
import type { Forecaster, Outlook, Place } from "./forecaster.js";
import type { Inputs } from "./inputs.js";
import { ofPaths } from "./network/predictive.js";
import type { Network, Predictive } from "./network/types.js";

/** Places whose windows are in memory at once. */
const mostPlaces = 4096;

/** Forecasts of a network that reads what `inputs` gives. Errors: `output_shape`, `diverged`. */
export function networkForecaster(network: Network, inputs: Pick<Inputs, "at">): Forecaster {
  return {
    async ahead(places) {
      const outlooks: Outlook[] = [];
      for (let start = 0; start < places.length; start += mostPlaces) {
        outlooks.push(...(await aheadOf(network, inputs, places.slice(start, start + mostPlaces))));
      }
      return outlooks;
    },
  };
}

async function aheadOf(network: Network, inputs: Pick<Inputs, "at">, places: readonly Place[]): Promise<Outlook[]> {
  // Counts are in the target's own unit, everything else is scaled.
  const isCount = network.spec.distribution === "negative-binomial";
  const predictives = await network.predict(inputs.at(places));
  return places.map(({ frame, origin }, n) => {
    const levelsOf = (values: Float64Array): Float64Array => (isCount ? values : within(outputLevels(frame, origin, values), frame));
    const outlook = inLevels(predictives[n]!, { levelsOf, isCount });
    checkFinite(outlook);
    return outlook;
  });
}

function inLevels(
  { value, quantiles, samples }: Predictive,
  { levelsOf, isCount }: { readonly levelsOf: (values: Float64Array) => Float64Array; readonly isCount: boolean },
): Outlook {
  if (samples !== null && quantiles !== null) {
    // Path by path: where a step stands on the forecast of another, quantiles do not add up.
    const paths = samples.map(levelsOf);
    const own = ofPaths(paths, quantiles.levels, isCount);
    return { levels: own.value, quantiles: own.quantiles, samples: paths };
  }
  return {
    levels: levelsOf(value),
    quantiles: quantiles && { levels: quantiles.levels, values: quantiles.values.map(levelsOf) },
    samples: null,
  };
}

/** A logarithm whose number would be infinite: of one series among many, whose values are out of all proportion. */
const largestLog = Math.log(Number.MAX_VALUE) - 1;

function within(levels: Float64Array, { transform }: Frame): Float64Array {
  return transform.log ? levels.map((level) => Math.min(level, largestLog)) : levels;
}

function checkFinite({ levels, quantiles }: Outlook): void {
  const all = [levels, ...(quantiles?.values ?? [])];
  if (all.every((each) => each.every(Number.isFinite))) return;
  throw new RunError({ code: "diverged", what: "the forecast is no finite number", hint: "Try a smaller --learning-rate." });
}
