// The learning rate as a function of the epoch. Rates by step are schedules of the optimiser.

import { UsageError } from "../../base/errors.js";
import type { Callback } from "../types.js";

/**
 * A callback that sets the learning rate at the start of each epoch.
 *
 * @param rate  of the epoch, from 1, given the rate before it
 * @throws UsageError `bad_option`; while training `bad_learning_rate`
 * @example learningRateSchedule((epoch, rate) => (epoch > 10 ? rate * 0.9 : rate))
 */
export function learningRateSchedule(rate: (epoch: number, rate: number) => number): Callback {
  if (typeof rate !== "function")
    throw new UsageError({ code: "bad_option", op: "learningRateSchedule", what: "it needs a function of epoch and rate" });
  return {
    name: "learningRateSchedule",
    onEpochStart(event) {
      event.learningRate = rate(event.epoch, event.learningRate);
    },
  };
}
