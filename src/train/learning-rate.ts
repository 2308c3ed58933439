// The learning rate of a training: what the optimiser says, until a callback says otherwise.

import { UsageError } from "../base/errors.js";
import type { Stored } from "../base/stored.js";
import { tensor } from "../ops/index.js";
import { learningRateAt, type OptimizerRule } from "./optimizers/define.js";

/** One number for fixed rates; a factor on top of schedules, which are part of the program. */
export class LearningRate {
  readonly #rule: OptimizerRule;
  readonly #isFixed: boolean;
  /** The rate itself if it is fixed, else the factor. */
  #value: number;

  constructor(rule: OptimizerRule) {
    this.#rule = rule;
    this.#isFixed = typeof rule.learningRate === "number";
    this.#value = typeof rule.learningRate === "number" ? rule.learningRate : 1;
  }

  /** The rate of this optimiser step, from 1. */
  at(step: number): number {
    return this.#isFixed ? this.#value : this.#scheduled(step) * this.#value;
  }

  /** Makes this the rate of that step; throws UsageError `bad_learning_rate`. */
  set(rate: number, step: number): void {
    if (!(Number.isFinite(rate) && rate >= 0))
      throw new UsageError({
        code: "bad_learning_rate",
        op: "fit",
        what: `the learning rate must be a number of at least 0, got ${String(rate)}`,
      });
    const scheduled = this.#isFixed ? 1 : this.#scheduled(step);
    this.#value = scheduled === 0 ? this.#value : rate / scheduled;
  }

  /** The scalar that the update takes. */
  get fed(): { readonly learningRate: number } {
    return { learningRate: this.#value };
  }

  state(): Stored {
    return this.#value;
  }

  restore(state: Stored): void {
    if (typeof state === "number") this.#value = state;
  }

  #scheduled(step: number): number {
    return learningRateAt(this.#rule, tensor(step)).item();
  }
}
