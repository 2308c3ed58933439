// The probing program of a model: its taps' values beside the everyday outputs, and their cotangents.

import { type Dim, equalDims, symbolDim } from "../base/dim.js";
import { UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import { cotangentsOf } from "../engine/grad.js";
import type { ArgumentSpec, SectionSource } from "../engine/program.js";
import { nearestName } from "../nn/suggest.js";

import { collectTaps, type SeenTap } from "../trace/taps.js";
import { dimsOf } from "../trace/traced.js";
import type { FeedPlan } from "./feeds.js";
import { batchContext, callNetwork, fedTotals, type ProgramContext, totals } from "./programs.js";
import type { Measures } from "./terms.js";
import { weightSpecs } from "./weights.js";

/** One tap of a probing program. */
export interface ProbedTap {
  readonly name: string;
  /** True if the first axis is the batch; other values are the same for every batch. */
  readonly perRow: boolean;
  /** False for integers and truth values, which have no cotangent. */
  readonly isFloat: boolean;
}

/** Sections of the program, and its taps once it is compiled. Results go by the taps' numbers. */
export interface ProbeProgram {
  readonly sections: SectionSource[];
  readonly taps: readonly ProbedTap[];
}

/** Evaluation runs the network as `evaluate` and `predict` do. */
const everyday = { training: false, key: null } as const;

/**
 * Section `values`: outputs, totals of the losses if there are any, and the taps' values; its graph is the everyday one with more
 * outputs. Section `cotangents`: the gradient by zeros that are added at each tap.
 *
 * @param only names of taps or layers; null for all. Throws UsageError `unknown_tap` while it is traced
 */
export function probeProgram(
  context: ProgramContext,
  plan: FeedPlan,
  measures: Measures | null,
  only: readonly string[] | null,
): ProbeProgram {
  const taps: ProbedTap[] = [];
  const given = { weights: weightSpecs(context.layout, "weights"), x: plan.x, lengths: plan.lengths };
  const values: SectionSource = {
    name: "values",
    arguments: measures === null ? given : { ...given, y: plan.y },
    body(args) {
      const { result: outputs, taps: seen } = collectTaps("values", () => callNetwork(context, args, args.weights!, everyday));
      const chosen = chooseTaps(seen, only);
      taps.splice(0, taps.length, ...chosen.map(describe));
      const losses = measures === null ? {} : fedTotals(totals(batchContext(context, plan), args, args.weights!, everyday, measures));
      return { fed: { outputs: Object.fromEntries(outputs), ...losses, taps: numbered(chosen.map(({ value }) => value)) } };
    },
  };
  if (measures === null) return { sections: [values], taps };
  const scalar: ArgumentSpec = { shape: [], dtype: "float32" };
  const outputs = [...measures.losses.keys()];
  const cotangents: SectionSource = {
    name: "cotangents",
    arguments: { ...given, y: plan.y, scales: Object.fromEntries([...outputs.keys()].map((index) => [`scale${index}`, scalar])) },
    body(args) {
      const { result, taps: seen } = collectTaps("cotangents", () =>
        totals(batchContext(context, plan), args, args.weights!, everyday, measures),
      );
      const chosen = chooseTaps(seen, only).flatMap(({ zeros }) => (zeros === null ? [] : [zeros]));
      const scales = Object.values(args.scales as Readonly<Record<string, Tree>>) as Tensor[];
      const sums = outputs.map((name) => result.losses[name]!.sum);
      return { fed: { taps: numbered(cotangentsOf(sums, scales, chosen)) } };
    },
  };
  return { sections: [values, cotangents], taps };
}

function describe({ name, value }: SeenTap): ProbedTap {
  const first: Dim | undefined = dimsOf(value)[0];
  return { name, perRow: first !== undefined && equalDims(first, symbolDim("B")), isFloat: value.dtype === "float32" };
}

function numbered(values: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(values.map((value, index) => [`tap${index}`, value]));
}

/** Taps with one of these names, or in a layer with one of them. */
function chooseTaps(seen: readonly SeenTap[], only: readonly string[] | null): readonly SeenTap[] {
  if (only === null) return seen;
  const fits = (word: string, name: string): boolean => name === word || name.startsWith(`${word}/`);
  const unknown = only.find((word) => !seen.some(({ name }) => fits(word, name)));
  if (unknown === undefined) return seen.filter(({ name }) => only.some((word) => fits(word, name)));
  const names = seen.map(({ name }) => name);
  const words = [...new Set([...names, ...names.flatMap((name) => (name.includes("/") ? [name.slice(0, name.lastIndexOf("/"))] : []))])];
  const near = nearestName(unknown, words);
  throw new UsageError({
    code: "unknown_tap",
    op: "probe",
    what: `the model has no tap or layer with taps called "${unknown}"; it has ${names.length === 0 ? "none" : names.join(", ")}`,
    hint: near === null ? "" : `Did you mean "${near}"?`,
  });
}
