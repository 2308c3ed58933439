// The rows after the last one of every series, from a forecaster and the choices that go with it: for the forecast beyond the end,
// and for predicting again when new rows have come.

import { type Frame, fromLevels } from "../../data/frame.js";
import { blended } from "./blend.js";
import { combinedAhead } from "./choice.js";
import type { Forecaster, Outlook } from "./forecaster.js";
import type { SavedSeries } from "./types.js";

/** A series with what was found for it. */
export interface Ending {
  readonly frame: Frame;
  readonly choice: SavedSeries["choice"];
}

/** The rows after the last one of each series, in the order of the members; quantiles are those of a forecaster that stands alone. */
export async function levelsAhead(forecaster: Forecaster, endings: readonly Ending[]): Promise<Pick<Outlook, "levels" | "quantiles">[]> {
  const outlooks = await forecaster.ahead(endings.map(({ frame }, member) => ({ member, frame, origin: frame.values.length })));
  return endings.map(({ frame, choice }, n) => {
    const { levels, quantiles } = outlooks[n]!;
    if (choice === null) return { levels, quantiles };
    const { values, season, transform } = frame;
    const data = { values, season, longSeason: choice.longSeason, horizon: levels.length, log: transform.log };
    const parts = { origin: values.length, simple: combinedAhead(data, choice.weights), network: fromLevels(levels, transform) };
    return { levels: blended(parts, choice.networkWeight, frame), quantiles: null };
  });
}
