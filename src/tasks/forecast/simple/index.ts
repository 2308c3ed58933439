// All simple methods by name, in the order in which tables show them.

import { comb, damped, holt, ses } from "./exponential.js";
import { dampedHoltWinters, holtWinters } from "./holt-winters.js";
import type { SimpleForecaster } from "./method.js";
import { drift, naive, seasonalNaive, seasonalNaiveDrift } from "./naive.js";
import { naive2 } from "./naive2.js";
import { theta } from "./theta.js";

export type { Past, SimpleForecaster } from "./method.js";

/** A forecast method that needs no training. */
export type SimpleMethod =
  | "naive"
  | "seasonalNaive"
  | "drift"
  | "seasonalNaiveDrift"
  | "naive2"
  | "ses"
  | "holt"
  | "damped"
  | "comb"
  | "theta"
  | "holtWinters"
  | "dampedHoltWinters";

/** Every method beside which a network is shown. */
export const simpleMethods: Readonly<Record<SimpleMethod, SimpleForecaster>> = {
  naive,
  seasonalNaive,
  drift,
  seasonalNaiveDrift,
  naive2,
  ses,
  holt,
  damped,
  comb,
  theta,
  holtWinters,
  dampedHoltWinters,
};

/** The names, in the order in which tables show them. */
export const simpleMethodNames: readonly SimpleMethod[] = [
  "naive",
  "seasonalNaive",
  "drift",
  "seasonalNaiveDrift",
  "naive2",
  "ses",
  "holt",
  "damped",
  "comb",
  "theta",
  "holtWinters",
  "dampedHoltWinters",
];
