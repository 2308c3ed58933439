// What a cell or layer says about one weight: the shape of one gate, the gates that share its columns, and how it starts.

import { ShapeError, UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { drawInit, glorotUniform, type Init, weightStream, zerosInit } from "./init.js";
import { checkOptions, shown } from "./options.js";
import type { Constraint, Regularizer } from "./regularizers.js";

/** A declared weight. Gates lie side by side in the last axis, in the declared order. */
export interface Weight {
  /** Of one gate. */
  readonly shape: readonly number[];
  readonly gates: readonly string[] | null;
  /** One initialiser for every gate, or constants by gate (gates not named start at 0). */
  readonly init: Init | { readonly [gate: string]: number };
  /** What its layer's options say about its size. */
  readonly regularizer?: Regularizer;
  readonly constraint?: Constraint;
  /** Another layer's weight of this shape that is used in its place; `weight` null means its kernel or table. */
  readonly tied?: { readonly layer: string; readonly weight: string | null };
}

/** Options of `weight`. */
export interface WeightOptions {
  /** Order of the gates' columns; stored in files. */
  readonly gates?: readonly string[];
  /** Default: glorotUniform for matrices, zeros for vectors. */
  readonly init?: Init | { readonly [gate: string]: number };
}

/**
 * Declares a weight of a cell.
 *
 * @param shape  of ONE gate, such as [inputSize, units]; with gates the stored weight is [inputSize, units · gates]
 * @throws ShapeError `bad_weight_shape`; UsageError `unknown_gate`, `repeated_gate`, `bad_option`
 * @example weight([units], { gates: ["i", "f", "g", "o"], init: { f: 1 } })
 */
export function weight(shape: readonly number[], options: WeightOptions = {}): Weight {
  if (!Array.isArray(shape) || shape.length === 0 || shape.some((size) => !Number.isInteger(size) || size < 1)) {
    const given = Array.isArray(shape) ? `[${shape.join(", ")}]` : shown(shape);
    throw new ShapeError({
      code: "bad_weight_shape",
      op: "weight",
      what: `every size must be a whole number of at least 1, got ${given}`,
    });
  }
  checkOptions("weight", options, { gates: "any", init: "any" });
  const gates = options.gates ?? null;
  if (gates !== null && !(Array.isArray(gates) && gates.every((gate) => typeof gate === "string"))) {
    throw new UsageError({ code: "bad_option", op: "weight", what: `gates must be a list of names, got ${shown(gates)}` });
  }
  if (gates !== null && (gates.length === 0 || new Set(gates).size !== gates.length)) {
    throw new UsageError({ code: "repeated_gate", op: "weight", what: `gates must be different names, got ${gates.join(", ") || "none"}` });
  }
  const init = options.init ?? (shape.length === 1 ? zerosInit() : glorotUniform());
  if (!isRecord(init)) {
    const what = `init must be an initialiser or constants by gate, got a ${typeof init}`;
    throw new UsageError({ code: "bad_option", op: "weight", what, hint: "As in { init: orthogonal() } or { gates, init: { f: 1 } }." });
  }
  if (!isInit(init)) checkGateConstants(init, gates);
  return { shape: [...shape], gates, init };
}

/** Whether a cell's `params` gave a weight, rather than a shape or a number. */
export function isWeight(given: unknown): given is Weight {
  return isRecord(given) && Array.isArray(given.shape) && given.gates !== undefined && isRecord(given.init);
}

/** The shape as stored: all gates side by side. */
export function storedShape(of: Weight): readonly number[] {
  return [...of.shape.slice(0, -1), of.shape.at(-1)! * (of.gates?.length ?? 1)];
}

/** Initial values as stored, row-major; they depend on the seed and the path only. */
export function initialValues(of: Weight, seed: number, path: string): Float32Array {
  const next = weightStream(seed, path);
  const names = of.gates ?? [""];
  const { init } = of;
  const blocks = names.map((gate) => drawInit(isInit(init) ? init : { kind: "constant", value: init[gate] ?? 0 }, of.shape, next));
  const width = of.shape.at(-1)!;
  const total = width * names.length;
  return Float32Array.from({ length: blocks[0]!.length * names.length }, (_, index) => {
    const row = Math.floor(index / total);
    const column = index % total;
    return blocks[Math.floor(column / width)]![row * width + (column % width)]!;
  });
}

function isInit(init: Weight["init"]): init is Init {
  return typeof init.kind === "string";
}

function checkGateConstants(init: { readonly [gate: string]: number }, gates: readonly string[] | null): void {
  const unknown = Object.keys(init).find((name) => gates?.includes(name) !== true);
  if (unknown === undefined) return;
  throw new UsageError({
    code: "unknown_gate",
    op: "weight",
    what: `init names gate "${unknown}", the weight has ${gates === null ? "no gates" : `gates ${gates.join(", ")}`}`,
    hint: "List the gates in the same call: weight(shape, { gates, init }).",
  });
}
