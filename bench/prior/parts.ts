// What generated series are made of: trends, seasons and noise, each with mean 0 and standard deviation 1 or nearly so.
import type { Draws } from "./draws.js";

const trendShares = {
  none: 2,
  line: 1,
  bends: 2,
  walk: 4,
  drifting: 2,
  local: 1.5,
  damped: 3,
  smooth: 2,
  memory: 2,
  cycle: 3,
  logistic: 0.5,
};
export type TrendKind = keyof typeof trendShares;

export interface Trend {
  readonly kind: TrendKind;
  readonly values: Float64Array;
}

/** A trend of `rows` rows. */
export function trendOf(draws: Draws, rows: number, season: number): Trend {
  const kind = draws.named(trendShares);
  const values = standardised(trends[kind](draws, rows, season));
  if (kind === "none" || !draws.chance(0.4)) return { kind, values };
  // Growth with business cycles, shifts in a random walk: many trends are two.
  const [second, size] = [standardised(trends[draws.named(trendShares)](draws, rows, season)), draws.logBetween(0.2, 1.5)];
  return { kind, values: standardised(values.map((value, t) => value + size * second[t]!)) };
}

const trends: Readonly<Record<TrendKind, (draws: Draws, rows: number, season: number) => Float64Array>> = {
  none: (_, rows) => new Float64Array(rows),
  line: (_, rows) => new Float64Array(rows).map((_, t) => t),
  bends(draws, rows) {
    const rate = draws.logBetween(1.5, 6) / rows;
    let [slope, value] = [draws.normal(), 0];
    return new Float64Array(rows).map(() => {
      if (draws.chance(rate)) slope = draws.chance(0.3) ? 0 : draws.normal() + (draws.chance(0.5) ? slope : 0);
      value += slope;
      return value;
    });
  },
  walk: (draws, rows) => summed(new Float64Array(rows).map(() => draws.normal())),
  drifting(draws, rows) {
    const drift = draws.logBetween(0.05, 1) * (draws.chance(0.7) ? 1 : -1);
    return summed(new Float64Array(rows).map(() => drift + draws.normal()));
  },
  local: (draws, rows) => wanderingSlope(draws, rows, draws.between(0.97, 1)),
  damped: (draws, rows) => wanderingSlope(draws, rows, draws.between(0.6, 0.97)),
  /** A Gaussian process with two length scales, by random Fourier features (Rahimi & Recht 2007). */
  smooth(draws, rows, season) {
    const length = draws.logBetween(0.1, 1) * Math.max(rows, 3 * season);
    const waves = Array.from({ length: 12 }, () => ({
      rate: (draws.normal() / length) * (draws.chance(0.3) ? 3 : 1),
      phase: draws.between(0, 2 * Math.PI),
    }));
    return new Float64Array(rows).map((_, t) => waves.reduce((sum, { rate, phase }) => sum + Math.cos(rate * t + phase), 0));
  },
  memory(draws, rows) {
    const kept = 1 - draws.logBetween(0.01, 0.6);
    let value = 0;
    return afterStart(rows, 60, () => {
      value = kept * value + draws.normal();
      return value;
    });
  },
  /** Cycles that are no whole seasons, as of animals and sunspots; some with peaks sharper than their valleys. */
  cycle(draws, rows) {
    const kept = 1 - draws.logBetween(0.004, 0.2);
    const turn = 2 * kept * Math.cos((2 * Math.PI) / draws.logBetween(6, Math.max(12, rows / 2)));
    let [before, value] = [0, 0];
    const cycles = afterStart(rows, 100, () => {
      [before, value] = [value, turn * value - kept * kept * before + draws.normal()];
      return value;
    });
    return draws.chance(0.3) ? standardised(cycles).map((size) => Math.exp(0.7 * size)) : cycles;
  },
  logistic(draws, rows) {
    const [middle, width] = [draws.between(0, 1.2) * rows, draws.between(0.05, 0.3) * rows];
    return new Float64Array(rows).map((_, t) => 1 / (1 + Math.exp((middle - t) / width)));
  },
};

