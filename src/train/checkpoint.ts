// Checkpoints of a training: what one holds, how it is taken, and what is asked of one that was read.

import type { BackendInfo } from "../backends/contract.js";
import { UsageError } from "../base/errors.js";
import { type Stored, type StoredArray, toPlain } from "../base/stored.js";
import { isRecord } from "../base/tree.js";
import { modelFiles, type SavedModel } from "./save.js";
import type { Averaging, Session } from "./session.js";
import type { Callback, History, Snapshot } from "./types.js";
import type { Vector } from "./weights.js";

/** Where a training stands, beside its vectors. */
export interface Standing {
  /** Epochs that are over. */
  readonly completed: number;
  /** Batches of the next epoch that are over; null before that epoch began. */
  readonly batch: number | null;
  readonly steps: number;
  readonly clipped: number;
  /** The random key of the next step, two words. */
  readonly key: readonly number[];
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly stop: Pick<History, "stopped" | "reason"> | null;
  readonly tally: Stored;
  readonly learningRate: Stored;
  readonly optimizerSteps: number;
  readonly averaging: Averaging;
  /** States of stateful layers between the last batch and the next; null for zeros. */
  readonly carried: Stored;
}

/** What must be the same when training goes on, in the words of messages. */
export type Identity = Readonly<Record<string, Stored>>;

/** What training may go on with although it differs: the numbers are then others, and that is said. */
export interface Circumstances {
  readonly class: BackendInfo["class"];
  readonly backend: string;
  readonly variant: string;
  readonly optimizer: Stored;
  readonly data: Stored;
}

/** A training taken apart. */
export interface TrainingParts {
  readonly standing: Standing;
  readonly identity: Identity;
  readonly circumstances: Circumstances;
  readonly callbacks: readonly Callback[];
}

/** A copy of a training at one moment. */
export class TrainingSnapshot implements Snapshot {
  readonly epoch: number;
  readonly step: number;
  readonly vectors: ReadonlyMap<string, Vector>;
  readonly optimizerSteps: number;
  readonly averaging: Averaging;
  readonly carried: Stored;
  readonly #model: SavedModel;
  readonly #training: { readonly [name: string]: unknown };
  readonly #arrays: Map<string, StoredArray> = new Map();

  constructor(model: SavedModel, { standing, identity, circumstances, callbacks }: TrainingParts) {
    this.epoch = standing.completed;
    this.step = standing.steps;
    this.optimizerSteps = standing.optimizerSteps;
    this.averaging = standing.averaging;
    this.carried = standing.carried;
    this.vectors = model.session.store.vectors();
    this.#model = model;
    for (const [name, data] of this.vectors) this.#arrays.set(`vector/${name}`, { shape: [data.length], dtype: "float32", data });
    const kept = callbacks.flatMap(({ name, state }, index): Stored[] => {
      const value = callbacks[index]!.state?.();
      return state === undefined || value === undefined ? [] : [{ name, state: value }];
    });
    const document: { readonly [name: string]: Stored } = {
      standing: { ...standing, averaging: { ...standing.averaging } },
      identity,
      circumstances: { ...circumstances },
      callbacks: kept,
    };
    const plain = toPlain(document, this.#arrays, "state");
    this.#training = isRecord(plain) ? plain : {};
  }

  /** Puts the session back to this moment. */
  restore(session: Session): void {
    session.store.setVectors(this.vectors);
    session.steps = this.optimizerSteps;
    session.averaging = this.averaging;
    session.carried.stored = this.carried;
  }

  async write(path: string): Promise<void> {
    const { encodeCheckpoint, writeCheckpoint } = await import("#node/io/checkpoint");
    const model = modelFiles(this.#model, this.vectors.get("weights")!);
    await writeCheckpoint(path, new Map([...model, ...encodeCheckpoint({ training: this.#training, arrays: this.#arrays })]));
  }
}

/** A checkpoint that was read. */
export interface ReadCheckpoint {
  readonly standing: Standing;
  readonly callbacks: readonly { readonly name: string; readonly state: Stored }[];
  /** Puts the vectors into a session of the same network; throws DataError `checkpoint_damaged` for another one. */
  restore(session: Session): void;
  /**
   * Refuses to go on with other data or settings than the checkpoint's; gives a sentence for each difference that is allowed, and whether
   * the optimiser with its options is the same.
   *
   * @throws DataError `resume_differs`
   */
  compare(identity: Identity, now: Circumstances): { readonly sentences: readonly string[]; readonly isSameOptimizer: boolean };
}

/**
 * The newest checkpoint at a path. Needs Node.
 *
 * @throws DataError `no_checkpoint`, `not_a_checkpoint`, `checkpoint_version`, `checkpoint_damaged`, `safetensors_*`
 */
export async function readTraining(path: string): Promise<ReadCheckpoint> {
  const { readTrainingFiles } = await import("#node/train/read-checkpoint");
  return readTrainingFiles(path);
}

/**
 * The newest checkpoint of a folder that `checkpoint({ path })` wrote to; null if there is none yet. Needs Node.
 *
 * @throws UsageError `bad_path`
 * @example await model.fit(x, y, { resumeFrom: await latestCheckpoint("runs/a"), callbacks: [checkpoint({ path: "runs/a" })] });
 */
export async function latestCheckpoint(path: string): Promise<string | null> {
  if (typeof path !== "string" || path === "")
    throw new UsageError({ code: "bad_path", op: "latestCheckpoint", what: "the path must be a text that is not empty" });
  const { newestCheckpoint } = await import("#node/io/checkpoint");
  return newestCheckpoint(path);
}
