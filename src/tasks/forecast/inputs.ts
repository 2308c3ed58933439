// From places to the tensors that a network reads and learns from.

import { inputAt } from "../../data/frame.js";
import { type BesideColumns, WindowTensors } from "../../data/window-columns.js";
import { targetsAt } from "../../data/windows.js";
import type { Beside } from "./beside.js";
import type { Place } from "./forecaster.js";
import type { Dataset, NetworkInputs } from "./network/types.js";

const targetAlone: BesideColumns = { past: [], future: [] };

/** Fills tensors of windows; nothing of it is kept. */
export class Inputs {
  /** Rows read, T. */
  readonly steps: number;
  /** Rows forecast, H. */
  readonly horizon: number;
  readonly #beside: Beside | null;

  constructor({ steps, horizon, beside }: { readonly steps: number; readonly horizon: number; readonly beside: Beside | null }) {
    this.steps = steps;
    this.horizon = horizon;
    this.#beside = beside;
  }

  /** What is known at the places. */
  at(places: readonly Place[]): NetworkInputs {
    const { steps: input, horizon } = this;
    const beside = this.#beside;
    const { past, future } = beside?.columns[0] ?? targetAlone;
    const isMasked = beside?.facts.mask ?? false;
    const sizes = { count: places.length, input, horizon, past: past.length, future: future.length, isMasked };
    const tensors = new WindowTensors(sizes);
    places.forEach(({ frame, origin, member }, w) => {
      tensors.fill(w, origin, inputAt(frame, origin, input), beside?.columns[member] ?? targetAlone);
    });
    const of = (kind: "number" | "category"): boolean => beside?.facts.statics.some((each) => each.kind === kind) === true;
    const members = places.map(({ member }) => member);
    return {
      ...{ x: tensors.x, mask: tensors.mask, future: future.length === 0 ? null : tensors.future },
      numbers: of("number") ? beside!.statics.numbers(members) : null,
      categories: of("category") ? beside!.statics.categories(members) : null,
      size: null,
    };
  }

  /** What is known at the places, and what came. */
  dataset(places: readonly Place[]): Dataset {
    return { ...this.at(places), y: targetsAt(places, this.horizon) };
  }
}
