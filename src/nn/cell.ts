// A recurrent cell: names of states and weights, and one step written for one sequence.

import { UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import { isRecord } from "../base/tree.js";
import type { Key } from "../ops/random.js";
import { checkOptions, type OptionKinds } from "./options.js";
import { checkNames } from "./suggest.js";
import { isWeight, type Weight } from "./weight.js";

/** Sizes every cell is given. */
export interface Sizes {
  readonly inputSize: number;
  readonly units: number;
}

/** Inputs beside `x` that a cell may ask for: the time since the last step [1], and which features were seen [I] (1 = seen). */
export type StepInput = "dt" | "mask";

/** A cell that a layer can be made of; `options` are its defaults. */
export interface Cell<O> {
  readonly name: string;
  /** The paper. */
  readonly source: string;
  readonly options: O;
  readonly definition: CellDefinition;
}

/** Any cell, whatever its options. */
export type AnyCell = Cell<{ readonly [option: string]: number }>;

/** A cell of the caller's own: what `defineCell` gives, whatever its options. */
export type OwnCell = Pick<AnyCell, "name" | "source" | "definition">;

/** What the layers read; names are checked, types are erased. */
export interface CellDefinition {
  readonly name: string;
  readonly options: { readonly [option: string]: number };
  readonly inputs: readonly StepInput[];
  readonly row: readonly string[];
  readonly state: { readonly [state: string]: string | number };
  readonly output: string;
  params(sizes: Sizes): { readonly [name: string]: Weight };
  perSequence: ((of: Sizes & { readonly key: Key }) => { readonly [name: string]: Tensor }) | null;
  step(x: Tensor, state: Tensors, p: Tensors, extra: Tensors): Tensors;
}

/** Tensors by name. */
export interface Tensors {
  readonly [name: string]: Tensor;
}

/** What `defineCell` takes. */
export interface CellSpec<
  S extends { readonly [state: string]: string | number },
  P extends { readonly [name: string]: Weight },
  N extends readonly StepInput[],
  R extends readonly string[],
  O extends { readonly [option: string]: number },
  Q extends Tensors,
> {
  readonly name: string;
  readonly source?: string;
  /** Numbers that the layer's options may override; a state's size or a weight may use them. */
  readonly options?: O;
  readonly inputs?: N;
  /** Names of per-row constants given in the layer's call, as in `row: { memory }`. */
  readonly row?: R;
  /** The size of each state: "units", "inputSize", an option's name or a number. */
  readonly state: S;
  /** The state that is the layer's output. */
  readonly output: keyof S & string;
  params(sizes: Sizes & { readonly [K in keyof O]: number }): P;
  /** Values drawn once per sequence. Dropout masks are all ones when not training. */
  perSequence?(of: Sizes & { readonly [K in keyof O]: number } & { readonly key: Key }): Q;
  /** One step of one sequence: x [I], every state [its size]. Returns every state. */
  step(
    x: Tensor,
    state: { readonly [K in keyof S]: Tensor },
    p: { readonly [K in keyof P]: Tensor },
    extra: { readonly [K in N[number]]: Tensor } & { readonly [K in R[number]]: Tensor } & Q,
  ): { readonly [K in keyof S]: Tensor };
}

/**
 * Defines a cell: a pure function of one step of one sequence. The library traces it, differentiates it and runs it over batches
 * of sequences of any lengths; `recurrent(cell, { units })` makes a layer of it.
 *
 * @throws UsageError `bad_cell`, `unknown_size` if the names do not fit together
 * @example
 * const plain = defineCell({
 *   name: "plain", state: { h: "units" }, output: "h",
 *   params: ({ inputSize, units }) => ({ W: weight([inputSize, units]), U: weight([units, units], { init: orthogonal() }) }),
 *   step: (x, { h }, p) => ({ h: tanh(add(matmul(x, p.W), matmul(h, p.U))) }),
 * });
 */
export function defineCell<
  const S extends { readonly [state: string]: string | number },
  P extends { readonly [name: string]: Weight },
  const N extends readonly StepInput[] = readonly [],
  const R extends readonly string[] = readonly [],
  const O extends { readonly [option: string]: number } = Record<never, never>,
  Q extends Tensors = Record<never, never>,
>(spec: CellSpec<S, P, N, R, O, Q>): Cell<{ readonly [K in keyof O]: number }> {
  checkOptions("defineCell", spec, specKinds);
  const options: { readonly [option: string]: number } = { ...spec.options };
  const erased = {
    name: spec.name,
    options,
    inputs: spec.inputs ?? [],
    row: spec.row ?? [],
    state: spec.state,
    output: spec.output,
    params: spec.params,
    perSequence: spec.perSequence ?? null,
    step: spec.step,
  };
  // The layers pass exactly the names that the checks below and the types above agree on.
  const definition = erased as unknown as CellDefinition;
  checkCell(definition);
  const defaults = options as { readonly [K in keyof O]: number };
  return Object.freeze({ name: spec.name, source: spec.source ?? "", options: defaults, definition });
}

/** Sizes of all states for a layer's sizes and options. */
export function stateSizes(
  cell: CellDefinition,
  sizes: Sizes & { readonly [option: string]: number },
): { readonly [state: string]: number } {
  const sizeOf = (size: string | number): number => (typeof size === "number" ? size : sizes[size]!);
  return Object.fromEntries(Object.entries(cell.state).map(([name, size]) => [name, sizeOf(size)]));
}

/** The weights of a cell for a layer's sizes and options; throws UsageError `bad_cell` if its `params` gives something else. */
export function paramsOf(cell: CellDefinition, sizes: Sizes & { readonly [option: string]: number }): { readonly [name: string]: Weight } {
  const found: unknown = cell.params(sizes);
  const what = isRecord(found)
    ? Object.entries(found).flatMap(([name, given]) => (isWeight(given) ? [] : [`params gives no weight as "${name}"`]))[0]
    : "params gives no record of weights";
  if (what === undefined) return found as { readonly [name: string]: Weight };
  const hint = "As in params: ({ inputSize, units }) => ({ W: weight([inputSize, units]) }).";
  throw new UsageError({ code: "bad_cell", op: "defineCell", what: `cell ${cell.name}: ${what}`, hint });
}

function checkCell(cell: CellDefinition): void {
  const bad = (what: string, hint = ""): UsageError => new UsageError({ code: "bad_cell", op: "defineCell", what, hint });
  if (typeof cell.name !== "string" || !/^[A-Za-z][\w.-]*$/.test(cell.name)) {
    throw bad(`"${cell.name}" is not a cell name`, "Use letters, digits and hyphens, starting with a letter.");
  }
  const states = Object.keys(cell.state ?? {});
  if (states.length === 0) throw bad(`cell ${cell.name} has no state`, 'Name at least one, as in state: { h: "units" }.');
  if (!states.includes(cell.output))
    throw bad(`cell ${cell.name}: the output "${cell.output}" is not one of its states ${states.join(", ")}`);
  for (const [option, value] of Object.entries(cell.options)) {
    if (reserved.includes(option)) throw bad(`cell ${cell.name}: "${option}" cannot be an option of a cell, every layer has it already`);
    if (typeof value !== "number" || !Number.isFinite(value)) throw bad(`cell ${cell.name}: option "${option}" must be a finite number`);
  }
  for (const [name, list] of [["inputs", cell.inputs] as const, ["row", cell.row] as const])
    if (!Array.isArray(list)) throw bad(`cell ${cell.name}: ${name} must be a list of names`);
  for (const [name, f] of [["params", cell.params] as const, ["step", cell.step] as const])
    if (typeof f !== "function") throw bad(`cell ${cell.name}: ${name} is not a function`);
  checkNames(`cell ${cell.name}`, "input", cell.inputs, ["dt", "mask"]);
  const twice = [...cell.inputs, ...cell.row].find((name, index, all) => all.indexOf(name) !== index);
  if (twice !== undefined) throw bad(`cell ${cell.name} names "${twice}" twice among inputs and row`);
  // Records are asked for these names, and every record has them.
  const inherited = [...states, ...cell.row, ...Object.keys(cell.options)].find((name) => name in {});
  if (inherited !== undefined) throw bad(`cell ${cell.name}: nothing can be called "${inherited}"`);
  for (const [state, size] of Object.entries(cell.state)) checkSize(cell, state, size);
}

function checkSize(cell: CellDefinition, state: string, size: string | number): void {
  const known = ["units", "inputSize", ...Object.keys(cell.options)];
  if (typeof size === "number" ? Number.isInteger(size) && size > 0 : known.includes(size)) return;
  throw new UsageError({
    code: "unknown_size",
    op: "defineCell",
    what: `cell ${cell.name}: state "${state}" has size ${JSON.stringify(size)}`,
    hint: `Use a whole number above 0 or one of ${known.join(", ")}.`,
  });
}

/** Option names of every recurrent layer, and what `perSequence` and `params` receive beside the options. */
const specKinds: OptionKinds = {
  name: "any",
  source: "any",
  options: "any",
  inputs: "any",
  row: "any",
  state: "any",
  output: "any",
  params: "any",
  perSequence: "any",
  step: "any",
};

const reserved: readonly string[] = [
  "units",
  "inputSize",
  "key",
  "returnSequences",
  "returnState",
  "dilation",
  "goBackwards",
  "dropout",
  "recurrentDropout",
  "zoneout",
  "stateful",
  "weightDrop",
  "activationRegularization",
  "temporalRegularization",
  "kernelRegularizer",
  "recurrentRegularizer",
  "biasRegularizer",
  "kernelConstraint",
  "recurrentConstraint",
  "name",
];
