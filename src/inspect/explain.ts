// explain: what became of a model's layers or of a function, where its time goes, and why something stays slow.

import { UsageError } from "../base/errors.js";
import type { Tree } from "../base/tree.js";
import { loadedBackend } from "../engine/backend.js";
import type { LoopInstruction } from "../ir/lowered/program.js";
import type { LayerInfo } from "../nn/network.js";
import { checkOptions } from "../nn/options.js";
import { insideOf } from "../train/inside.js";
import type { Model } from "../train/types.js";
import { arenaBytesOf, type Cost, costOf, noCost, sum } from "./explain-count.js";
import { counted, factsOfLoop, type LoopFacts } from "./explain-slow.js";
import { type ExplainedProgram, functionSubject, modelSubject, type Subject } from "./explain-subject.js";
import { estimatedMs, measuredMs, speedOf } from "./explain-time.js";
import { hoistedWords, layerOf, mergedWords, planWords, sunkWords } from "./explain-words.js";

/** A size of a shape; batch and time are known only at run time. */
export type ShownSize = number | "batch" | "time";

/** What happened to one layer, or to one place of a function. */
export interface ExplainedLayer {
  readonly name: string;
  /** Who made it: "lstm", "recurrent", "dense" …; "function" for a place of a function. */
  readonly kind: string;
  /** Name of its cell; null if it has none. */
  readonly cell: string | null;
  readonly inputShape: readonly ShownSize[];
  readonly outputShape: readonly ShownSize[];
  readonly parameters: number;
  /** "step": a loop walks its steps one by one; "scan": all steps are computed at once. */
  readonly mode: "step" | "scan";
  /** What left the loop for the front: sentences. */
  readonly hoisted: readonly string[];
  /** What left it for the end. */
  readonly sunk: readonly string[];
  /** What was put together: gates in one product, scans in one walk. */
  readonly merged: readonly string[];
  /** Pointwise programs in its loops; each runs a chain of operations over numbers that stay in registers. */
  readonly fusedTiles: number;
  /** Products in its loops, with the state or its gradient. */
  readonly stepProducts: number;
  /** What stays per step beside these, with the reason; empty if nothing does. */
  readonly slow: readonly string[];
}

/** What one program costs. */
export interface ExplainedTotals {
  readonly parameters: number;
  /** Floating operations; a multiply-add counts as two. */
  readonly flopsPerStep: number;
  /** Read and written by instructions, from cache or memory. */
  readonly bytesPerStep: number;
  readonly arenaBytes: number;
  readonly estimatedStepMs: number;
  /** Median of a few runs on the loaded backend; null if none is loaded, on the reference, or if it would take seconds. */
  readonly measuredStepMs: number | null;
  /** Share of the machine's measured multiply-add peak, all threads together, that the measured step reaches; null without a measurement. */
  readonly peakShare: number | null;
}

/** The same fields as `deep-rnn explain --json` prints; `String(plan)` says them in words. */
export interface Explanation {
  readonly layers: readonly ExplainedLayer[];
  readonly totals: ExplainedTotals;
  /** Totals of each program: the first is the one of `totals`. */
  readonly programs: readonly (ExplainedTotals & { readonly name: ExplainedProgram["name"] })[];
  /** The sizes that everything is counted for, in words. */
  readonly sizes: string;
  toString(): string;
}

/** Sizes to count with. */
export interface ExplainOptions {
  /** Rows of a batch: 32. */
  readonly batch?: number;
  /** Steps of a sequence: those of the last training, else 50. */
  readonly steps?: number;
  /** Also run a few steps where a core is loaded: true. The model's own weights are not touched. */
  readonly measure?: boolean;
}

/**
 * Explains a built model (its training step if it is compiled, and its prediction) or a function, jitted or plain, for example arguments.
 * Steps are measured if a backend is loaded: after `init`, or after anything has run.
 *
 * @throws UsageError `not_built`, `no_example`, `not_explainable`, `unknown_option`, `bad_option`
 * @example console.log(String(explain(model)));
 * @example explain(energy, U, xs).layers[0]?.slow
 */
