// Checkpoints read back: every field is looked at before it is believed, and whether a training may go on from them.

import { DataError } from "../base/errors.js";
import { fromPlain, type Stored } from "../base/stored.js";
import { isRecord } from "../base/tree.js";
import { type CheckpointParts, damaged, decodeCheckpoint } from "../io/checkpoint.js";
import { readCheckpoint } from "../io/checkpoint-node.js";
import type { Circumstances, Identity, ReadCheckpoint, Standing } from "./checkpoint.js";
import type { Session } from "./session.js";
import type { Vector } from "./weights.js";

/** The newest checkpoint at a path; see `readTraining`. */
export async function readTrainingFiles(path: string): Promise<ReadCheckpoint> {
  const found = await readCheckpoint(path);
  return new OpenedCheckpoint(decodeCheckpoint(found.files, found.path), found.path);
}

class OpenedCheckpoint implements ReadCheckpoint {
  readonly standing: Standing;
  readonly callbacks: ReadCheckpoint["callbacks"];
  readonly #path: string;
  readonly #identity: Identity;
  readonly #circumstances: Circumstances;
  readonly #vectors: ReadonlyMap<string, Vector>;

  constructor({ training, arrays }: CheckpointParts, path: string) {
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
    this.standing = standing;
    this.callbacks = Array.isArray(callbacks) ? callbacks.filter(isCallbackState) : [];
    this.#path = path;
    this.#identity = identity as Identity;
    this.#circumstances = circumstances;
    this.#vectors = vectors;
  }

  restore(session: Session): void {
    const { size } = session.store.layout;
    for (const [name, { length }] of this.#vectors) {
      if (length !== size) throw damaged(this.#path, `its vector "${name}" has ${length} elements, the network needs ${size}`);
    }
    session.store.setVectors(this.#vectors);
    session.steps = this.standing.optimizerSteps;
    session.averaging = this.standing.averaging;
    session.carried.stored = this.standing.carried ?? null;
  }

  compare(identity: Identity, now: Circumstances): ReturnType<ReadCheckpoint["compare"]> {
    const then = this.#circumstances;
    for (const name of Object.keys(identity)) {
      const [before, after] = [this.#identity[name] ?? null, identity[name] ?? null];
      if (same(before, after)) continue;
      const message = `${this.#path} was trained with ${name} ${inWords(before)}, now it is ${inWords(after)}: training cannot go on.`;
      throw new DataError("resume_differs", message, "Use what it was trained with, or load its model with loadModel and train anew.", {
        file: this.#path,
      });
    }
    const sentences: string[] = [];
    if (then.class !== now.class)
      sentences.push(
        `${this.#path} was written in the arithmetic class ${then.class} (${then.backend} ${then.variant}), this is ${now.class} (${now.backend} ${now.variant}): training goes on, but the bits will not be those of an uninterrupted run.`,
      );
    const isSameOptimizer = same(then.optimizer, now.optimizer);
    if (!isSameOptimizer)
      sentences.push(`${this.#path} was trained with ${inWords(then.optimizer)}, training goes on with ${inWords(now.optimizer)}.`);
    if (!same(then.data, now.data))
      sentences.push(`${this.#path} was trained on other values of the same sizes: training goes on with the new ones.`);
    return { sentences, isSameOptimizer };
  }
}

// Files can be edited by hand.
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
