// What to do when numbers are lost: end, or go back to good weights with smaller steps.

import { UsageError } from "../../base/errors.js";
import { isRecord } from "../../base/tree.js";
import { checkOptions } from "../../nn/options.js";
import type { Callback, Snapshot } from "../types.js";

/**
 * A callback that ends training when any value of an epoch's history is not finite: a validation loss, a metric. A training loss or
 * gradient that is not finite always ends it, with the layer, the step and the gradient's norm in `reason`.
 *
 * @example await model.fit(x, y, { validationSplit: 0.2, callbacks: [terminateOnNaN()] }) // history.stopped is "nan"
 */
export function terminateOnNaN(): Callback {
  return {
    name: "terminateOnNaN",
    onEpochEnd({ epoch, step, logs, stop }) {
      const wrong = Object.entries(logs).find(([, value]) => !Number.isFinite(value));
      if (wrong !== undefined) stop(`${wrong[0]} became ${wrong[1]} in epoch ${epoch} at step ${step}`, "nan");
    },
  };
}

/** Options of `rollBackOnNaN`. */
export interface RollBackOptions {
  /** How often it may go back before training ends: 3. */
  readonly retries?: number;
  /** What each time multiplies the learning rate: 0.5. */
  readonly factor?: number;
  /** Steps between two copies of the weights to go back to; by default one after each epoch. */
  readonly everySteps?: number;
  /** Takes one line each time; standard error by default. */
  readonly log?: (line: string) => void;
}

/**
 * A callback for a loss or gradient that is not finite: weights and optimiser slots go back to the last copy that was good, the
 * learning rate is cut, and training goes on with the next batch. When its retries are used up training ends as without it.
 *
 * @throws UsageError `bad_option`
 * @example await model.fit(x, y, { callbacks: [rollBackOnNaN({ retries: 5, everySteps: 100 })] })
 */
export function rollBackOnNaN(options: RollBackOptions = {}): Callback {
  checkOptions("rollBackOnNaN", options, { retries: "any", factor: "any", everySteps: "size", log: "any" });
  const { retries = 3, factor = 0.5, everySteps, log = (line: string) => console.error(line) } = options;
  if (!Number.isInteger(retries) || retries < 0) throw bad(`retries must be a whole number of at least 0, got ${String(retries)}`);
  if (!(factor > 0 && factor <= 1)) throw bad(`factor must lie above 0 and at most at 1, got ${String(factor)}`);
  let used = 0;
  let good: Snapshot | null = null;
  // An update may have led to weights that no longer give numbers: a copy is good once a step from it was.
  let newest: Snapshot | null = null;
  return {
    name: "rollBackOnNaN",
    onTrainStart() {
      used = 0;
      good = null;
      newest = null;
    },
    onSafePoint({ moment, step, snapshot }) {
      if (moment === "batch" && newest !== null) [good, newest] = [newest, null];
      const isDue = moment === "start" || (everySteps === undefined ? moment === "epoch" : moment === "batch" && step % everySteps === 0);
      if (isDue) newest = snapshot();
      // Nothing else is there to go back to.
      if (good === null) good = newest;
    },
    onNonFinite(event) {
      if (used >= retries || good === null) return;
      used += 1;
      newest = null;
      event.rollBack(good);
      event.learningRate *= factor;
      const { what, layer, step, gradientNorm, learningRate } = event;
      const where = layer === null ? "" : `, first in layer "${layer}"`;
      log(
        `${what} at step ${step + 1}${where}, gradient norm ${gradientNorm}: back to step ${good.step} with learning rate ${Number(learningRate.toPrecision(6))} (${used} of ${retries})`,
      );
    },
    state: () => ({ used }),
    restore: (state) => {
      if (isRecord(state) && typeof state.used === "number") used = state.used;
    },
  };
}

function bad(what: string): UsageError {
  return new UsageError({ code: "bad_option", op: "rollBackOnNaN", what });
}
