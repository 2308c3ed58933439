// Generated series of many kinds, each from a seed and its number: what the pretrained network is trained on.
import { Draws } from "./draws.js";
import { deviationOf, noiseOf, seasonsOf, type TrendKind, trendOf } from "./parts.js";

export interface GeneratedSeries {
  readonly values: Float64Array;
  readonly season: number;
  readonly horizon: number;
}

/** How often each season is drawn, the rows of its series, and the horizons. */
const seasons: Readonly<Record<string, { share: number; rows: readonly [number, number]; horizons: readonly number[] }>> = {
  1: { share: 20, rows: [15, 300], horizons: [4, 5, 6, 7, 8, 9, 10, 12, 14] },
  3: { share: 1, rows: [20, 150], horizons: [3] },
  4: { share: 12, rows: [18, 120], horizons: [4, 8, 8] },
  5: { share: 2, rows: [20, 150], horizons: [5] },
  6: { share: 2, rows: [20, 150], horizons: [6] },
  7: { share: 12, rows: [28, 450], horizons: [7, 7, 14] },
  10: { share: 1, rows: [30, 150], horizons: [10] },
  12: { share: 30, rows: [30, 170], horizons: [12, 12, 18, 18, 6] },
  13: { share: 2, rows: [39, 150], horizons: [13] },
  24: { share: 9, rows: [72, 700], horizons: [24, 24, 48] },
  48: { share: 2, rows: [144, 450], horizons: [48] },
  52: { share: 7, rows: [110, 700], horizons: [13, 13, 26, 52] },
};
const seasonShares: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(seasons).map(([name, { share }]) => [name, share]),
);

const familyShares = { usual: 12, bounded: 2, count: 1, intermittent: 0.7 };

/** Trends that move by chance: noise beside them is smaller, or nearly none. */
const wandering: readonly TrendKind[] = ["walk", "drifting", "local", "damped", "memory", "cycle", "smooth"];

/** Series number `index` of a seed, with the rows of one horizon at its end. */
export function generate(seed: number, index: number): GeneratedSeries {
  const draws = new Draws(seed, index);
  const name = draws.named(seasonShares);
  const season = Number(name);
  const { rows: range, horizons } = seasons[name]!;
  const past = Math.round(draws.logBetween(...range));
  const horizon = Math.max(2, Math.min(draws.pick(horizons), past >> 2));
  const rows = past + horizon;
  const family = draws.named(familyShares);
  const shape = shapeOf(draws, rows, season);
  const spread = deviationOf(shape);
  const sizes = shape.map((value) => value / spread);
  if (family === "count") {
    const [mean, size] = [draws.logBetween(2, 60), draws.logBetween(0.1, 0.8)];
    return { season, horizon, values: sizes.map((value) => draws.poisson(mean * Math.exp(Math.min(4, size * value)))) };
  }
  if (family === "intermittent") {
    const [share, mean] = [draws.between(0.1, 0.6), draws.logBetween(1, 30)];
    const isSold = (value: number): boolean => draws.chance(Math.min(1, Math.max(0.02, share * Math.exp(0.3 * value))));
    return { season, horizon, values: sizes.map((value) => (isSold(value) ? 1 + draws.poisson(mean) : 0)) };
  }
  const unit = draws.logBetween(0.01, 1000);
  const digits = draws.chance(0.3) ? draws.pick([1, 10, 0.1]) : 0;
  const values = family === "bounded" ? bounded(draws, sizes) : usual(draws, sizes);
  return { season, horizon, values: values.map((value) => unit * (digits > 0 ? Math.round(value / digits) * digits : value)) };
}

/** Around a level, or multiplied together: then the logarithm has the shape. */
function usual(draws: Draws, sizes: Float64Array): Float64Array {
  if (draws.chance(0.5)) {
    const spread = draws.logBetween(0.02, 0.8);
    return sizes.map((value) => 1000 * Math.exp(spread * value));
  }
  const level = draws.chance(0.8) ? draws.between(2.5, 15) : draws.between(-3, 3);
  return sizes.map((value) => 100 * (level + value));
}

function bounded(draws: Draws, sizes: Float64Array): Float64Array {
  const level = draws.between(1, 10);
  return sizes.map((value) => 100 * (level + Math.tanh(value)));
}

/** Trend, seasons and noise together, with shifts and outliers in some. */
function shapeOf(draws: Draws, rows: number, season: number): Float64Array {
  const trend = trendOf(draws, rows, season);
  const cycle = seasonsOf(draws, rows, season);
  const long = season === 24 && rows > 300 && draws.chance(0.6) ? seasonsOf(draws, rows, 168) : new Float64Array(rows);
  const noise = noiseOf(draws, rows);
  const trendSize = trend.kind === "none" ? 0 : draws.logBetween(0.3, 12);
  const seasonSize = season === 1 || draws.chance(0.15) ? 0 : draws.logBetween(0.15, 8);
  const isWandering = wandering.includes(trend.kind);
  const noiseSize = isWandering ? (draws.chance(0.4) ? draws.logBetween(0.003, 0.05) : draws.logBetween(0.05, 1)) : 1;
  const growth = draws.chance(0.15) ? 1.2 * draws.normal() : 0;
  const shape = trend.values.map((value, t) => {
    const grown = Math.exp(growth * (t / rows - 0.5));
    return trendSize * value + seasonSize * (cycle[t]! * grown + 0.6 * long[t]!) + noiseSize * noise[t]! * grown;
  });
  if (draws.chance(0.12)) {
    const [at, size] = [draws.whole(0, rows - 1), 3 * draws.normal() * (noiseSize + 0.3 * seasonSize)];
    for (let t = at; t < rows; t++) shape[t]! += size;
  }
  if (draws.chance(0.15)) {
    const [share, size] = [draws.logBetween(0.003, 0.05), draws.between(2, 8) * (noiseSize + 0.2 * seasonSize)];
    for (let t = 0; t < rows; t++) if (draws.chance(share)) shape[t]! += size * draws.normal();
  }
  return shape;
}
