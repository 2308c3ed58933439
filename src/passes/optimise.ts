// The passes in their order, with a log of what they did.

import { makeGraph } from "../ir/core/build.js";
import type { Graph, Node } from "../ir/core/node.js";
import { rewriteScans } from "../ir/core/rewrite.js";
import { affineScans } from "./affine.js";
import { hoistScan } from "./hoist.js";
import type { PassEntry, Report } from "./log.js";
import { mergeInScans, mergeOutside } from "./merge.js";
import { pull } from "./pull.js";
import { simplify } from "./simplify.js";
import { inlineSingleSteps } from "./single-step.js";
import { sinkScan } from "./sink.js";
import { tableProducts } from "./table-products.js";

/** The optimised graph and what happened to it. */
export interface Optimised {
  readonly graph: Graph;
  readonly log: readonly PassEntry[];
}

/** What leaves a loop may free something else to leave; more rounds than this were never needed. */
const mostRounds = 4;

/** The same meaning, NaN and infinities included, in the form that is lowered. Run it when no gradient is taken any more. */
export function optimise(graph: Graph): Optimised {
  const log: PassEntry[] = [];
  const report: Report = (entry) => log.push(entry);
  let current = simplify(graph, report);
  for (let round = 0; round < mostRounds; round++) {
    // What shares an operand leaves as one product.
    const merged = mergeInScans(current, "leaving", report);
    const moved = sink(affine(hoist(merged, report), report), report);
    if (moved.outputs.every((output, index) => output === current.outputs[index])) break;
    current = simplify(moved, report);
  }
  // Now that each product is where it is computed least often, those that are left beside each other become one.
  const merged = mergeOutside(mergeInScans(tableProducts(current, report), "staying", report), report);
  const inlined = inlineSingleSteps(pull(merged, report), report);
  return { graph: inlined === current ? current : simplify(inlined, report), log };
}

/** What does not depend on carries leaves the loops. */
export function hoist(graph: Graph, report: Report): Graph {
  return overScans(graph, (scan) => hoistScan(scan, "run", report));
}

/** States that are affine in themselves leave the loops. */
export function affine(graph: Graph, report: Report): Graph {
  return overScans(graph, (scan) => affineScans(scan, report));
}

/** What nobody carries leaves the loops. */
export function sink(graph: Graph, report: Report): Graph {
  return overScans(graph, (scan) => sinkScan(scan, report));
}

function overScans(graph: Graph, visit: (scan: Node<"scan">) => readonly Node[] | null): Graph {
  return makeGraph(graph.name, graph.inputs, rewriteScans(graph.outputs, visit));
}
