// Windows over a panel as their users see them: places, batches of tensors, parts in time.

import type { Tensor } from "../base/tensor.js";
import type { CalendarPart, Holidays } from "./calendar.js";
import type { Chain, ChainStepName } from "./chain.js";
import type { SkippedSeries } from "./types.js";

/** How windows are cut from a panel. */
export interface PanelWindowOptions {
  /** Rows a window reads. */
  readonly input: number;
  /** Rows it forecasts. */
  readonly horizon: number;
  /** Rows before the test part, at the end of each series' training. */
  readonly validation?: number;
  /** Last rows of each series, held out. */
  readonly test?: number;
  /** Rows between neighbouring windows of one series: 1. */
  readonly stride?: number;
  /** Transforms, fitted per series on its training part: standard scaling. */
  readonly transform?: readonly ChainStepName[];
  /** Calendar columns beside the others: none unless given; true for those that suit the frequency. */
  readonly calendar?: boolean | readonly CalendarPart[];
  readonly holidays?: Holidays;
}

/** Windows by their places: entry n begins to forecast series `series[n]` at row `origins[n]`. */
export interface WindowPlaces {
  readonly series: Int32Array;
  readonly origins: Int32Array;
}

/** Tensors of N windows. Axes: input rows T, horizon rows H, columns read F, columns known ahead G, static numbers S, categories C. */
export interface WindowBatch {
  /** Scaled inputs [N, T, F]: the target, past-only columns, known-future columns, calendar; 0 where missing. */
  readonly x: Tensor;
  /** [N, T, F], 1 where seen. */
  readonly mask: Tensor;
  /** Known-future columns and calendar over the horizon [N, H, G], 0 where missing. */
  readonly future: Tensor;
  /** Scaled targets [N, H], 0 where missing. */
  readonly y: Tensor;
  /** [N, H], 1 where there is a target. */
  readonly yMask: Tensor;
  /** Targets in their own unit [N, H], NaN where missing. */
  readonly actual: Tensor;
  /** Static numbers, standardised over the series, 0 where missing [N, S]. */
  readonly numbers: Tensor;
  /** Static categories from 0, one more than those known where missing [N, C] int32. */
  readonly categories: Tensor;
}

/** The windows of a panel: where they are, and how they become tensors. */
export interface PanelWindows {
  /** Windows whose targets all lie in the part; at least one target is seen. */
  readonly train: WindowPlaces;
  readonly validation: WindowPlaces;
  readonly test: WindowPlaces;
  /** One window per series for the rows after its end. */
  readonly ahead: WindowPlaces;
  /** Names of the F columns of `x`, and of the G columns of `future`. */
  readonly columns: readonly string[];
  readonly futureColumns: readonly string[];
  /** Sizes of the C categories, the place for missing ones included. */
  readonly categorySizes: readonly number[];
  /** Per series of the panel, as JSON; null where it is skipped. */
  readonly chains: readonly (Chain | null)[];
  /** Series too short for one window, or that the transform refuses. */
  readonly skipped: readonly SkippedSeries[];
  /** Fills the tensors of some windows; nothing is kept. */
  take(places: WindowPlaces): WindowBatch;
  /** Scaled outputs [N, H] in the unit of each series. */
  inverse(outputs: Tensor, places: WindowPlaces): Tensor;
  /**
   * Draws training windows with repetition. By "scale" a series comes in proportion to 1 + its mean absolute value, so that
   * large ones are not drowned by many small (Salinas, Flunkert & Gasthaus 2017, section 3.3); by "series" equally often;
   * by "windows" every window is as likely.
   */
  sample(count: number, options?: { readonly seed?: number; readonly by?: "scale" | "series" | "windows" }): WindowPlaces;
}
