// Runs a cell over a batch of sequences: gathers what a step may see, scans, and checks what the step returns.

import { equalShapes, showShape } from "../../base/dim.js";
import { ShapeError, UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isRecord, type Tree } from "../../base/tree.js";
import { currentPlace } from "../../ir/core/build.js";
import { cast, equal, where } from "../../ops/pointwise.js";
import { dropout, dropoutMask, foldIn, type Key, noKey } from "../../ops/random.js";
import { scan } from "../../ops/scan.js";
import {
  denseSequence,
  isPacked,
  mapRows,
  nextStep,
  onesRows,
  packLike,
  packSequence,
  rowIds,
  sequenceLike,
  zerosRows,
} from "../../ops/sequence.js";
import { expandDims } from "../../ops/shape.js";
import { tap } from "../../ops/tap.js";
import { dimsOf, isTensor } from "../../trace/traced.js";
import { type CellDefinition, stateSizes, type Tensors } from "../cell.js";
import type { Extras, LayerContext } from "../layer.js";
import type { CallMemory } from "../memory.js";
import { checkNames } from "../suggest.js";
import { activityOutputs, droppedWeights, notePenalties } from "./activity.js";
import { carriedOn, carriedSizes, dueStates } from "./dilation.js";
import { withMaskedProducts } from "./masked-products.js";
import type { RecurrentOptions } from "./recurrent.js";
import { keptUnits, type ZoneoutRates, zonedOut } from "./zoneout.js";

/** A cell with a layer's options. */
export interface CellRun {
  readonly cell: CellDefinition;
  /** The layer's kind, for messages. */
  readonly owner: string;
  readonly cellOptions: { readonly [option: string]: number };
  readonly options: RecurrentOptions;
  readonly zoneout: ZoneoutRates;
}

/** Salts of a layer call's key. */
const purposes = { dropout: 0, recurrentDropout: 1, perSequence: 2, zoneout: 3, weightDrop: 4 } as const;

/** Output [B, T, H] or [B, H], and the state [B, size] after each row's last step. */
export function runCell(run: CellRun, given: Tensor, extras: Extras, context: LayerContext): { output: Tensor; state: Tensors } {
  const { cell, options } = run;
  checkNames(run.owner, "extra", presentNames(extras), ["lengths", "initialState", "dt", "mask", "row"]);
  const sequence = cast(packedInput(given, extras), "float32");
  const dims = dimsOf(sequence);
  const sizes = { ...run.cellOptions, inputSize: Number(dims[2]), units: options.units };
  const states = stateSizes(cell, sizes);
  const { dilation = 1 } = options;
  const carried = carriedSizes(states, dilation);
  const memory = memoryOf(run, extras, context, carried);
  const inputs = stepInputs(run, extras, sequence);
  const x = droppedInput(inputs.x, options.dropout ?? 0, context);
  const row = { fixed: rowValues(run, extras), drawn: drawnValues(run, sequence, sizes, context) };
  const masks = recurrentMasks(run, sequence, states, context);
  const zoneKey = context.training && context.key !== null ? foldIn(context.key, purposes.zoneout) : null;
  const kept = keptUnits(run.zoneout, states, sequence, zoneKey);
  const dropKey = context.training && context.key !== null ? foldIn(context.key, purposes.weightDrop) : null;
  const dropped = droppedWeights(context.weights, options.weightDrop ?? 0, dropKey);
  const step = (
    state: Tensors,
    xs: Tensors,
    of: { readonly fixed: Tensors; readonly drawn: Tensors; readonly masks: Tensors },
  ): Tensors => {
    const { x: input, ...inputs } = xs;
    const extra = guarded(cell, "input", { ...inputs, ...of.fixed, ...of.drawn });
    const weights = guarded(cell, "weight", dropped);
    const call = (seen: Tensors): Tensors => checkedStep(run, cell.step(input!, guarded(cell, "state", seen), weights, extra), states);
    const mask = of.masks.mask;
    return mask === undefined ? call(state) : withMaskedProducts(state, cell.output, mask, call);
  };
  const [last, ys] = scan(
    (held: Tensors, xs: { readonly seen: Tensors; readonly kept: Tensors }, of: Tree): [Tensors, Tensors] => {
      const state = dueStates(held, states, dilation);
      const proposed = step(state, xs.seen, of as unknown as { readonly fixed: Tensors; readonly drawn: Tensors; readonly masks: Tensors });
      const next = tapped(zonedOut(state, proposed, run.zoneout, xs.kept));
      const left = activityOutputs(options, context.penalties, state[cell.output]!, next[cell.output]!);
      return [carriedOn(held, next, dilation), options.returnSequences === true ? { output: next[cell.output]!, ...left } : left];
    },
    memory?.first ?? initialState(run, sequence, extras, carried),
    { seen: { ...inputs, x }, kept },
    { reverse: options.goBackwards === true, row: { ...row, masks } },
  );
  memory?.keep(last);
  notePenalties(options, context.penalties, ys, sequence, options.goBackwards === true);
  return { output: ys.output ?? last[cell.output]!, state: last };
}

