// What the task asks of whatever makes its forecasts: levels ahead from many places of many series at once.

import type { Frame } from "../../data/frame.js";

/** Where a forecast begins: the first row that it does not know. */
export interface Place {
  /** Which series of the task, counted from 0: what belongs to it alone is found by it. */
  readonly member: number;
  readonly frame: Frame;
  readonly origin: number;
}

/** A forecast of the horizon from one place, in levels: logarithms if the transform takes them. */
export interface Outlook {
  /** [H]: mean or median. */
  readonly levels: Float64Array;
  /** Per quantile level [H], never crossing; null for forecasters that give points. */
  readonly quantiles: { readonly levels: readonly number[]; readonly values: readonly Float64Array[] } | null;
  /** Paths [S][H]; null for forecasters that draw none. */
  readonly samples: readonly Float64Array[] | null;
}

/** The quantile of a share that is among the levels, [H]. */
export function quantileAt({ levels, values }: NonNullable<Outlook["quantiles"]>, share: number): Float64Array {
  return values[levels.indexOf(share)]!;
}

/** Makes forecasts: a network, an ensemble, smoothing with a network. */
export interface Forecaster {
  /**
   * One outlook per place, in their order; places of any series may stand beside each other, and none changes another's forecast.
   * @throws RunError `diverged`
   */
  ahead(places: readonly Place[]): Promise<Outlook[]>;
}

/** Places of one series. */
export function placesOf(member: number, frame: Frame, origins: readonly number[]): Place[] {
  return origins.map((origin) => ({ member, frame, origin }));
}

/** One call for the places of several series, and its outlooks by series. */
export async function aheadBy(forecaster: Forecaster, places: readonly (readonly Place[])[]): Promise<Outlook[][]> {
  const all = await forecaster.ahead(places.flat());
  let at = 0;
  return places.map(({ length }) => {
    at += length;
    return all.slice(at - length, at);
  });
}
