// The rows after the last one of a series, from a network and the choice that was saved with it: for the forecast beyond the end,
// and for predicting again when new rows have come.

import type { Frame } from "../../data/frame.js";
import { fromLevels } from "../../data/frame.js";
import { blended } from "./blend.js";
import { combinedAhead } from "./choice.js";
import { predictAt } from "./outputs.js";
import type { ForecastModel, SavedPreprocess } from "./types.js";

/** Levels (logarithms if the transform takes them) of the rows after the last one. */
export async function levelsAhead(
  model: ForecastModel,
  frame: Frame,
  { input, horizon, choice, season }: Pick<SavedPreprocess, "input" | "horizon" | "choice" | "season">,
): Promise<Float64Array> {
  const origin = frame.values.length;
  const levels = await predictAt(model, frame, { steps: input, sizes: { horizon } }, origin);
  if (choice === null) return levels;
  const data = { values: frame.values, season, longSeason: choice.longSeason, horizon, log: frame.transform.log };
  const network = fromLevels(levels, frame.transform);
  return blended({ origin, simple: combinedAhead(data, choice.weights), network }, choice.networkWeight, frame);
}
