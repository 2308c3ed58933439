// Cuts the learning rate when a value has stopped getting better.

import { UsageError } from "../../base/errors.js";
import { isRecord } from "../../base/tree.js";
import { checkOptions } from "../../nn/options.js";
import type { Callback } from "../types.js";
import { monitored } from "./monitor.js";

/** Options of `reduceOnPlateau`. */
export interface PlateauOptions {
  /** Name in the history; default valLoss, or loss without validation. Accuracies and their like are better when higher. */
  readonly monitor?: string;
  /** What a cut multiplies the learning rate by, above 0 and below 1: 0.1. */
  readonly factor?: number;
  /** Epochs without a better value before a cut: 10. */
  readonly patience?: number;
  /** The rate is never cut below this: 0. */
  readonly minLearningRate?: number;
  /** Epochs after a cut that do not count: 0. */
  readonly cooldown?: number;
  /** Changes up to this size are none: 1e-4. */
  readonly minDelta?: number;
}

/**
 * A callback that multiplies the learning rate by `factor` when the monitored value has not improved for `patience` epochs. Of a schedule
 * everything later is scaled alike. Checkpoints keep its counters.
 *
 * @throws UsageError `bad_option`; while training `unknown_monitor` when there is no such value
 * @example await model.fit(x, y, { validationSplit: 0.2, callbacks: [reduceOnPlateau({ factor: 0.5, patience: 5 })] })
 */
export function reduceOnPlateau(options: PlateauOptions = {}): Callback {
  checkOptions("reduceOnPlateau", options, {
    monitor: "any",
    factor: "rate",
    patience: "size",
    minLearningRate: "nonNegative",
    cooldown: "nonNegative",
    minDelta: "nonNegative",
  });
  const { factor = 0.1, patience = 10, minLearningRate = 0, cooldown = 0, minDelta = 1e-4 } = options;
  if (factor === 0) throw new UsageError({ code: "bad_option", op: "reduceOnPlateau", what: "factor must be above 0" });
  let best: number | null = null;
  let waited = 0;
  let cooling = 0;
  return {
    name: "reduceOnPlateau",
    onTrainStart() {
      [best, waited, cooling] = [null, 0, 0];
    },
    onEpochEnd(event) {
      const now = monitored("reduceOnPlateau", event.logs, options.monitor);
      if (cooling > 0) [cooling, waited] = [cooling - 1, 0];
      if (best === null || (now.isBetterThan(best) && Math.abs(now.value - best) > minDelta)) {
        [best, waited] = [now.value, 0];
        return;
      }
      if (cooling > 0) return;
      waited += 1;
      if (waited < patience) return;
      const rate = event.learningRate;
      if (rate > minLearningRate) event.learningRate = Math.max(rate * factor, minLearningRate);
      [waited, cooling] = [0, cooldown];
    },
    state: () => ({ best, waited, cooling }),
    restore(state) {
      if (!isRecord(state)) return;
      best = typeof state.best === "number" ? state.best : null;
      waited = Number(state.waited);
      cooling = Number(state.cooling);
    },
  };
}
