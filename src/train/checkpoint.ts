// Checkpoints of a training: what one holds, how it is taken, and whether a training may go on from it.

import type { BackendInfo } from "../backends/contract.js";
import { DataError, UsageError } from "../base/errors.js";
import { fromPlain, type Stored, type StoredArray, toPlain } from "../base/stored.js";
import { isRecord } from "../base/tree.js";
import { type CheckpointParts, damaged, decodeCheckpoint, encodeCheckpoint } from "../io/checkpoint.js";
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
    const { writeCheckpoint } = await import("#node/io/checkpoint");
    const model = modelFiles(this.#model, this.vectors.get("weights")!);
    await writeCheckpoint(path, new Map([...model, ...encodeCheckpoint({ training: this.#training, arrays: this.#arrays })]));
  }
}

/** A checkpoint that was read. */
export interface ReadCheckpoint {
  readonly path: string;
  readonly standing: Standing;
  readonly identity: Identity;
  readonly circumstances: Circumstances;
  readonly callbacks: readonly { readonly name: string; readonly state: Stored }[];
  readonly vectors: ReadonlyMap<string, Vector>;
}

/**
 * The newest checkpoint at a path.
 *
 * @throws DataError `no_checkpoint`, `not_a_checkpoint`, `checkpoint_version`, `checkpoint_damaged`, `safetensors_*`
 */
export async function readTraining(path: string): Promise<ReadCheckpoint> {
  const disk = await import("#node/io/checkpoint");
  const found = await disk.readCheckpoint(path);
  return opened(decodeCheckpoint(found.files, found.path), found.path);
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

/** Puts the checkpoint's vectors into a session of the same network; throws DataError `resume_differs` for another one. */
export function restoreVectors({ vectors, standing, path }: ReadCheckpoint, session: Session): void {
  const { size } = session.store.layout;
  for (const [name, { length }] of vectors) {
    if (length !== size) throw damaged(path, `its vector "${name}" has ${length} elements, the network needs ${size}`);
  }
  session.store.setVectors(vectors);
  session.steps = standing.optimizerSteps;
  session.averaging = standing.averaging;
  session.carried.stored = standing.carried ?? null;
}

/**
 * Refuses to go on with other data or settings than the checkpoint's; gives a sentence for each difference that is allowed.
 *
 * @throws DataError `resume_differs`
 */
export function compareTraining(checkpoint: ReadCheckpoint, identity: Identity, now: Circumstances): readonly string[] {
  const { path, circumstances: then } = checkpoint;
  for (const name of Object.keys(identity)) {
    const [before, after] = [checkpoint.identity[name] ?? null, identity[name] ?? null];
    if (same(before, after)) continue;
    const message = `${path} was trained with ${name} ${inWords(before)}, now it is ${inWords(after)}: training cannot go on.`;
    throw new DataError("resume_differs", message, "Use what it was trained with, or load its model with loadModel and train anew.", {
      file: path,
    });
  }
  const sentences: string[] = [];
  if (then.class !== now.class)
    sentences.push(
      `${path} was written in the arithmetic class ${then.class} (${then.backend} ${then.variant}), this is ${now.class} (${now.backend} ${now.variant}): training goes on, but the bits will not be those of an uninterrupted run.`,
    );
  if (!same(then.optimizer, now.optimizer))
    sentences.push(`${path} was trained with ${inWords(then.optimizer)}, training goes on with ${inWords(now.optimizer)}.`);
  if (!same(then.data, now.data))
    sentences.push(`${path} was trained on other values of the same sizes: training goes on with the new ones.`);
  return sentences;
}

function opened({ training, arrays }: CheckpointParts, path: string): ReadCheckpoint {
  const vectors = new Map<string, Vector>();
  for (const [name, { data }] of arrays) {
    if (!name.startsWith("vector/")) continue;
    if (!(data instanceof Float32Array || data instanceof Float64Array))
      throw damaged(path, `its vector "${name}" does not hold real numbers`);
    vectors.set(name.slice("vector/".length), data);
  }
  if (!vectors.has("weights")) throw damaged(path, "it has no weights");
  const [standing, identity, circumstances, callbacks] = ["standing", "identity", "circumstances", "callbacks"].map((name) =>
    fromPlain(training[name] ?? null, arrays),
  );
  if (!isStanding(standing)) throw damaged(path, "training.json does not say where training stands");
  if (!isRecord(identity) || !isCircumstances(circumstances)) throw damaged(path, "training.json does not say how it was trained");
  const states = Array.isArray(callbacks) ? callbacks.filter(isCallbackState) : [];
  return { path, standing, identity: identity as Identity, circumstances, callbacks: states, vectors };
}

// Files can be edited by hand: each field is looked at before it is believed.
function isStanding(value: unknown): value is Standing {
  if (!isRecord(value) || !isRecord(value.history)) return false;
  const { completed, batch, steps, clipped, optimizerSteps, key, history, stop, averaging } = value;
  const isCount = (count: unknown): boolean => typeof count === "number" && Number.isSafeInteger(count) && count >= 0;
  const isNumbers = (list: unknown): boolean => Array.isArray(list) && list.every((entry) => typeof entry === "number");
  return (
    [completed, steps, clipped, optimizerSteps].every(isCount) &&
    (batch === null || isCount(batch)) &&
    isNumbers(key) &&
    isRecord(averaging) &&
    isCount(averaging.steps) &&
    typeof averaging.isShown === "boolean" &&
    (key as readonly unknown[]).length === 2 &&
    Object.values(history).every(isNumbers) &&
    (stop === null || (isRecord(stop) && typeof stop.stopped === "string" && typeof stop.reason === "string"))
  );
}

function isCircumstances(value: unknown): value is Circumstances {
  return isRecord(value) && [value.class, value.backend, value.variant].every((entry) => typeof entry === "string");
}

function isCallbackState(value: unknown): value is { readonly name: string; readonly state: Stored } {
  return isRecord(value) && typeof value.name === "string" && "state" in value;
}

function same(a: Stored, b: Stored): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function inWords(value: Stored): string {
  if (value === null) return "none";
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
