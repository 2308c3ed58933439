// Writes checkpoints while training: `last` to go on from, `best` to use, and numbered ones where asked.

import { UsageError } from "../../base/errors.js";
import { isRecord } from "../../base/tree.js";
import { checkOptions, shown } from "../../nn/options.js";
import type { Callback, SafePoint, Snapshot } from "../types.js";
import { monitored } from "./monitor.js";

/** Options of `checkpoint`. */
export interface CheckpointOptions {
  /** The folder that holds `last` and `best`; made if it is missing. */
  readonly path: string;
  /** Writes after every so many steps. */
  readonly everySteps?: number;
  /** Writes when so many seconds have passed since the last time. Without either: after every epoch. */
  readonly everySeconds?: number;
  /** Numbered checkpoints (`step-1200`) that are kept beside `last`: 0. */
  readonly keep?: number;
  /** Name in the history that decides which epoch is best; default valLoss, or loss without validation. */
  readonly monitor?: string;
}

/**
 * A callback that writes checkpoints, each a folder with the model, the optimiser's slots, random key, position in the data, history and
 * the state of every callback. Each is complete or not there: a run that is killed goes on from the one before with
 * `fit(..., { resumeFrom: path })`. One is also written when training is interrupted by its signal, and at its end.
 *
 * Needs Node.
 *
 * @throws UsageError `bad_option`; while training RunError `write_failed`, with the checkpoint before left as it was
 * @example await model.fit(x, y, { callbacks: [checkpoint({ path: "runs/a", everySeconds: 60 })] });
 */
export function checkpoint(options: CheckpointOptions): Callback {
  checkOptions("checkpoint", options, { path: "any", everySteps: "size", everySeconds: "nonNegative", keep: "any", monitor: "any" }, [
    "path",
  ]);
  const { path, keep = 0 } = options;
  if (typeof path !== "string" || path === "") throw bad(`path must be a text that is not empty, got ${shown(path)}`);
  if (!Number.isInteger(keep) || keep < 0) throw bad(`keep must be a whole number of at least 0, got ${shown(keep)}`);
  return new Checkpoints(options, keep).callback();
}

class Checkpoints {
  readonly #options: CheckpointOptions;
  readonly #keep: number;
  #best: { readonly value: number; readonly epoch: number } | null = null;
  /** The best training since the last writing. */
  #unwritten: Snapshot | null = null;
  #written: { readonly step: number; readonly moment: SafePoint["moment"] } | null = null;
  #lastMs = 0;

  constructor(options: CheckpointOptions, keep: number) {
    this.#options = options;
    this.#keep = keep;
  }

  callback(): Callback {
    return {
      name: "checkpoint",
      onTrainStart: async () => {
        this.#best = null;
        this.#unwritten = null;
        this.#written = null;
        this.#lastMs = Date.now();
        const { openCheckpoints } = await import("#node/io/checkpoint");
        await openCheckpoints(this.#options.path);
      },
      onSafePoint: (event) => this.#atSafePoint(event),
      state: () => this.#best,
      restore: (state) => {
        if (isRecord(state) && typeof state.value === "number" && typeof state.epoch === "number")
          this.#best = { value: state.value, epoch: state.epoch };
      },
    };
  }

  async #atSafePoint(event: SafePoint): Promise<void> {
    if (event.moment === "epoch") this.#note(event);
    if (this.#isDue(event)) await this.#write(event);
  }

  /** Best epochs may follow each other faster than they can be written: the copy waits for the next writing. */
  #note(event: SafePoint): void {
    const now = monitored("checkpoint", event.logs, this.#options.monitor);
    if (!now.isBetterThan(this.#best?.value ?? null)) return;
    this.#best = { value: now.value, epoch: event.epoch };
    this.#unwritten = event.snapshot();
  }

  #isDue({ moment, step }: SafePoint): boolean {
    const { everySteps, everySeconds } = this.#options;
    if (moment === "start") return false;
    if (moment === "end" || moment === "interrupt")
      return this.#written?.step !== step || this.#written.moment === "batch" || this.#unwritten !== null;
    if (everySeconds !== undefined && Date.now() - this.#lastMs >= everySeconds * 1000) return true;
    if (everySteps !== undefined) return moment === "batch" && step % everySteps === 0;
    return everySeconds === undefined && moment === "epoch";
  }

  async #write(event: SafePoint): Promise<void> {
    const { path } = this.#options;
    // The best first: `last` remembers it as written.
    if (this.#unwritten !== null) await this.#unwritten.write(`${path}/best`);
    this.#unwritten = null;
    const snapshot = event.snapshot();
    await snapshot.write(`${path}/last`);
    if (this.#keep > 0) {
      await snapshot.write(`${path}/step-${event.step}`);
      const { pruneCheckpoints } = await import("#node/io/checkpoint");
      await pruneCheckpoints(path, this.#keep);
    }
    this.#written = { step: event.step, moment: event.moment };
    this.#lastMs = Date.now();
  }
}

function bad(what: string): UsageError {
  return new UsageError({ code: "bad_option", op: "checkpoint", what });
}
