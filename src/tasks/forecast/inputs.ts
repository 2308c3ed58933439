// From places to the tensors that a network reads and learns from.

import { hostTensor, type Tensor } from "../../base/tensor.js";
import { inputAt } from "../../data/frame.js";
import { type BesideColumns, WindowTensors } from "../../data/window-columns.js";
import { targetsAt } from "../../data/windows.js";
import type { Beside } from "./beside.js";
import type { Place } from "./forecaster.js";
import type { Dataset, NetworkInputs, NetworkSpec } from "./network/types.js";

const targetAlone: BesideColumns = { past: [], future: [] };

/** Fills tensors of windows; nothing of it is kept. */
export class Inputs {
  /** Rows read, T. */
  readonly steps: number;
  /** Rows forecast, H. */
  readonly horizon: number;
  readonly #beside: Beside | null;
  readonly #isCount: boolean;

  /** `distribution` is that of the network: counts are learnt in their own unit. */
  constructor({
    steps,
    horizon,
    beside,
    distribution,
  }: Pick<NetworkSpec, "steps" | "horizon" | "distribution"> & { readonly beside: Beside | null }) {
    this.steps = steps;
    this.horizon = horizon;
    this.#beside = beside;
    this.#isCount = distribution === "negative-binomial";
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
      size: this.#isCount
        ? hostTensor(
            Float32Array.from(places, ({ frame }) => frame.transform.scale),
            [places.length, 1],
            "float32",
          )
        : null,
    };
  }

  /** What is known at the places, and what came. */
  dataset(places: readonly Place[]): Dataset {
    return { ...this.at(places), y: this.#isCount ? this.#counts(places) : targetsAt(places, this.horizon) };
  }

  /** Targets in their own unit, NaN where missing. */
  #counts(places: readonly Place[]): Tensor {
    const { horizon } = this;
    const y = new Float32Array(places.length * horizon);
    places.forEach(({ frame, origin }, n) => {
      y.set(frame.values.subarray(origin, origin + horizon), n * horizon);
    });
    return hostTensor(y, [places.length, horizon], "float32");
  }
}
