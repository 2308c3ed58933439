// Zoneout for any cell: units of a state that keep their last value, drawn at random while training (Krueger et al. 2017).

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isRecord } from "../../base/tree.js";
import { add, less, mul, where } from "../../ops/pointwise.js";
import { entryUniforms, foldIn, type Key } from "../../ops/random.js";
import type { CellDefinition, Tensors } from "../cell.js";
import { shown } from "../options.js";
import { checkNames } from "../suggest.js";

/** The share of kept units of each state; states that are not named keep none. */
export interface ZoneoutRates {
  readonly [state: string]: number;
}

/** The option as rates by state; throws UsageError `bad_option`, `unknown_state`. */
export function zoneoutRates(owner: string, cell: CellDefinition, option: unknown): ZoneoutRates {
  if (option === undefined) return {};
  const states = Object.keys(cell.state);
  const rates: { readonly [state: string]: unknown } = isRecord(option)
    ? option
    : Object.fromEntries(states.map((state) => [state, option]));
  checkNames(`zoneout of ${owner}`, "state", Object.keys(rates), states);
  return Object.fromEntries(Object.entries(rates).map(([state, rate]) => [state, checkedRate(owner, rate)]));
}

function checkedRate(owner: string, rate: unknown): number {
  if (typeof rate === "number" && rate >= 0 && rate < 1) return rate;
  throw new UsageError({
    code: "bad_option",
    what: `${owner}: option zoneout must be at least 0 and below 1, got ${shown(rate)}`,
    hint: "Use one rate, or rates by state: { h: 0.05, c: 0.5 }.",
  });
}

/**
 * True where a unit keeps its last value, [B, T, size] for each state with a rate; none without a key (not training). The draw depends
 * on (key, state, row, step, unit) only.
 */
export function keptUnits(rates: ZoneoutRates, sizes: { readonly [state: string]: number }, x: Tensor, key: Key | null): Tensors {
  if (key === null) return {};
  const states = Object.keys(sizes).map((state, index) => ({ state, rate: rates[state] ?? 0, salt: index }));
  return Object.fromEntries(
    states
      .filter(({ rate }) => rate > 0)
      .map(({ state, rate, salt }) => [state, less(entryUniforms(x, foldIn(key, salt), sizes[state]!), rate)]),
  );
}

/** The states after a step: the old value where it is kept; without draws the expectation, rate · old + (1 - rate) · new. */
export function zonedOut(old: Tensors, next: Tensors, rates: ZoneoutRates, kept: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(next).map(([state, value]) => {
      const rate = rates[state] ?? 0;
      if (rate === 0) return [state, value];
      const isKept = kept[state];
      return [state, isKept === undefined ? add(mul(rate, old[state]!), mul(1 - rate, value)) : where(isKept, old[state]!, value)];
    }),
  );
}
