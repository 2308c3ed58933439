// From places to the tensors that a network reads and learns from.

import { windowsAt } from "../../data/windows.js";
import type { Place } from "./forecaster.js";
import { type Dataset, type NetworkInputs, targetOnly } from "./network/types.js";

/** Fills tensors of windows; nothing of it is kept. */
export class Inputs {
  /** Rows read, T. */
  readonly steps: number;
  /** Rows forecast, H. */
  readonly horizon: number;

  constructor({ steps, horizon }: { readonly steps: number; readonly horizon: number }) {
    this.steps = steps;
    this.horizon = horizon;
  }

  /** What is known at the places. */
  at(places: readonly Place[]): NetworkInputs {
    return targetOnly({ x: windowsAt(places, { input: this.steps, horizon: 0 }).x });
  }

  /** What is known at the places, and what came. */
  dataset(places: readonly Place[]): Dataset {
    return targetOnly(windowsAt(places, { input: this.steps, horizon: this.horizon }));
  }
}
