// The distributions that networks say: from a head's raw columns to parameters, their loss, their quantiles and draws.

import type { Tensor } from "../../../../base/tensor.js";
import { add, concat, expandDims, isPacked, matmul, mul, sequenceLike, slice, softplus, tensor } from "../../../../ops/index.js";
import { gaussianNll, mse, negativeBinomialNll, quantile, studentTNll } from "../../../../train/index.js";
import type { LossFunction } from "../../../../train/losses/index.js";
import type { DistributionName } from "../types.js";
import { countQuantile } from "./counts.js";
import { normalQuantile } from "./special.js";
import { studentDraw, studentQuantile } from "./student.js";

/** Parameters of one row ahead, in the order of the output's columns. */
export type Parameters = ArrayLike<number>;

export interface Distribution {
  /** Columns of the head, and as many parameters. */
  readonly columns: number;
  readonly loss: LossFunction;
  /** Parameters [B, n, columns] from what the head gives; `size` [B, 1] is the series' scale, where there is one. */
  parameters(raw: Tensor, size: Tensor | null): Tensor;
  /** The median; the mean of counts. */
  value(p: Parameters): number;
  /** What lies above a share in (0, 1) of all values; null if nothing is said about it. */
  readonly quantile: ((p: Parameters, share: number) => number) | null;
  /** A random value; `next` gives uniform numbers in (0, 1), of which at most two are taken. */
  draw(p: Parameters, next: () => number): number;
}

/** Raw columns start at 0. This is where softplus is 1. */
const one = Math.log(Math.E - 1);
/** Scales stay above, so that no error is infinitely many of them. */
const leastScale = 1e-4;

const none: Distribution = {
  columns: 1,
  loss: mse,
  parameters: (raw) => raw,
  value: (p) => p[0]!,
  quantile: null,
  draw: (p) => p[0]!,
};

const gaussian: Distribution = {
  columns: 2,
  loss: gaussianNll({ positive: true }),
  parameters: (raw) => concat([column(raw, 0), scale(column(raw, 1))]),
  value: (p) => p[0]!,
  quantile: (p, share) => p[0]! + p[1]! * normalQuantile(share),
  draw: (p, next) => p[0]! + p[1]! * normalQuantile(next()),
};

const student: Distribution = {
  columns: 3,
  loss: studentTNll({ positive: true }),
  // Seven degrees of freedom at the start; never so few that there is no variance.
  parameters: (raw) => concat([column(raw, 0), scale(column(raw, 1)), add(2, softplus(add(column(raw, 2), 5)))]),
  value: (p) => p[0]!,
  quantile: (p, share) => p[0]! + p[1]! * studentQuantile(share, p[2]!),
  draw: (p, next) => p[0]! + p[1]! * studentDraw(next(), next(), p[2]!),
};

const negativeBinomial: Distribution = {
  columns: 2,
  loss: negativeBinomialNll({ positive: true }),
  parameters(raw, size) {
    const mean = scale(column(raw, 0));
    const dispersion = scale(column(raw, 1));
    if (size === null) return concat([mean, dispersion]);
    return concat([mul(mean, isPacked(raw) ? sequenceLike(raw, size) : expandDims(size, 1)), dispersion]);
  },
  value: (p) => p[0]!,
  quantile: (p, share) => countQuantile(share, p[0]!, p[1]!),
  draw: (p, next) => countQuantile(next(), p[0]!, p[1]!),
};

/** Shares of the quantiles that a network says, the median in the middle. */
export const quantileShares: readonly number[] = [0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975];

const middle = (quantileShares.length - 1) / 2;
const places = quantileShares.map(normalQuantile);

/**
 * Quantiles that cannot cross: the median, and distances above 0 to the neighbour on its side, added up. Sorting free columns would do too,
 * but then a column's meaning changes where two meet, and so does which one learns. At the start they are those of the normal
 * distribution; between and beyond them values lie on straight lines over its quantiles.
 */
const quantiles: Distribution = {
  columns: quantileShares.length,
  loss: quantile({ quantiles: quantileShares }),
  parameters(raw) {
    const start = tensor(quantileShares.map((_, index) => (index === middle ? 0 : beforeSoftplus(gapAt(index)))));
    const gaps = softplus(add(raw, start));
    return add(column(raw, middle), matmul(gaps, tensor(added)));
  },
  value: (p) => p[middle]!,
  quantile: (p, share) => quantileBetween(p, share),
  draw: (p, next) => quantileBetween(p, next()),
};

const byName: { readonly [K in DistributionName]: Distribution } = {
  none,
  gaussian,
  "student-t": student,
  "negative-binomial": negativeBinomial,
  quantiles,
};

/** The distribution of that name. */
export function distributionOf(name: DistributionName): Distribution {
  return byName[name];
}

function column(raw: Tensor, index: number): Tensor {
  return slice(raw, { axis: -1, start: index, size: 1 });
}

function scale(raw: Tensor): Tensor {
  return add(softplus(add(raw, one)), leastScale);
}

/** Distance of a standard normal quantile to its neighbour on the side of the median. */
function gapAt(index: number): number {
  return index < middle ? places[index + 1]! - places[index]! : places[index]! - places[index - 1]!;
}

function beforeSoftplus(value: number): number {
  return Math.log(Math.expm1(value));
}

/** added[from][to]: how the gap of one quantile moves another one. */
const added: readonly (readonly number[])[] = quantileShares.map((_, from) =>
  quantileShares.map((_, to) => {
    if (from === middle) return 0;
    if (from < middle) return to <= from ? -1 : 0;
    return to >= from ? 1 : 0;
  }),
);

/** The quantile of any share from those at `quantileShares`: on straight lines over the normal distribution's, also beyond the outer ones. */
export function quantileBetween(p: Parameters, share: number): number {
  const exact = quantileShares.indexOf(share);
  if (exact >= 0) return p[exact]!;
  const z = normalQuantile(share);
  let right = places.findIndex((place) => place > z);
  if (right < 0) right = places.length - 1;
  right = Math.max(1, right);
  const [from, to] = [places[right - 1]!, places[right]!];
  return p[right - 1]! + ((p[right]! - p[right - 1]!) * (z - from)) / (to - from);
}
