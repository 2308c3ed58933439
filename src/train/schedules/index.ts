// Learning rates that change with the step. Each built-in one is a function with a record behind it, so that it can be saved.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isRecord } from "../../base/tree.js";
import type { Json } from "../../nn/layer.js";
import { checkOptions, type OptionKinds } from "../../nn/options.js";
import { add, cast, cos, div, exp, floor, full, greaterEqual, less, minimum, mul, sub, sum, tensor, where } from "../../ops/index.js";
import { lookUp } from "../names.js";

/** The learning rate at a step: a float32 scalar that counts from 1. Made of ops, because it is traced. */
export type Schedule = (step: Tensor) => Tensor;

/** What a file keeps of a built-in schedule. */
export interface ScheduleRecord {
  readonly kind: string;
  readonly [option: string]: Json;
}

const records = new WeakMap<Schedule, ScheduleRecord>();

/** The record behind a built-in schedule; null for functions of the user's own. */
export function scheduleRecord(schedule: Schedule): ScheduleRecord | null {
  return records.get(schedule) ?? null;
}

/** The schedule of a record; throws UsageError `unknown_schedule`, `bad_option`. */
export function scheduleFromRecord({ kind, ...options }: ScheduleRecord): Schedule {
  return lookUp(kind, makers, { kind: "schedule", code: "unknown_schedule", op: "compile" })(options);
}

/** True for what a file keeps of a schedule. */
export function isScheduleRecord(value: unknown): value is ScheduleRecord {
  return isRecord(value) && typeof value.kind === "string";
}

/** The same rate at every step. @example adam({ learningRate: constantSchedule({ learningRate: 1e-3 }) }) */
export function constantSchedule(options: { readonly learningRate: number }): Schedule {
  check("constantSchedule", options, { learningRate: "nonNegative" }, ["learningRate"]);
  return recorded("constant", options, () => full([], options.learningRate));
}

/** Options of `stepSchedule`. */
export interface StepScheduleOptions {
  readonly learningRate: number;
  /** Steps between two cuts. */
  readonly every: number;
  /** What a cut multiplies the rate by: 0.1. */
  readonly factor?: number;
}

/** learningRate·factorᵏ with k = ⌊(step - 1) / every⌋. @example sgd({ learningRate: stepSchedule({ learningRate: 0.1, every: 1000 }) }) */
export function stepSchedule(options: StepScheduleOptions): Schedule {
  check("stepSchedule", options, { learningRate: "nonNegative", every: "size", factor: "nonNegative" }, ["learningRate", "every"]);
  const { learningRate, every, factor = 0.1 } = options;
  return recorded("step", options, (step) => decayed(learningRate, factor, floor(div(sub(step, 1), every))));
}

/** Options of `exponentialSchedule`. */
export interface ExponentialScheduleOptions {
  readonly learningRate: number;
  /** Steps in which the rate is multiplied by `factor` once: 1. */
  readonly every?: number;
  readonly factor: number;
}

/** learningRate·factor^((step - 1) / every). @example adam({ learningRate: exponentialSchedule({ learningRate: 1e-3, factor: 0.96, every: 100 }) }) */
export function exponentialSchedule(options: ExponentialScheduleOptions): Schedule {
  check("exponentialSchedule", options, { learningRate: "nonNegative", every: "size", factor: "nonNegative" }, ["learningRate", "factor"]);
  const { learningRate, every = 1, factor } = options;
  return recorded("exponential", options, (step) => decayed(learningRate, factor, div(sub(step, 1), every)));
}

/** Options of `cosineSchedule`. */
export interface CosineScheduleOptions {
  /** The highest rate. */
  readonly learningRate: number;
  /** Steps from the highest rate to the lowest, after the warm-up. */
  readonly steps: number;
  /** Steps in which the rate rises in a line, to the highest at the last of them: 0. */
  readonly warmupSteps?: number;
  /** The lowest rate: 0. */
  readonly minLearningRate?: number;
  /** After `steps` it starts again from the highest rate; otherwise it stays at the lowest: false. */
  readonly restarts?: boolean;
  /** Each cycle is this many times as long as the one before, a whole number: 1. */
  readonly cycleFactor?: number;
}

/**
 * Half a cosine from the highest rate to the lowest, with linear warm-up and warm restarts (Loshchilov & Hutter 2017).
 *
 * @example adam({ learningRate: cosineSchedule({ learningRate: 1e-3, steps: 10000, warmupSteps: 500 }) })
 */
