// Ends training when a value has stopped getting better, and goes back to the best weights.

import { UsageError } from "../../base/errors.js";
import type { Tree } from "../../base/tree.js";
import { checkOptions } from "../../nn/options.js";
import type { Callback } from "../types.js";

/** Options of `earlyStopping`. */
export interface EarlyStoppingOptions {
  /** Name in the history; default valLoss, or loss without validation. Accuracies are better when higher, everything else when lower. */
  readonly monitor?: string;
  /** Epochs without a new best value before training ends: 10. */
  readonly patience?: number;
  /** At the end the model has the weights of the best epoch: true. */
  readonly restoreBestWeights?: boolean;
}

/**
 * A callback that stops training early.
 *
 * @throws UsageError `bad_option`; while training `unknown_monitor` when there is no such value
 * @example await model.fit(x, y, { validationSplit: 0.2, callbacks: [earlyStopping({ patience: 10 })] })
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkOptions("earlyStopping", options, { monitor: "any", patience: "any", restoreBestWeights: "boolean" });
  const { patience = 10, restoreBestWeights = true } = options;
  if (!Number.isInteger(patience) || patience < 0) {
    throw new UsageError({
      code: "bad_option",
      op: "earlyStopping",
      what: `patience must be a whole number of at least 0, got ${String(patience)}`,
    });
  }
  let best: { value: number; epoch: number; weights: Tree | null } | null = null;
  return {
    name: "earlyStopping",
    onTrainStart() {
      best = null;
    },
    onEpochEnd({ epoch, logs, model, stop }) {
      const monitor = options.monitor ?? ("valLoss" in logs ? "valLoss" : "loss");
      const value = logs[monitor];
      if (value === undefined) {
        throw new UsageError({
          code: "unknown_monitor",
          op: "earlyStopping",
          what: `there is no "${monitor}" in the history`,
          hint: `It has ${Object.keys(logs).join(", ")}.`,
        });
      }
      const isHigherBetter = /accuracy$/i.test(monitor);
      const isBetter = best === null || (isHigherBetter ? value > best.value : value < best.value);
      if (isBetter) best = { value, epoch, weights: restoreBestWeights ? model.weights : null };
      else if (best !== null && epoch - best.epoch >= Math.max(patience, 1)) stop(`${monitor} has not improved since epoch ${best.epoch}`);
    },
    onTrainEnd({ model }) {
      if (best?.weights) model.weights = best.weights;
    },
  };
}
