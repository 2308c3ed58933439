// Which season a series or panel is given: by the calendar where there is one, else by autocorrelation.

import { DataError } from "../base/errors.js";
import { seasonsOf } from "./frequency-names.js";
import { findSeason } from "./season.js";

/** A network that reads two seasons would take longer than a coffee; a longer one has to be asked for by `season`. */
const longestSeason = 400;
/** Series of a panel that vote on a season without a calendar. */
const mostVotes = 25;

export interface SeasonChoice {
  readonly rows: number;
  /** Why, as it is printed. */
  readonly words: string;
}

/**
 * Weeks in a year and cycles within a day need enough rows; a panel is judged by its middle series.
 * @param trainings  the training part of each series, NaN where missing
 * @throws DataError `bad_season`
 */
export function chooseSeason(frequency: string, trainings: readonly Float64Array[], given: number | undefined): SeasonChoice {
  if (given !== undefined) {
    if (!Number.isInteger(given) || given < 1)
      throw new DataError("bad_season", `--season ${given}: a whole number of rows, 1 for none, is needed.`);
    return { rows: given, words: given === 1 ? "no season, as asked" : `season ${given} rows, as asked` };
  }
  const lengths = trainings.map((training) => training.length).sort((a, b) => a - b);
  const typical = lengths[lengths.length >> 1] ?? 0;
  for (const rows of seasonsOf(frequency)) {
    if (rows === 1) return { rows, words: `no season in ${frequency} rows` };
    const isTooLong = rows > 31 && (typical < 3 * rows || rows > longestSeason);
    if (!isTooLong) return { rows, words: `season ${rows} rows (${frequency})` };
  }
  const found = votedSeason(trainings);
  return { rows: found, words: found === 1 ? "no season found" : `season ${found} rows (by autocorrelation)` };
}

/** The season that most of the asked series have; several series need a majority for one. */
function votedSeason(trainings: readonly Float64Array[]): number {
  const every = Math.ceil(trainings.length / mostVotes);
  const asked = trainings.filter((_, i) => i % every === 0);
  const votes = new Map<number, number>();
  for (const training of asked) {
    const season = findSeason(training);
    votes.set(season, (votes.get(season) ?? 0) + 1);
  }
  const [season, count] = [...votes].sort((a, b) => b[1] - a[1])[0] ?? [1, 0];
  return 2 * count > asked.length ? season : 1;
}
