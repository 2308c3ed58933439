// Brings scans into the form that differentiates best, before a gradient is taken through them.

import { makeGraph, partsOf } from "../ir/core/build.js";
import { type Graph, isOp, type Node, reachable } from "../ir/core/node.js";
import { rewriteScans, substitute } from "../ir/core/rewrite.js";
import { affineScans } from "./affine.js";
import { hoistScan } from "./hoist.js";
import { type Report, silent } from "./log.js";
import { mergeInScan } from "./merge.js";
import { differentiableRules } from "./rules.js";
import { share } from "./share.js";
import { simplifyBody } from "./simplify.js";
import { sinkScan } from "./sink.js";

/** What the results of scans became when a gradient was taken through them. */
export type Prepared = ReadonlyMap<Node, readonly Node[]>;

/** Nodes of a forward graph, rewritten together. */
export interface ForGradient {
  readonly outputs: readonly Node[];
  readonly wrt: readonly Node[];
  readonly prepared: Prepared;
}

/**
 * Scans between `wrt` and the outputs are simplified, merged and hoisted, lose their affine states, are hoisted again, sunk and merged,
 * and scans with the same state become one, so that each product outside a loop gets a gradient outside it and each state is walked back once. Nodes of
 * `wrt` are never merged with others.
 */
export function prepareForGradient(outputs: readonly Node[], wrt: readonly Node[], report: Report = silent): ForGradient {
  // Without a scan in between there is nothing to prepare, as for a gradient inside a step.
  const scans = [...dependents(outputs, wrt)].filter((node) => isOp(node, "scan"));
  if (scans.length === 0) return { outputs, wrt, prepared: new Map() };
  const [firstWrt, firstPart] = [outputs.length, outputs.length + wrt.length];
  let all = [...outputs, ...wrt, ...scans.flatMap(partsOf)];
  for (const pass of [
    (scan: Node<"scan">) => simplifyBody(scan, differentiableRules, report),
    (scan: Node<"scan">) => mergeInScan(scan, "leaving", "gradient", report),
    (scan: Node<"scan">) => hoistScan(scan, "gradient", report),
    (scan: Node<"scan">) => affineScans(scan, report),
    // Outputs of states that have left need no loop any more.
    (scan: Node<"scan">) => hoistScan(scan, "gradient", report),
    (scan: Node<"scan">) => sinkScan(scan, report),
    (scan: Node<"scan">) => mergeInScan(scan, "staying", "gradient", report),
  ]) {
    const reached = dependents(all, all.slice(firstWrt, firstPart));
    all = rewriteScans(all, (scan, original) => (reached.has(original) ? pass(scan) : null));
  }
  all = share(all, new Set(all.slice(firstWrt, firstPart)), report);
  const prepared = new Map<Node, readonly Node[]>();
  let rest = all.slice(firstPart);
  for (const scan of scans) {
    prepared.set(scan, rest.slice(0, scan.results.length));
    rest = rest.slice(scan.results.length);
  }
  return { outputs: all.slice(0, firstWrt), wrt: all.slice(firstWrt, firstPart), prepared };
}

/**
 * The graph with prepared scans in place of those that they came from: what reads a state beside its gradient, such as the loss or a
 * metric, shares the gradient's walk, also where the passes would make something else of the original.
 */
export function overPrepared(graph: Graph, prepared: Prepared): Graph {
  const replaced = reachable(graph.outputs).flatMap((node): [Node, Node][] => {
    const images = isOp(node, "part") ? prepared.get(node.inputs[0]!) : undefined;
    return isOp(node, "part") && images !== undefined ? [[node, images[node.attrs.index]!]] : [];
  });
  return makeGraph(graph.name, graph.inputs, substitute(graph.outputs, new Map(replaced)));
}

/** Nodes that depend on `sources`. */
function dependents(outputs: readonly Node[], sources: readonly Node[]): Set<Node> {
  const found = new Set<Node>(sources);
  for (const node of reachable(outputs)) if (node.inputs.some((input) => found.has(input))) found.add(node);
  return found;
}
