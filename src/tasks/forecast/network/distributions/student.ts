// Student's t distribution: quantiles for any real number of degrees of freedom, and draws.

import { incompleteBeta, logGamma, normalQuantile } from "./special.js";

/** The quantile of the standard t distribution with `freedom` > 0 degrees of freedom at a share in (0, 1), to 1e-9 relative. */
export function studentQuantile(share: number, freedom: number): number {
  if (share === 0.5) return 0;
  return share > 0.5 ? distance(1 - share, freedom) : -distance(share, freedom);
}

/** A draw from two uniform numbers in (0, 1) (Bailey 1994). */
export function studentDraw(u: number, v: number, freedom: number): number {
  return Math.sqrt(freedom * Math.expm1((-2 / freedom) * Math.log(u))) * Math.cos(2 * Math.PI * v);
}

const mostRounds = 100;

/**
 * How far from 0 a share below ½ lies beyond, on one side. The logarithm of the tail falls ever faster over the logarithm of the distance,
 * so that Newton's method, in these two, approaches from the far side and never leaves it.
 */
function distance(share: number, freedom: number): number {
  const constant = logGamma((freedom + 1) / 2) - logGamma(freedom / 2) - 0.5 * Math.log(Math.PI * freedom);
  let place = Math.log(start(share, freedom, constant));
  for (let round = 0; round < mostRounds; round++) {
    const x = Math.exp(place);
    const tail = 0.5 * incompleteBeta(freedom / 2, 0.5, freedom / (freedom + x * x));
    const density = Math.exp(constant - ((freedom + 1) / 2) * Math.log1p((x * x) / freedom));
    const step = (Math.log(tail / share) * tail) / (density * x);
    place += step;
    if (Math.abs(step) < 1e-13) break;
  }
  return Math.exp(place);
}

/** The power law of the tail for few degrees of freedom, the expansion around the normal distribution (Hill 1970) for many. */
function start(share: number, freedom: number, constant: number): number {
  const power = Math.exp((constant + ((freedom - 1) / 2) * Math.log(freedom) - Math.log(share)) / freedom);
  if (freedom < 3) return power;
  const z = -normalQuantile(share);
  return Math.min(power, z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2));
}
