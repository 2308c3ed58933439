// An explanation in plain words: sentences for what the passes did, and the whole plan as text.

import type { WeightInfo } from "../nn/network.js";
import type { PassEntry } from "../passes/log.js";
import type { ExplainedLayer, ExplainedTotals, Explanation } from "./explain.js";
import { counted } from "./explain-slow.js";

/** The layer of a path such as `encoder/forward`. */
export function layerOf(where: string): string {
  return where.split("/")[0] ?? "";
}

const opWords: Readonly<Record<string, string>> = {
  ...{ dot: "a product", sum: "a sum", maxOf: "a maximum", argmax: "the place of a maximum", gather: "a table lookup" },
  ...{ scatterAdd: "writing into a table", random: "random numbers" },
};

/** States that left their loop, by the rule that found them. */
const leftWords: Readonly<Record<string, string>> = {
  ...{ single: "the recurrence of a state", pair: "the recurrence of a pair of states" },
  ...{ delay: "a value of the step before", last: "a value after the last step" },
};

/** What left the loops before they start. */
export function hoistedWords(log: readonly PassEntry[]): string[] {
  const entries = log.filter(({ pass }) => pass === "hoist" || pass === "affine");
  return unique(
    entries.map(({ pass, rule, what, reason }) => {
      if (pass === "affine") return `${leftWords[rule] ?? what}: ${reason}`;
      if (rule === "over-steps") return `${named(what.replace(/ of \d+ body nodes$/, ""))} for all steps at once: ${reason}`;
      if (rule === "over-rows") return `${named(what)} once per row: ${reason}`;
      if (rule === "once") return `${named(what)} once for everything: ${reason}`;
      if (rule === "free-output") return `${what} computed without the loop: ${reason}`;
      if (rule === "stays-in-step") return `${named(what)} in the step: ${reason}`;
      if (rule === "split-products") return `a product of joined values is taken apart: ${reason}`;
      return `${what}: ${reason}`;
    }),
  );
}

/** What left them for after their end. */
export function sunkWords(log: readonly PassEntry[]): string[] {
  const entries = log.filter(({ pass }) => pass === "sink");
  return unique(
    entries.map(({ rule, what, reason }) => {
      if (rule === "sums") return `${what} over steps and rows (gradients of the weights): ${reason}`;
      if (rule === "output-products") return `${what}: ${reason}`;
      return `${what}: ${reason}`;
    }),
  );
}

/** What became one: gates, products of one value, and scans over the same state. */
export function mergedWords(log: readonly PassEntry[], weights: readonly WeightInfo[]): string[] {
  const gated = new Map<string, string[]>();
  for (const { path, gates } of weights) {
    if (gates === null || gates.length < 2) continue;
    const order = gates.join(", ");
    gated.set(order, [...(gated.get(order) ?? []), path.slice(path.indexOf("/") + 1)]);
  }
  const gates = [...gated].map(([order, names]) => `gates ${order} are columns of ${names.join(", ")}: one product for all of them`);
  const products = log.filter(({ pass }) => pass === "merge").map(({ what, reason }) => `${what}: ${reason}`);
  const scans = log.filter(({ rule }) => rule === "one-scan").map(({ what, reason }) => `${what.replace(/ over \S+$/, "")}: ${reason}`);
  return [...gates, ...unique(products), ...unique(scans)];
}

/** The plan as `String(plan)` gives it. */
export function planWords(plan: Pick<Explanation, "layers" | "totals" | "programs" | "sizes">): string {
  const layers = plan.layers.map(layerWords);
  const programs = plan.programs.map((totals) => programWords(totals, plan.sizes));
  return [...layers, ...programs].join("\n\n");
}

function layerWords(layer: ExplainedLayer): string {
  const kind = layer.cell !== null && layer.cell !== layer.kind ? `${layer.kind} of ${layer.cell}` : layer.kind;
  const shapes = layer.outputShape.length === 0 ? "" : `: [${layer.inputShape.join(", ")}] to [${layer.outputShape.join(", ")}]`;
  const weights = layer.parameters === 0 ? "" : `, ${grouped(layer.parameters)} parameters`;
  const head = `${layer.name} (${kind})${shapes}${weights}`;
  if (layer.mode === "scan" && layer.slow.length === 0) {
    return [head, line("steps", "all at once, no loop"), ...lists(layer)].join("\n");
  }
  const perStep = `${plural(layer.stepProducts, "product")} with the state or its gradient, ${plural(layer.fusedTiles, "fused pointwise program")}`;
  const slow = layer.slow.length === 0 ? [line("slow", "nothing")] : layer.slow.map((text) => line("slow", text));
  return [head, ...lists(layer), line("per step", perStep), ...slow].join("\n");
}

function lists({ hoisted, sunk, merged }: ExplainedLayer): string[] {
  return [
    ...hoisted.map((text) => line("hoisted", text)),
    ...sunk.map((text) => line("sunk", text)),
    ...merged.map((text) => line("merged", text)),
  ];
}

function programWords(totals: ExplainedTotals & { readonly name: string }, sizes: string): string {
  const measured =
    totals.measuredStepMs === null
      ? []
      : [
          line(
            "measured",
            `${milliseconds(totals.measuredStepMs)}${totals.peakShare === null ? "" : `, ${(100 * totals.peakShare).toFixed(0)} % of the machine's multiply-add peak`}`,
          ),
        ];
  return [
    `${totals.name}, ${sizes}`,
    ...(totals.parameters === 0 ? [] : [line("weights", `${grouped(totals.parameters)} parameters`)]),
    line("work", `${scaled(totals.flopsPerStep, "operations")}, ${scaled(totals.bytesPerStep, "bytes")} read and written`),
    line("memory", `${scaled(totals.arenaBytes, "bytes")} of working memory`),
    line("estimated", milliseconds(totals.estimatedStepMs)),
    ...measured,
  ].join("\n");
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(10)} ${text}`;
}

function named(ops: string): string {
  return counted(ops.split(", ").map((op) => opWords[op] ?? "elementwise work with what it reads")).join(", ");
}

function unique(sentences: readonly string[]): string[] {
  return [...new Set(sentences)];
}

function plural(count: number, noun: string): string {
  return `${count === 0 ? "no" : count} ${noun}${count === 1 ? "" : "s"}`;
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

function scaled(count: number, unit: string): string {
  for (const [size, word] of [
    [1e9, "billion"],
    [1e6, "million"],
  ] as const) {
    if (count >= size) return `${(count / size).toFixed(count >= 100 * size ? 0 : 1)} ${word} ${unit}`;
  }
  return `${grouped(Math.round(count))} ${unit}`;
}

function milliseconds(ms: number): string {
  return `${ms >= 10 ? ms.toFixed(0) : ms.toPrecision(2)} ms`;
}
