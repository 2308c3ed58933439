// Methods for intermittent demand, where most rows are zero: the size of a demand and how often there is one are smoothed apart.

import type { Past } from "./method.js";

/** Weights that are tried; larger ones follow single demands. */
const tried: readonly number[] = [0.05, 0.1, 0.2, 0.3];

/**
 * Croston 1972 with the correction of Syntetos & Boylan 2005 (SBA): smoothed size over smoothed interval, both updated at demands only,
 * times 1 - alpha / 2, since the mean of a ratio is not the ratio of the means. Alpha is one of four with the least squared one-step errors.
 * null with fewer than two demands, or a value below zero.
 */
export function sba({ values, horizon }: Past): Float64Array | null {
  const start = startOf(values);
  if (start === null) return null;
  const runs = tried.map((alpha) => {
    const correction = 1 - alpha / 2;
    let [size, interval, waited] = [start.size, 1 / start.rate, 1];
    return follow(values, {
      rate: () => (correction * size) / interval,
      see(value) {
        if (value === 0) return void waited++;
        size += alpha * (value - size);
        interval += alpha * (waited - interval);
        waited = 1;
      },
    });
  });
  return new Float64Array(horizon).fill(bestOf(runs));
}

/**
 * Teunter, Syntetos & Babai 2011 (TSB): smoothed size, updated at demands, times the smoothed probability of a demand, updated at every
 * row, so that it falls when demand has ceased. Both weights have the least squared one-step errors of those tried. null with fewer than
 * two demands, or a value below zero.
 */
export function tsb({ values, horizon }: Past): Float64Array | null {
  const start = startOf(values);
  if (start === null) return null;
  const runs = tried.flatMap((alpha) =>
    tried.map((beta) => {
      let [size, rate] = [start.size, start.rate];
      return follow(values, {
        rate: () => size * rate,
        see(value) {
          rate += beta * ((value === 0 ? 0 : 1) - rate);
          if (value !== 0) size += alpha * (value - size);
        },
      });
    }),
  );
  return new Float64Array(horizon).fill(bestOf(runs));
}

/** Mean size of a demand, and the share of rows that have one; null if that says nothing. */
function startOf(values: Float64Array): { readonly size: number; readonly rate: number } | null {
  let [sum, demands, rows] = [0, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (value < 0) return null;
    rows++;
    sum += value;
    if (value !== 0) demands++;
  }
  return demands < 2 ? null : { size: sum / demands, rate: demands / rows };
}

interface Smoother {
  /** Forecast of each row to come. */
  rate(): number;
  see(value: number): void;
}

/** A missing row is passed over. */
function follow(values: Float64Array, { rate, see }: Smoother): { readonly squares: number; readonly last: number } {
  let squares = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    squares += (value - rate()) ** 2;
    see(value);
  }
  return { squares, last: rate() };
}

function bestOf(runs: readonly { readonly squares: number; readonly last: number }[]): number {
  return runs.reduce((best, each) => (each.squares < best.squares ? each : best)).last;
}
