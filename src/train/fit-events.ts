// Calls the hooks of callbacks, each with an event that says where training stands.

import { UsageError } from "../base/errors.js";
import type { Logs } from "./measures.js";
import type { Callback, Model, NonFinite, SafePoint, Snapshot, TrainEvent } from "./types.js";

/** The training as events show it. */
export interface EventSource {
  readonly model: Model<unknown>;
  readonly isResumed: boolean;
  epoch(): number;
  step(): number;
  learningRate(): number;
  setLearningRate(rate: number): void;
  stop(reason: string, kind?: "early" | "nan"): void;
  snapshot(): Snapshot;
  rollBack(to: Snapshot): void;
}

/** Hooks that get no more than a plain event. */
export type PlainHook = "onTrainStart" | "onEpochStart" | "onBatchEnd" | "onEpochEnd" | "onTrainEnd";

/** What a non-finite step's event says beside the rest. */
export type Fault = Pick<NonFinite, "what" | "layer" | "loss" | "gradientNorm">;

/** The callbacks of one training, in order. */
export class Events {
  readonly callbacks: readonly Callback[];
  readonly #source: EventSource;

  constructor(callbacks: readonly Callback[], source: EventSource) {
    this.callbacks = callbacks;
    this.#source = source;
  }

  /** False if nobody listens, so that a step without listeners makes no event. */
  has(hook: keyof Callback): boolean {
    return this.callbacks.some((callback) => callback[hook] !== undefined);
  }

  async call(hook: PlainHook, logs: Logs): Promise<void> {
    if (!this.has(hook)) return;
    const event = this.#event(logs);
    for (const callback of this.callbacks) await callback[hook]?.(event);
  }

  async safePoint(moment: SafePoint["moment"], logs: Logs): Promise<void> {
    if (!this.has("onSafePoint")) return;
    // One copy serves all who ask at this moment.
    let taken: Snapshot | null = null;
    const snapshot = (): Snapshot => {
      taken ??= this.#source.snapshot();
      return taken;
    };
    const event: SafePoint = Object.assign(this.#event(logs), { moment, snapshot });
    for (const callback of this.callbacks) await callback.onSafePoint?.(event);
  }

  /** True if a callback rolled back. */
  async nonFinite(fault: Fault): Promise<boolean> {
    let isRolledBack = false;
    const rollBack = (to: Snapshot): void => {
      if (isRolledBack)
        throw new UsageError({ code: "rolled_back", op: "rollBack", what: "another callback has rolled this step back already" });
      this.#source.rollBack(to);
      isRolledBack = true;
    };
    const event: NonFinite = Object.assign(this.#event({}), { ...fault, rollBack });
    for (const callback of this.callbacks) await callback.onNonFinite?.(event);
    return isRolledBack;
  }

  #event(logs: Logs): TrainEvent {
    const source = this.#source;
    return {
      epoch: source.epoch(),
      step: source.step(),
      logs,
      model: source.model,
      isResumed: source.isResumed,
      get learningRate() {
        return source.learningRate();
      },
      set learningRate(rate) {
        source.setLearningRate(rate);
      },
      stop: source.stop,
    };
  }
}
