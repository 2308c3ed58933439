// Passes of a training as tasks report them: counted, timed, kept in checkpoints, and told again when a training goes on.

import type { Stored } from "../base/stored.js";
import { type Callback, checkpoint, type FitOptions, latestCheckpoint, type TrainEvent } from "../train/index.js";

/** One pass over the data. */
export interface Pass {
  /** Counted from 1. */
  readonly epoch: number;
  /** Sums over the outputs of a network with several. */
  readonly loss: number;
  readonly valLoss: number;
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
export const checkpointSeconds = 5;

/** Options of `fit` for a training that reports its passes and can be gone on with; the callbacks belong behind those of early stopping. */
export async function passOptions(
  options: PassOptions,
): Promise<Pick<FitOptions, "resumeFrom" | "log"> & { readonly callbacks: readonly Callback[] }> {
  const { checkpoints, onDifference } = options;
  const callback = new Passes(options).callback();
  if (checkpoints === undefined) return { callbacks: [callback] };
  return {
    resumeFrom: await latestCheckpoint(checkpoints),
    log: onDifference,
    callbacks: [callback, checkpoint({ path: checkpoints, everySeconds: checkpointSeconds })],
  };
}

class Passes {
  readonly #options: PassOptions;
  /** Gradient norms of the running pass. */
  #norms: number[] = [];
  #past: Pass[] = [];
  #startedMs: number = performance.now();

  constructor(options: PassOptions) {
    this.#options = options;
  }

  callback(): Callback {
    return {
      name: "passes",
      onBatchEnd: ({ logs }) => void this.#norms.push(logs.gradientNorm ?? Number.NaN),
      onEpochEnd: (event) => this.#onEpochEnd(event),
      state: () => ({ norms: this.#norms, past: this.#past.map((pass) => ({ ...pass })) }),
      restore: (state) => this.#restore(state),
    };
  }

  #onEpochEnd({ epoch, step, logs, learningRate }: TrainEvent): void {
    const { loss = Number.NaN, valLoss = Number.NaN } = logs;
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const pass = { epoch, loss, valLoss, step, learningRate, ...normsOf(this.#norms, this.#options.clipNorm), seconds };
    this.#norms = [];
    this.#past.push(pass);
    this.#options.onPass(pass);
  }

  // The state comes from the callback above, in a file whose every byte is accounted for.
  #restore(state: Stored): void {
    const { norms, past } = state as unknown as { readonly norms: readonly number[]; readonly past: readonly Pass[] };
    this.#norms = [...norms];
    this.#past = [...past];
    this.#startedMs -= (past.at(-1)?.seconds ?? 0) * 1000;
    for (const pass of past) this.#options.onPass(pass);
  }
}

/** What is said of a pass's gradients; a limit of 0 clips nothing. */
export function normsOf(norms: readonly number[], clipNorm: number): { gradientNorm: number; clippedShare: number } {
  const clipped = clipNorm === 0 ? 0 : norms.filter((norm) => norm > clipNorm).length;
  const steps = Math.max(1, norms.length);
  return { gradientNorm: norms.reduce((sum, norm) => sum + norm, 0) / steps, clippedShare: clipped / steps };
}
