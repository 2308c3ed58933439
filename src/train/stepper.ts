// One step of training: gradients, their norm, and the optimiser's update if all is finite.

import type { Backend, Residents } from "../backends/contract.js";
import type { Tree } from "../base/tree.js";
import type { CompiledProgram, Feeds } from "../engine/program.js";
import { randomKey } from "../ops/index.js";
import type { FeedPlan } from "./feeds.js";
import type { LearningRate } from "./learning-rate.js";
import { addCounts, scalarOf, stepLoss, type Tally } from "./measures.js";
import type { OptimizerRule } from "./optimizers/define.js";
import { termCount, trainingSections } from "./programs.js";
import { noAverage, type Session } from "./session.js";
import type { Measures } from "./terms.js";
import { type TrainingForm, trainingVectors } from "./update-program.js";

/** What the steps of one training have in common. */
export interface StepPlan {
  readonly session: Session;
  readonly feeds: FeedPlan;
  readonly measures: Measures;
  readonly rule: OptimizerRule;
  readonly rate: LearningRate;
  /** Batches whose gradients make one step. */
  readonly accumulate: number;
  /** Memory of the weights' average; null to keep none. */
  readonly ema: number | null;
  /** Gradient noise comes from it. */
  readonly seed: number;
}

/** How a step went. */
export interface StepResult {
  readonly loss: number;
  readonly norm: number;
  readonly isClipped: boolean;
  /** What is not finite; the weights are unchanged then. */
  readonly fault: string | null;
  /** The batch of the step where that shows first. */
  readonly faultyBatch: number;
}

/** The training program of a session, on one backend. */
export class Stepper {
  readonly #program: CompiledProgram;
  readonly #residents: Residents;
  readonly #plan: StepPlan;
  readonly #form: TrainingForm;
  readonly #isShared: boolean;

  constructor(backend: Backend, plan: StepPlan) {
    const { session, feeds, measures, rule } = plan;
    const form = { isAccumulating: plan.accumulate > 1, isAveraging: plan.ema !== null };
    const signature = `${feeds.signature}${form.isAccumulating ? " accumulating" : ""}${form.isAveraging ? " averaging" : ""}`;
    this.#program = session.program(backend, "train", signature, () => trainingSections(session.context, feeds, measures, rule, form));
    this.#residents = session.residents(backend, trainingVectors(rule, form));
    this.#plan = plan;
    this.#form = form;
    this.#isShared = form.isAccumulating && termCount(session.context, measures) > 1;
    if (!form.isAveraging) session.averaging = noAverage;
  }

  /** Plans memory for a batch like this one. */
  reserve(feeds: Feeds): void {
    this.#program.reserve("gradient", this.#isShared ? { ...feeds, counts: this.#countsOf([() => feeds]) } : feeds);
  }

  /** Totals of a batch; its gradient stays resident. Terms are weighed by their counts in all batches of the step, where there are more. */
  #gradient(feeds: Feeds, counts: Readonly<Record<string, number>>): Readonly<Record<string, Tree>> {
    return this.#program.run("gradient", this.#residents, this.#isShared ? { ...feeds, counts } : feeds);
  }

  /** One optimiser step on one batch or several, whose totals are added to the tally if all is finite. A batch's feeds are made when it is run. */
  step(batches: readonly (() => Feeds)[], tally: Tally): StepResult {
    this.hideAverage();
    const { measures, rule } = this.#plan;
    const counts = this.#isShared ? this.#countsOf(batches) : {};
    const { carried } = this.#plan.session;
    const before = carried.stored;
    const fed = batches.map((feeds, index) => {
      const totals = this.#gradient(feeds(), counts);
      carried.take(totals.states);
      if (this.#form.isAccumulating) this.#program.run(index === 0 ? "keep" : "add", this.#residents, {});
      return totals;
    });
    const { loss, count } = stepLoss(fed, measures);
    const inverseCount = count > 0 ? 1 / count : 1;
    const { squaredNorm } = this.#program.run("norm", this.#residents, { inverseCount });
    const norm = Math.sqrt(scalarOf(squaredNorm));
    const isFaulty = fed.map((one) => !Number.isFinite(stepLoss([one], measures).loss));
    const result = { loss, norm, isClipped: false, faultyBatch: Math.max(isFaulty.indexOf(true), 0) };
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) carried.stored = before;
    if (!Number.isFinite(loss)) return { ...result, fault: `the loss became ${loss}` };
    if (!Number.isFinite(norm)) return { ...result, fault: `the gradient's norm became ${norm}` };
    for (const totals of fed) tally.add(totals);
    const isClipped = rule.clipNorm !== null && norm > rule.clipNorm;
    this.#update(inverseCount, isClipped ? rule.clipNorm / norm : 1);
    return { ...result, isClipped, fault: null };
  }

  /** Puts the average in the place of the weights, for validation, callbacks and whoever uses the model afterwards. */
  showAverage(): void {
    const { session } = this.#plan;
    if (!this.#form.isAveraging || session.averaging.steps === 0 || session.averaging.isShown) return;
    this.#program.run("swap", this.#residents, {});
    session.averaging = { ...session.averaging, isShown: true };
  }

  /** Puts the weights back that training goes on with. */
  hideAverage(): void {
    const { session } = this.#plan;
    if (!session.averaging.isShown) return;
    this.#program.run("swap", this.#residents, {});
    session.averaging = { ...session.averaging, isShown: false };
  }

  #update(inverseCount: number, scale: number): void {
    const { session, rule, rate, seed } = this.#plan;
    session.steps += 1;
    this.#program.run("update", this.#residents, {
      inverseCount,
      scale,
      step: session.steps,
      ...rate.fed,
      ...(rule.isNoisy ? { noiseKey: randomKey(seed) } : {}),
      ...(this.#form.isAveraging ? { averageShare: this.#nextShare() } : {}),
    });
  }

  /** Share of the newest weights in their average: (1 - d) / (1 - dᵗ), so that the weights of step i count (1 - d)·dᵗ⁻ⁱ / (1 - dᵗ). */
  #nextShare(): number {
    const { session, ema } = this.#plan;
    const steps = session.averaging.steps + 1;
    session.averaging = { steps, isShown: false };
    return ema === null || ema === 0 ? 1 : (1 - ema) / -Math.expm1(steps * Math.log(ema));
  }

  #countsOf(batches: readonly (() => Feeds)[]): Record<string, number> {
    return addCounts(batches.map((feeds) => this.#program.run("counts", this.#residents, feeds())));
  }
}
