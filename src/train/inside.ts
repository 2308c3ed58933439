// What a model shows to deep-rnn/inspect without having it in its public surface.

import { UsageError } from "../base/errors.js";
import type { Session } from "./session.js";
import type { Setup } from "./setup.js";

/** The parts behind a model. */
export interface ModelInside {
  /** @throws UsageError `not_built`, naming the verb */
  session(verb: string): Session;
  /** @throws UsageError `not_compiled`, naming the verb */
  compiled(verb: string): Setup;
  /** Null before `compile`. */
  setup(): Setup | null;
}

const insides = new WeakMap<object, ModelInside>();

/** A model shows its parts, once, when it is made. */
export function showInside(model: object, inside: ModelInside): void {
  insides.set(model, inside);
}

/** The parts behind a model; null for anything else. */
export function insideOf(model: unknown): ModelInside | null {
  return typeof model === "object" && model !== null ? (insides.get(model) ?? null) : null;
}

/** The parts behind a model; throws UsageError `not_a_model`. */
export function requiredInside(model: unknown, op: string): ModelInside {
  const inside = insideOf(model);
  if (inside !== null) return inside;
  throw new UsageError({
    code: "not_a_model",
    op,
    what: `expected a model, found ${model === null ? "null" : typeof model}`,
    hint: "Models are made by sequential, functional, deepRnn and loadModel.",
  });
}
