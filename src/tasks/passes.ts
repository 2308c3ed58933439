// Passes of a training as tasks report them: counted, timed, kept in checkpoints, and told again when a training goes on.

import type { Stored } from "../base/stored.js";
import { type Callback, checkpoint, type FitOptions, latestCheckpoint, type TrainEvent } from "../train/index.js";

/** One pass over the data; `valLoss` may be null where a task trains without a validation part. */
export interface Pass<V extends number | null = number> {
  /** Counted from 1. */
  readonly epoch: number;
  /** Sums over the outputs of a network with several. */
  readonly loss: number;
  readonly valLoss: V;
  /** Optimiser steps of this training so far. */
  readonly step: number;
  readonly learningRate: number;
  /** Mean over the steps of this pass, before clipping. */
  readonly gradientNorm: number;
  /** Share of its steps that were clipped, 0..1. */
  readonly clippedShare: number;
  /** Since the start of this training, an interrupted part included. */
  readonly seconds: number;
}

/** How passes are reported and where they are kept. */
export interface PassOptions {
  /** Folder of this training's checkpoints; none are written without it. */
  readonly checkpoints: string | undefined;
  readonly clipNorm: number;
  onPass(pass: Pass): void;
  /** Called with each sentence about what differs from the training that is gone on with. */
  onDifference(sentence: string): void;
}

/** A kill costs this much work at most; writing takes some hundredths of a second. */
const checkpointSeconds = 5;

/** How `fit` goes on from the newest of a training's checkpoints, telling `log` what differs, and what writes further ones. */
export async function kept(
  checkpoints: string | undefined,
  log: (sentence: string) => void,
): Promise<{ readonly resuming: Pick<FitOptions, "resumeFrom" | "log">; readonly writers: readonly Callback[] }> {
  if (checkpoints === undefined) return { resuming: {}, writers: [] };
  const writers = [checkpoint({ path: checkpoints, everySeconds: checkpointSeconds })];
  return { resuming: { resumeFrom: await latestCheckpoint(checkpoints), log }, writers };
}

/** Options of `fit` for a training that reports its passes and can be gone on with; the callbacks belong behind those of early stopping. */
export async function passOptions(
  options: PassOptions,
): Promise<Pick<FitOptions, "resumeFrom" | "log"> & { readonly callbacks: readonly Callback[] }> {
  const { checkpoints, clipNorm, onPass, onDifference } = options;
  const ledger = new PassLedger(clipNorm, Number.NaN);
  const callback: Callback = {
    name: "passes",
    onBatchEnd: ledger.onBatchEnd,
    onEpochEnd: (event) => onPass(ledger.end(event)),
    state: () => ledger.state(),
    restore: (state) => {
      for (const pass of ledger.restore(state)) onPass(pass);
    },
  };
  const { resuming, writers } = await kept(checkpoints, onDifference);
  return { ...resuming, callbacks: [callback, ...writers] };
}

/** The passes of one training. `absent` stands for the loss of a validation part where there is none. */
export class PassLedger<V extends number | null> {
  readonly #clipNorm: number;
  readonly #absent: V;
  /** Gradient norms of the running pass. */
  #norms: number[] = [];
  #past: Pass<V>[] = [];
  #startedMs: number = performance.now();

  /** @param clipNorm  0 clips nothing */
  constructor(clipNorm: number, absent: V) {
    this.#clipNorm = clipNorm;
    this.#absent = absent;
  }

  readonly onBatchEnd = ({ logs }: TrainEvent): void => void this.#norms.push(logs.gradientNorm ?? Number.NaN);

  /** Closes the running pass. */
  end({ epoch, step, logs, learningRate }: TrainEvent): Pass<V> {
    const { loss = Number.NaN } = logs;
    const valLoss = (logs.valLoss as V | undefined) ?? this.#absent;
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const pass = { epoch, loss, valLoss, step, learningRate, ...normsOf(this.#norms, this.#clipNorm), seconds };
    this.#norms = [];
    this.#past.push(pass);
    return pass;
  }

  state(): { readonly [name: string]: Stored } {
    return { norms: this.#norms, past: this.#past.map((pass) => ({ ...pass })) };
  }

  /** Goes on behind the passes of a stored state, which comes from `state` in a file whose every byte is accounted for; returns them. */
  restore(state: Stored): readonly Pass<V>[] {
    const { norms, past } = state as unknown as { readonly norms: readonly number[]; readonly past: readonly Pass<V>[] };
    this.#norms = [...norms];
    this.#past = [...past];
    this.#startedMs -= (past.at(-1)?.seconds ?? 0) * 1000;
    return past;
  }
}

/** What is said of a pass's gradients; a limit of 0 clips nothing. */
function normsOf(norms: readonly number[], clipNorm: number): { gradientNorm: number; clippedShare: number } {
  const clipped = clipNorm === 0 ? 0 : norms.filter((norm) => norm > clipNorm).length;
  const steps = Math.max(1, norms.length);
  return { gradientNorm: norms.reduce((sum, norm) => sum + norm, 0) / steps, clippedShare: clipped / steps };
}