export function cosineSchedule(options: CosineScheduleOptions): Schedule {
  const kinds: OptionKinds = { learningRate: "nonNegative", steps: "size", warmupSteps: "nonNegative", minLearningRate: "nonNegative" };
  check("cosineSchedule", options, { ...kinds, restarts: "boolean", cycleFactor: "size" }, ["learningRate", "steps"]);
  const { learningRate, steps, warmupSteps = 0, minLearningRate = 0, restarts = false, cycleFactor = 1 } = options;
  return recorded("cosine", options, (step) => {
    const time = sub(step, 1 + warmupSteps);
    const share = restarts ? cycleShare(time, steps, cycleFactor) : minimum(div(time, steps), 1);
    const falling = add(minLearningRate, mul((learningRate - minLearningRate) / 2, add(1, cos(mul(Math.PI, share)))));
    return warmupSteps === 0 ? falling : where(less(step, warmupSteps + 0.5), mul(learningRate / warmupSteps, step), falling);
  });
}

/** Options of `oneCycleSchedule`. */
export interface OneCycleScheduleOptions {
  /** The highest rate. */
  readonly learningRate: number;
  /** Steps of the whole cycle. */
  readonly steps: number;
  /** Share of the steps in which the rate rises: 0.3. */
  readonly warmupShare?: number;
  /** The first rate is the highest divided by this: 25. */
  readonly divide?: number;
  /** The last rate is the first divided by this: 10,000. */
  readonly finalDivide?: number;
}

/**
 * One cycle: half a cosine up to the highest rate, half a cosine down to almost nothing (Smith & Topin 2019).
 *
 * @example sgd({ momentum: 0.9, learningRate: oneCycleSchedule({ learningRate: 0.1, steps: 2000 }) })
 */
export function oneCycleSchedule(options: OneCycleScheduleOptions): Schedule {
  const kinds: OptionKinds = {
    learningRate: "nonNegative",
    steps: "size",
    warmupShare: "rate",
    divide: "nonNegative",
    finalDivide: "nonNegative",
  };
  check("oneCycleSchedule", options, kinds, ["learningRate", "steps"]);
  const { learningRate, steps, warmupShare = 0.3, divide = 25, finalDivide = 1e4 } = options;
  const first = learningRate / divide;
  const last = first / finalDivide;
  const top = warmupShare * steps - 1;
  const end = steps - 1;
  const between = (from: number, to: number, share: Tensor): Tensor => add(to, mul((from - to) / 2, add(1, cos(mul(Math.PI, share)))));
  return recorded("oneCycle", options, (step) => {
    const time = sub(step, 1);
    const down = between(learningRate, last, minimum(div(sub(time, top), Math.max(end - top, 1e-9)), 1));
    return top <= 0 ? down : where(less(time, top), between(first, learningRate, div(time, top)), down);
  });
}

/** How far a cycle is, from 0 at its start to almost 1 at its last step. */
function cycleShare(time: Tensor, steps: number, factor: number): Tensor {
  if (factor === 1) return sub(div(time, steps), floor(div(time, steps)));
  // Cycle k starts at steps·(1 + factor + … + factorᵏ⁻¹); a float32 step counts to 2²⁴ at most.
  const starts: number[] = [];
  for (let start = 0, length = steps; start < 2 ** 24; start += length, length *= factor) starts.push(start);
  const isAfter = cast(greaterEqual(time, tensor(starts)), "float32");
  const startOf = (of: (index: number) => number): Tensor => sum(mul(isAfter, tensor(starts.map((_, index) => of(index)))));
  const start = startOf((index) => (index === 0 ? 0 : starts[index]! - starts[index - 1]!));
  const length = startOf((index) => (index === 0 ? steps : steps * (factor ** index - factor ** (index - 1))));
  return div(sub(time, start), length);
}

/** rate·factor^power, for a factor of 0 too. */
function decayed(rate: number, factor: number, power: Tensor): Tensor {
  if (factor === 0) return where(less(power, 0.5), rate, 0);
  return mul(rate, exp(mul(Math.log(factor), power)));
}

function check(name: string, options: object, kinds: OptionKinds, required: readonly string[]): void {
  checkOptions(name, options, kinds, required);
  for (const divisor of ["divide", "finalDivide"]) {
    if (Reflect.get(options, divisor) !== 0) continue;
    throw new UsageError({ code: "bad_option", what: `${name}: option ${divisor} must be above 0, got 0` });
  }
}

function recorded(kind: string, options: object, schedule: Schedule): Schedule {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  records.set(schedule, { kind, ...(Object.fromEntries(given) as Record<string, Json>) });
  return schedule;
}

type Maker = (options: unknown) => Schedule;

// Options come from a checked file: each maker checks the names and values itself.
const makers: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ["constant", (options) => constantSchedule(options as { readonly learningRate: number })],
  ["step", (options) => stepSchedule(options as StepScheduleOptions)],
  ["exponential", (options) => exponentialSchedule(options as ExponentialScheduleOptions)],
  ["cosine", (options) => cosineSchedule(options as CosineScheduleOptions)],
  ["oneCycle", (options) => oneCycleSchedule(options as OneCycleScheduleOptions)],
]);
