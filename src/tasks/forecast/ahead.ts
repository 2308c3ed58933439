// The rows after the last one of every series, from a forecaster and the choices that go with it: for the forecast beyond the end,
// and for predicting again when new rows have come.

import { type Frame, fromLevels } from "../../data/frame.js";
import { apartOf } from "./apart.js";
import { blended } from "./blend.js";
import { combinedFrom, trialAhead } from "./choice.js";
import type { Forecaster, Outlook } from "./forecaster.js";
import type { SavedSeries } from "./types.js";

/** A series with what was found for it. */
export interface Ending {
  readonly frame: Frame;
  readonly choice: SavedSeries["choice"];
}

/** The rows after the last one of a series. */
export interface Ahead extends Pick<Outlook, "levels" | "quantiles"> {
  /** How far the members of the combination are apart; null without any. */
  readonly apart: number | null;
}

/** The rows after the last one of each series, in the order of the members; quantiles are those of a forecaster that stands alone. */
export async function levelsAhead(forecaster: Forecaster, endings: readonly Ending[]): Promise<Ahead[]> {
  const outlooks = await forecaster.ahead(endings.map(({ frame }, member) => ({ member, frame, origin: frame.values.length })));
  return endings.map(({ frame, choice }, n) => {
    const { levels, quantiles } = outlooks[n]!;
    if (choice === null) return { levels, quantiles, apart: null };
    const { values, season, transform } = frame;
    const data = { values, season, longSeason: choice.longSeason, horizon: levels.length, log: transform.log };
    const trial = trialAhead(data, choice.weights);
    const simple = combinedFrom(trial, choice.weights, levels.length);
    const parts = { origin: values.length, simple, network: fromLevels(levels, transform) };
    const apart = apartOf(choice.weights, trial, transform.log);
    return { levels: blended(parts, choice.networkWeight, frame), quantiles: null, apart };
  });
}