/** Every state after the step under its name, for probing. */
function tapped(states: Tensors): Tensors {
  return Object.fromEntries(Object.entries(states).map(([name, value]) => [name, tap(name, value)]));
}

/** What a step is given; the read of a name that is not there throws `unknown_weight`, `unknown_state` or `unknown_input`. */
function guarded(cell: CellDefinition, thing: string, values: Tensors): Tensors {
  return new Proxy(values, {
    get(target, name): Tensor | undefined {
      if (typeof name === "string" && !Object.hasOwn(target, name)) checkNames(`cell ${cell.name}`, thing, [name], Object.keys(target));
      return target[name as string];
    },
  });
}

/** States from outside, while a sequence is run piece by piece. */
function memoryOf(
  { options, owner }: CellRun,
  extras: Extras,
  { memory, carried }: LayerContext,
  states: { readonly [state: string]: number },
): CallMemory | null {
  if (memory === null && options.stateful === true && carried !== null) {
    if (extras.initialState === undefined) return carried(states);
    const what = "a stateful layer goes on from its own states, an initialState was given";
    throw new UsageError({ code: "stateful_initial", op: owner, what, where: currentPlace(), hint: "Leave one of both out." });
  }
  if (memory === null) return null;
  const found =
    options.goBackwards === true ? "it goes backwards" : extras.initialState !== undefined ? "it is given an initialState" : null;
  if (found === null) return memory(states);
  const hint =
    options.goBackwards === true
      ? "Its first step is the sequence's last one, which a stream does not know."
      : "A stream keeps the states itself.";
  throw new UsageError({ code: "cannot_stream", op: owner, what: `${found}, so it cannot run step by step`, where: currentPlace(), hint });
}

function presentNames(extras: object): string[] {
  return Object.entries(extras)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
}

function packedInput(x: Tensor, extras: Extras): Tensor {
  if (extras.lengths !== undefined) return packSequence(denseSequence(x), extras.lengths);
  return isPacked(x) ? x : packSequence(x, null);
}

function droppedInput(x: Tensor, rate: number, context: LayerContext): Tensor {
  return rate === 0 || !context.training ? x : dropout(x, { rate, key: foldIn(context.key!, purposes.dropout) });
}

/**
 * `x`, and `dt` and `mask` where the cell asks for them. Without a mask NaN is missing; without dt steps are 1 apart. What is missing is
 * 0 for the cell, so that no product meets a NaN.
 */
function stepInputs(run: CellRun, extras: Extras, x: Tensor): Tensors & { readonly x: Tensor } {
  const { cell, owner } = run;
  const inputSize = Number(dimsOf(x)[2]);
  const found: { [name: string]: Tensor } = {};
  for (const name of ["dt", "mask"] as const) {
    const value = extras[name];
    const isWanted = cell.inputs.includes(name);
    if (!isWanted && value === undefined) continue;
    if (value === undefined) {
      found[name] = name === "mask" ? cast(equal(x, x), "float32") : sequenceLike(x, onesRows(x, [1]));
      continue;
    }
    if (!isWanted) {
      throw new UsageError({
        code: "unused_extra",
        op: owner,
        what: `cell ${cell.name} does not use ${name}`,
        where: currentPlace(),
        hint: `List it in the cell: inputs: ["${name}"].`,
      });
    }
    const size = name === "dt" ? 1 : inputSize;
    const shaped = name === "dt" && dimsOf(value).length === 2 ? expandDims(value, 2) : value;
    const shape = dimsOf(shaped);
    if (shape.length !== 3 || shape[2] !== size) {
      const what = `${name} is ${showShape(dimsOf(value))}, it must be [batch, time, ${size}]`;
      throw new ShapeError({ code: "extra_shape", op: owner, what, where: currentPlace() });
    }
    // Backwards, the step before is the next one in time.
    const isTurned = name === "dt" && run.options.goBackwards === true;
    found[name] = cast(isTurned ? nextStep(isPacked(shaped) ? shaped : packLike(x, shaped)) : shaped, "float32");
  }
  return { ...found, x: found.mask === undefined ? x : where(found.mask, x, 0) };
}

/** The per-row constants that the cell names. */
function rowValues(run: CellRun, extras: Extras): Tensors {
  const { cell, owner } = run;
  const given = extras.row ?? {};
  checkNames(`cell ${cell.name}`, "row", Object.keys(given), cell.row);
  const absent = cell.row.find((name) => given[name] === undefined);
  if (absent !== undefined) throw missing(owner, cell, absent, `l.layer(x, { row: { ${absent} } })`);
  return given;
}