export function explain<O>(of: Model<O>, options?: ExplainOptions): Explanation;
export function explain<A extends readonly Tree[]>(of: (...args: A) => unknown, ...examples: A): Explanation;
export function explain(of: unknown, ...rest: readonly unknown[]): Explanation {
  if (typeof of === "function") return explained(functionSubject(of as (...args: never[]) => unknown, rest as readonly Tree[]), true);
  const inside = insideOf(of);
  if (inside === null) {
    throw new UsageError({
      code: "not_explainable",
      op: "explain",
      what: `expected a model or a function, found ${of === null ? "null" : typeof of}`,
      hint: "explain(model), or explain(f, ...example arguments).",
    });
  }
  const options = (rest[0] ?? {}) as ExplainOptions;
  checkOptions("explain", options, { batch: "size", steps: "size", measure: "boolean" });
  const { batch = 32, steps, measure = true } = options;
  return explained(modelSubject(inside, batch, steps ?? null), measure);
}

function explained(subject: Subject, measure: boolean): Explanation {
  const loops = subject.programs.flatMap(loopsOf);
  const layers = layersOf(subject, loops).map((info) => explainLayer(info, subject, loops));
  const programs = subject.programs.map((program) => ({ name: program.name, ...totalsOf(program, subject, measure) }));
  const [{ name: _, ...totals }] = programs as [(typeof programs)[number]];
  const plan = { layers, totals, programs, sizes: subject.assumed };
  Object.defineProperty(plan, "toString", { value: () => planWords(plan) });
  return plan;
}

interface PlacedLoop extends LoopFacts {
  readonly program: ExplainedProgram;
}

function loopsOf(program: ExplainedProgram): PlacedLoop[] {
  const loops = program.sections.flatMap(({ instructions }) => instructions.filter((one): one is LoopInstruction => one.op === "loop"));
  return loops.map((loop) => ({ ...factsOfLoop(loop), program }));
}

/** A network's layers, and places with loops that belong to none (a scan between layers, a function). */
function layersOf({ layers, title, inputShape }: Subject, loops: readonly PlacedLoop[]): LayerInfo[] {
  const known = layers ?? [];
  const places = new Set([...loops.map(({ where }) => layerOf(where)), ...(layers === null && loops.length === 0 ? [""] : [])]);
  const others = [...places].filter((place) => !known.some(({ name }) => name === place));
  return [
    ...known,
    ...others.map((place): LayerInfo => {
      const name = place === "" ? title : place;
      return { name, kind: "function", maker: "function", cell: null, inputShape, outputShape: [], parameters: 0 };
    }),
  ];
}

function explainLayer(info: LayerInfo, subject: Subject, loops: readonly PlacedLoop[]): ExplainedLayer {
  const { name, maker, cell, inputShape, outputShape, parameters } = info;
  const isHere = (where: string): boolean => (layerOf(where) === "" ? subject.title : layerOf(where)) === name;
  const [main] = subject.programs;
  const own = loops.filter(({ where }) => isHere(where));
  // The training step holds what the prediction does, so loops of both are not counted twice.
  const inMain = own.filter(({ program }) => program === main);
  const log = main.log.filter(({ where }) => isHere(where));
  return {
    name,
    kind: maker,
    cell,
    inputShape,
    outputShape,
    parameters,
    mode: own.length > 0 ? "step" : "scan",
    hoisted: hoistedWords(log),
    sunk: sunkWords(log),
    merged: mergedWords(
      log,
      subject.weights.filter(({ path }) => path.startsWith(`${name}/`)),
    ),
    fusedTiles: inMain.reduce((total, { fusedTiles }) => total + fusedTiles, 0),
    stepProducts: inMain.reduce((total, { products }) => total + products, 0),
    slow: inMain.length > 0 ? [...new Set(inMain.flatMap(({ slow }) => slow))] : counted(own.flatMap(({ slow }) => slow)),
  };
}

function totalsOf(program: ExplainedProgram, subject: Subject, measure: boolean): ExplainedTotals {
  const backend = loadedBackend();
  const cost = program.sections.map((section): Cost => costOf(section, subject.sizes)).reduce(sum, noCost);
  const speed = speedOf(backend);
  const estimate = estimatedMs(cost, program.sections.length, speed, backend);
  const measured = measure ? measuredMs(program, backend, estimate) : null;
  const flops = cost.productOperations + cost.otherOperations;
  return {
    parameters: subject.parameters,
    flopsPerStep: flops,
    bytesPerStep: cost.bytes,
    arenaBytes: Math.max(0, ...program.sections.map((section) => arenaBytesOf(section, subject.sizes))),
    estimatedStepMs: estimate,
    measuredStepMs: measured,
    peakShare: measured === null || !speed.isMeasured ? null : flops / (measured / 1e3) / speed.peak,
  };
}
