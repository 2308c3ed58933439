// The choice in words: what the forecast is made of, how far the network moves it, and why.

import { counted, listed } from "../../base/words.js";
import type { Choice } from "./choice.js";
import type { Correction } from "./correction.js";
import { members } from "./members.js";
import type { ForecastChoice } from "./types.js";

/** Members that a sentence names; the others are counted. */
const named = 4;

/** How many series there are, and of how many demand is intermittent. */
export interface DemandCount {
  readonly intermittent: number;
  readonly series: number;
}

/** The choice as the result shows it; `choice` is null for the network alone. */
export function describeChoice(choice: Choice | null, correction: Correction, demand: DemandCount): ForecastChoice {
  if (choice === null) {
    return { pure: true, members: [], networkWeight: 1, origins: 0, reason: "The network alone, as asked: no simple method takes part." };
  }
  const chosen = Object.entries(choice.weights).map(([name, weight]) => ({
    name,
    title: members[name]?.title ?? name,
    weight,
    error: choice.errors[name] ?? null,
  }));
  const shown = chosen.map(({ title, weight }) => `${title} ${percent(weight)}`);
  const tried =
    choice.origins.length === 0
      ? "too few rows to try anything"
      : `weighed by their errors from ${counted(choice.origins.length, "earlier origin")}`;
  return {
    pure: false,
    members: chosen,
    networkWeight: correction.weight,
    origins: choice.origins.length,
    reason: `The forecast combines ${listed(shown, named)}, ${tried}; ${correctionWords(correction)}.${demandWords(demand)}`,
  };
}

/** Why forecasts of many zeros are no zeros. */
function demandWords({ intermittent, series }: DemandCount): string {
  if (intermittent === 0) return "";
  const whose = series === 1 ? "Demand" : `Demand of ${intermittent} of ${series} series`;
  return ` ${whose} is intermittent: the forecast is the mean that each row can be expected to bring, by squared errors, and intervals begin at zero.`;
}

function correctionWords({ weight, gain, standardError, origins }: Correction): string {
  if (gain === null)
    return `the network takes no part: the rows before are too few to tell whether it helps (${counted(origins, "origin", "overlapping origins")})`;
  if (weight === 0)
    return gain > 0
      ? `the network takes no part: it lowered the error by ${percent(gain, 1)}, not clearly more than chance (${percent(standardError!, 1)})`
      : `the network takes no part: it lowered the error from none of ${origins} origins taken together`;
  return `the network moves it ${percent(weight)} of the way: that lowered the error on ${origins} origins it had not seen by ${percent(gain, 1)} (standard error ${percent(standardError!, 1)})`;
}

function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}
