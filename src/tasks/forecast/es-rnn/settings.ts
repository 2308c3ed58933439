// The form of ES-RNN for given series: which seasons it smooths, how far its layers look back, how many rows it reads.

import type { EsRnnSpec } from "./network.js";

/** What the form depends on. */
export interface SeriesFacts {
  /** Rows of each series. */
  readonly rows: readonly number[];
  /** Rows in one season; 1 for none. */
  readonly season: number;
  readonly horizon: number;
  /** Whether every observed value of every series is above zero. */
  readonly isPositive: boolean;
  readonly units: number;
}

/** Longer seasons than this are left to the recurrent layers, as in weekly series, whose year has 52 rows. */
const longestSeason = 48;
/** The season above a day of hours. */
const week = { day: 24, rows: 168 };
/** Seasons that are read, and rows without any. */
const readSeasons = 12;
const readRows = 156;
const mostRows = 672;
/** Price of turns of the level, and how much faster a series' own weights move: chosen on generated series and on training parts. */
const wobble = 10;
const ownRate = 5;

/** The form for these series. */
export function esRnnSpec({ rows, season, horizon, isPositive, units }: SeriesFacts): EsRnnSpec {
  const longest = Math.max(...rows);
  const middle = [...rows].sort((a, b) => a - b)[rows.length >> 1]!;
  const isSmoothed = season > 1 && season <= longestSeason && middle >= 2 * season;
  const hasWeek = isSmoothed && season === week.day && middle >= 3 * week.rows;
  const seasons = isSmoothed ? [season, ...(hasWeek ? [week.rows] : [])] : [];
  const wanted = isSmoothed ? Math.max(readRows, readSeasons * season) : readRows;
  const steps = Math.min(longest, hasWeek ? mostRows : Math.min(mostRows, wanted));
  return {
    series: rows.length,
    steps,
    horizon,
    window: Math.max(1, Math.min(windowOf(seasons, horizon), steps >> 1)),
    form: isPositive ? "multiplicative" : "additive",
    seasons,
    blocks: blocksOf(season, hasWeek)
      .map((dilations) => dilations.filter((dilation) => 4 * dilation <= steps || dilation === 1))
      .filter((dilations) => dilations.length > 0),
    units,
    wobble,
    ownRate,
  };
}

/** A season, or as much as the horizon without one. */
function windowOf(seasons: readonly number[], horizon: number): number {
  return seasons.length > 0 ? Math.max(8, seasons[0]!) : Math.min(24, Math.max(6, horizon));
}

/** Dilations by frequency as in the M4 winner; seasons that are not among them look back a quarter, a half and a whole one. */
function blocksOf(season: number, hasWeek: boolean): readonly (readonly number[])[] {
  if (hasWeek)
    return [
      [1, 4],
      [week.day, week.rows],
    ];
  if (season <= 1)
    return [
      [1, 2],
      [2, 6],
    ];
  if (season > longestSeason) return [[1, Math.min(season, 52)]];
  if (season === 4)
    return [
      [1, 2],
      [4, 8],
    ];
  if (season === 7)
    return [
      [1, 7],
      [14, 28],
    ];
  return [
    [1, Math.max(2, season >> 2)],
    [Math.max(2, season >> 1), season],
  ];
}
