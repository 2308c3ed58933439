// Ends training when a value has stopped getting better, and goes back to the best weights.

import { UsageError } from "../../base/errors.js";
import { isRecord, type Tree } from "../../base/tree.js";
import { checkOptions } from "../../nn/options.js";
import type { Callback } from "../types.js";
import { monitored } from "./monitor.js";

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
 * A callback that stops training early. Checkpoints keep its best value, epoch and weights.
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
      const now = monitored("earlyStopping", logs, options.monitor);
      if (now.isBetterThan(best?.value ?? null)) best = { value: now.value, epoch, weights: restoreBestWeights ? model.weights : null };
      else if (best !== null && epoch - best.epoch >= Math.max(patience, 1)) stop(`${now.name} has not improved since epoch ${best.epoch}`);
    },
    onTrainEnd({ model }) {
      if (best?.weights) model.weights = best.weights;
    },
    state: () => best,
    restore(state) {
      if (!isRecord(state) || typeof state.value !== "number" || typeof state.epoch !== "number") return;
      // What a checkpoint gives back is the tree that `state` put there.
      best = { value: state.value, epoch: state.epoch, weights: isRecord(state.weights) ? (state.weights as Tree) : null };
    },
  };
}