/** A local linear trend whose slope goes back to a drift. */
function wanderingSlope(draws: Draws, rows: number, kept: number): Float64Array {
  const drift = draws.chance(0.5) ? 0 : draws.normal() * draws.between(0, 2);
  const steps = draws.chance(0.6) ? draws.logBetween(0.1, 5) : 0;
  let slope = (0.3 * draws.normal()) / Math.sqrt(1.001 - kept * kept);
  return summed(
    new Float64Array(rows).map(() => {
      slope = kept * slope + 0.3 * draws.normal();
      return slope + drift * (1 - kept) + steps * draws.normal();
    }),
  );
}

const shapeShares = { harmonic: 4, free: 3, spikes: 2, smoothed: 2, block: 1 };

/** One season. */
function shapeOf(draws: Draws, season: number): Float64Array {
  const kind = draws.named(shapeShares);
  const rough = new Float64Array(season).map(() => draws.normal());
  if (kind === "free") return standardised(rough);
  if (kind === "smoothed") {
    return standardised(rough.map((value, i) => value + 0.8 * (rough[(i + 1) % season]! + rough[(i + season - 1) % season]!)));
  }
  const shape = kind === "harmonic" ? new Float64Array(season) : rough.map((value) => 0.15 * value);
  if (kind === "harmonic") {
    const most = Math.max(1, Math.min(season >> 1, draws.whole(1, 5)));
    const fade = draws.between(0.3, 1);
    for (let k = 1; k <= most; k++) {
      const [size, phase] = [draws.normal() * fade ** (k - 1), draws.between(0, 2 * Math.PI)];
      for (let i = 0; i < season; i++) shape[i]! += size * Math.cos((2 * Math.PI * k * i) / season + phase);
    }
  } else if (kind === "spikes") {
    const count = draws.whole(1, Math.max(1, Math.round(season / 5)));
    for (let k = 0; k < count; k++) shape[draws.whole(0, season - 1)]! += (draws.chance(0.7) ? 1 : -1) * draws.between(0.5, 2);
  } else {
    const [first, count] = [draws.whole(0, season - 1), draws.whole(1, Math.max(1, season >> 1))];
    for (let i = 0; i < count; i++) shape[(first + i) % season]! += 1;
  }
  return standardised(shape);
}

const changeShares = { none: 4, walk: 3, size: 2, shape: 1 };

/** Seasons in `rows` rows: always the same, or slowly changing. */
export function seasonsOf(draws: Draws, rows: number, season: number): Float64Array {
  if (season === 1) return new Float64Array(rows);
  const shape = shapeOf(draws, season);
  const change = draws.named(changeShares);
  const last = change === "shape" ? shapeOf(draws, season) : shape;
  const step = change === "walk" ? draws.logBetween(0.02, 0.4) : 0;
  const growth = change === "size" ? draws.logBetween(0.02, 0.2) : 0;
  const first = draws.whole(0, season - 1);
  let size = 0;
  return new Float64Array(rows).map((_, t) => {
    const i = (t + first) % season;
    if (step > 0) shape[i]! += step * draws.normal();
    if (i === 0 && growth > 0) size += growth * draws.normal();
    return (shape[i]! + ((last[i]! - shape[i]!) * t) / rows) * Math.exp(size);
  });
}

/** White or ARMA(1, 1) noise, normal or with heavy tails, some with calm and wild times (GARCH). */
export function noiseOf(draws: Draws, rows: number): Float64Array {
  const isHeavy = draws.chance(0.25);
  const [kept, echo] = draws.chance(0.5) ? [0, 0] : [draws.between(-0.5, 0.9), draws.between(-0.6, 0.6)];
  const isWild = draws.chance(0.15);
  let [variance, value, before] = [1, 0, 0];
  return standardised(
    afterStart(rows, 20, () => {
      const shock = Math.sqrt(variance) * (isHeavy ? draws.heavy() : draws.normal());
      if (isWild) variance = 0.1 + 0.25 * Math.min(shock * shock, 9) + 0.65 * variance;
      value = kept * value + shock + echo * before;
      before = shock;
      return value;
    }),
  );
}

export function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) || 1;
}

function standardised(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = deviationOf(values);
  return values.map((value) => (value - mean) / deviation);
}

function summed(changes: Float64Array): Float64Array {
  let sum = 0;
  return changes.map((change) => {
    sum += change;
    return sum;
  });
}

/** The rows after so many in which the process forgets where it began. */
function afterStart(rows: number, start: number, next: () => number): Float64Array {
  for (let t = 0; t < start; t++) next();
  return new Float64Array(rows).map(next);
}
