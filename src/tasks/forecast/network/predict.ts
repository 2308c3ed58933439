// Trained networks behind one face: parameters for every window, members of an ensemble brought together, one folder.

import { RunError } from "../../../base/errors.js";
import type { HostTensor, Tensor } from "../../../base/tensor.js";
import type { ForecastModel } from "../types.js";
import { isPlain, takeApart } from "./build.js";
import { distributionOf, quantileShares } from "./distributions/index.js";
import { feedWindows } from "./feed.js";
import { decoded, together } from "./predictive.js";
import { recur } from "./recursion.js";
import type { Network, NetworkInputs, NetworkSpec, Predictive, PredictSettings } from "./types.js";

/** Rows of a pass through a network. */
const batchSize = 256;

/**
 * The face of a trained model, or of one that was loaded: an ensemble's has an output for each member.
 *
 * @param spec  what the model was built from
 */
export function networkOf(spec: NetworkSpec, model: ForecastModel): Network {
  const members = spec.ensemble === 1 ? [model] : takeApart(spec, model);
  return {
    spec,
    async predict(inputs, settings = {}) {
      const each: Predictive[][] = [];
      for (const [index, member] of members.entries())
        each.push(await predictMember(spec, member, inputs, memberSettings(spec, settings, index)));
      return each[0]!.map((_, n) =>
        together(
          each.map((predictives) => predictives[n]!),
          spec,
          settings.levels,
        ),
      );
    },
    save: (path, options) => model.save(path, options),
    summary: () => model.summary(),
  };
}

/** Members draw paths of their own, that many together. */
function memberSettings(
  { ensemble, ...spec }: NetworkSpec,
  settings: PredictSettings,
  member: number,
): Required<PredictSettings> & { readonly member: number } {
  const { seed = spec.seed, paths = spec.paths, levels = quantileShares } = settings;
  return { seed, member, levels, paths: Math.ceil(paths / ensemble) };
}

async function predictMember(
  spec: NetworkSpec,
  model: ForecastModel,
  inputs: NetworkInputs,
  settings: Required<PredictSettings> & { readonly member: number },
): Promise<Predictive[]> {
  const distribution = distributionOf(spec.distribution);
  if (spec.strategy === "recursive") return recur(spec, model, inputs, settings);
  const fed: unknown = isPlain(spec) ? inputs.x : feedWindows(spec, inputs);
  // One network has one output.
  const { data: output, shape } = (await model.predict(fed as Tensor, { batchSize })) as HostTensor;
  const count = inputs.x.shape[0]!;
  const size = spec.horizon * distribution.columns;
  if (output.length !== count * size) {
    const what = `the network gives [${shape.join(", ")}], ${count} forecasts of ${size} numbers were expected`;
    throw new RunError({ code: "output_shape", what, hint: "The model and its preprocess.json do not belong together." });
  }
  return Array.from({ length: count }, (_, n) => decoded(distribution, output.subarray(n * size, (n + 1) * size), settings.levels));
}
