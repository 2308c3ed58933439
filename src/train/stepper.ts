// One step of training: gradients, their norm, and the optimiser's update if all is finite.

import type { Backend, Residents } from "../backends/contract.js";
import type { Tree } from "../base/tree.js";
import type { CompiledProgram, Feeds } from "../engine/program.js";
import type { FeedPlan } from "./feeds.js";
import type { LearningRate } from "./learning-rate.js";
import { batchLoss, scalarOf, type Tally } from "./measures.js";
import type { OptimizerRule } from "./optimizers/define.js";
import { slotVector, trainingSections } from "./programs.js";
import type { Session } from "./session.js";
import type { Measures } from "./terms.js";

/** What the steps of one training have in common. */
export interface StepPlan {
  readonly session: Session;
  readonly feeds: FeedPlan;
  readonly measures: Measures;
  readonly rule: OptimizerRule;
  readonly rate: LearningRate;
}

/** How a step went. */
export interface StepResult {
  readonly loss: number;
  readonly norm: number;
  readonly isClipped: boolean;
  /** What is not finite; the weights are unchanged then. */
  readonly fault: string | null;
}

/** The training program of a session, on one backend. */
export class Stepper {
  readonly #program: CompiledProgram;
  readonly #residents: Residents;
  readonly #session: Session;
  readonly #rule: OptimizerRule;
  readonly #rate: LearningRate;

  constructor(backend: Backend, { session, feeds, measures, rule, rate }: StepPlan) {
    this.#program = session.program(backend, "train", feeds.signature, () => trainingSections(session.context, feeds, measures, rule));
    this.#residents = session.residents(backend, ["gradients", ...rule.slots.map(slotVector)]);
    this.#session = session;
    this.#rule = rule;
    this.#rate = rate;
  }

  /** Totals of a batch; its gradient stays resident. */
  gradient(feeds: Feeds): Readonly<Record<string, Tree>> {
    return this.#program.run("gradient", this.#residents, feeds);
  }

  /** One optimiser step on a batch, whose totals are added to the tally if all is finite. */
  step(feeds: Feeds, tally: Tally): StepResult {
    const fed = this.gradient(feeds);
    const { loss, count } = batchLoss(fed);
    const inverseCount = 1 / Math.max(count, 1);
    const { squaredNorm } = this.#program.run("norm", this.#residents, { inverseCount });
    const norm = Math.sqrt(scalarOf(squaredNorm));
    if (!Number.isFinite(loss)) return { loss, norm, isClipped: false, fault: `the loss became ${loss}` };
    if (!Number.isFinite(norm)) return { loss, norm, isClipped: false, fault: `the gradient's norm became ${norm}` };
    tally.add(fed);
    const { clipNorm } = this.#rule;
    const isClipped = clipNorm !== null && norm > clipNorm;
    this.#session.steps += 1;
    this.#program.run("update", this.#residents, {
      inverseCount,
      scale: isClipped ? clipNorm / norm : 1,
      step: this.#session.steps,
      ...this.#rate.fed,
    });
    return { loss, norm, isClipped, fault: null };
  }
}
