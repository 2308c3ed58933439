// Series that a saved model was not trained on: their transform and combination are found from their own rows, as those of training were.

import { type Frame, firstOrigin, makeFrame } from "../../data/frame.js";
import type { Series } from "../../data/types.js";
import { aheadBy, type Forecaster, placesOf } from "./forecaster.js";
import { intervalsOf } from "./intervals.js";
import { transformOf } from "./setup.js";
import { errorsKnownAt } from "./standstill.js";
import type { SavedPreprocess, SavedSeries } from "./types.js";
import { type SimplePart, simplePart, type Tried, triedOrigins, validate } from "./validate.js";

/** A new series; `member` is its place among those that are forecast. */
export interface Newcomer {
  readonly member: number;
  readonly series: Series;
}

/** Origins tried for each: a simple method is fitted at every one. */
const mostTrials = 4;

/** What training would have stored for each series: measured before its last `test` rows; the network's share is that of the others. */
export async function settleNewcomers(
  forecaster: Forecaster,
  newcomers: readonly Newcomer[],
  { preprocess, test }: { readonly preprocess: SavedPreprocess; readonly test: number },
): Promise<SavedSeries[]> {
  const begun = newcomers.map((newcomer) => ({ ...newcomer, ...begin(newcomer.series, preprocess, test) }));
  const outlooks = await aheadBy(
    forecaster,
    begun.map(({ member, frame, plan, part }) => placesOf(member, frame, triedOrigins(frame, plan, part))),
  );
  return begun.map(({ frame, plan, part }, n) => {
    const { residuals } = validate(frame, plan, part, outlooks[n]!);
    const { choice, data } = part;
    const networkWeight = preprocess.choice?.networkWeight ?? 0;
    return {
      transform: frame.transform,
      intervals: intervalsOf(errorsKnownAt(frame, plan.sizes.rows - plan.sizes.test, residuals, preprocess.horizon), preprocess.horizon),
      choice: choice && { weights: choice.weights, networkWeight, longSeason: data.longSeason },
      trainedTo: null,
    };
  });
}

interface Begun {
  readonly frame: Frame;
  readonly plan: Tried;
  readonly part: SimplePart;
}

function begin(found: Series, { input, horizon, season, choice, network, transform: saved }: SavedPreprocess, test: number): Begun {
  const series = { ...found, season };
  const { values } = series;
  const rows = values.length;
  const end = rows - test;
  const { distribution = "none" } = network ?? {};
  const { seasonalLag, relative, own, readsLevels = false } = saved;
  const shared = own === undefined ? null : { isSeasonal: seasonalLag > 0, relative, own };
  const known = { horizon, longestLag: end - 2 * horizon - input, distribution, shared, readsLevels };
  const transform = transformOf(series, values.subarray(0, end), known);
  const frame = makeFrame(values, transform, season);
  const validation = end - firstOrigin(frame, input);
  const plan = { series, sizes: { rows, horizon, input, test }, transform, steps: input, validation, options: { pure: choice === null } };
  return { frame, plan, part: simplePart(plan, mostTrials) };
}