/** What `perSequence` draws for each row; with `noKey` when not training. */
function drawnValues(
  run: CellRun,
  x: Tensor,
  sizes: { readonly inputSize: number; readonly units: number },
  context: LayerContext,
): Tensors {
  const { name, perSequence } = run.cell;
  if (perSequence === null) return {};
  const draw = (key: Key): Tensors => {
    const drawn: unknown = perSequence({ ...sizes, key });
    if (isRecord(drawn) && Object.values(drawn).every(isTensor)) return drawn as Tensors;
    const what = `cell ${name}: perSequence gives no record of tensors`;
    throw new UsageError({ code: "bad_cell", op: "defineCell", what, where: currentPlace() });
  };
  const ids = rowIds(x);
  if (!context.training) return mapRows((_: Tensor) => draw(noKey), ids);
  return mapRows(draw, foldIn(foldIn(context.key!, purposes.perSequence), ids));
}

function recurrentMasks(run: CellRun, x: Tensor, states: { readonly [state: string]: number }, context: LayerContext): Tensors {
  const rate = run.options.recurrentDropout ?? 0;
  if (rate === 0 || !context.training) return {};
  const keys = foldIn(foldIn(context.key!, purposes.recurrentDropout), rowIds(x));
  return mapRows((key: Tensor): Tensors => ({ mask: dropoutMask(key, [states[run.cell.output]!], rate) }), keys);
}

/** Zeros, or the given states after a check of names and shapes. */
function initialState(run: CellRun, x: Tensor, extras: Extras, states: { readonly [state: string]: number }): Tensors {
  const given = extras.initialState;
  if (given === undefined) return Object.fromEntries(Object.entries(states).map(([name, size]) => [name, zerosRows(x, [size])]));
  const bad = (what: string): ShapeError =>
    new ShapeError({ code: "initial_state", op: run.owner, what, where: currentPlace(), hint: stateHint(states) });
  if (!isRecord(given) || isTensor(given)) throw bad("initialState is not a record of states");
  checkNames(`cell ${run.cell.name}`, "state", Object.keys(given), Object.keys(states));
  return Object.fromEntries(
    Object.entries(states).map(([name, size]) => {
      const value = given[name];
      if (!isTensor(value)) throw bad(`initialState has no "${name}"`);
      const shape = dimsOf(value);
      if (shape.length !== 2 || shape[1] !== size) throw bad(`initial ${name} is ${showShape(shape)}, the cell expects [batch, ${size}]`);
      return [name, cast(value, "float32")];
    }),
  );
}

function stateHint(states: { readonly [state: string]: number }): string {
  const parts = Object.entries(states).map(([name, size]) => `${name} [batch, ${size}]`);
  return `Give every state: { ${parts.join(", ")} }.`;
}

/** The step's result in the order of the declared states. */
function checkedStep(run: CellRun, result: unknown, states: { readonly [state: string]: number }): Tensors {
  const { cell } = run;
  const bad = (what: string, hint: string): UsageError =>
    new UsageError({ code: "bad_step", op: `cell ${cell.name}`, what, where: currentPlace(), phase: "trace", hint });
  const names = Object.keys(states);
  if (result instanceof Promise) throw bad("step returned a promise", "Nothing in a step may wait: leave out async and await.");
  if (!isRecord(result) || isTensor(result)) throw bad("step did not return a record of states", `Return { ${names.join(", ")} }.`);
  const unknown = Object.keys(result).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw bad(`step returned "${unknown}", which is not one of its states ${names.join(", ")}`, "Name it in state, or leave it out.");
  return Object.fromEntries(
    names.map((name) => {
      const value = result[name];
      if (value === undefined) throw bad(`step did not return the state "${name}"`, `Return { ${names.join(", ")} }.`);
      if (!isTensor(value))
        throw bad(`step returned the state "${name}" as something that is no tensor`, "Wrap numbers in full or tensor.");
      const shape = dimsOf(value);
      const wanted = [states[name]!];
      if (!equalShapes(shape, wanted)) {
        const what = `state "${name}" is declared ${showShape(wanted)} and step returned it as ${showShape(shape)}`;
        throw new ShapeError({
          code: "state_shape",
          op: `cell ${cell.name}`,
          what,
          where: currentPlace(),
          phase: "trace",
          hint: "A step returns its states in their declared sizes.",
        });
      }
      return [name, cast(value, "float32")];
    }),
  );
}

function missing(owner: string, cell: CellDefinition, name: string, example: string): UsageError {
  return new UsageError({
    code: "missing_extra",
    op: owner,
    what: `cell ${cell.name} needs ${name}`,
    where: currentPlace(),
    hint: `Pass it in functional's function, as in ${example}.`,
  });
}
