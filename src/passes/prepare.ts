// Brings scans into the form that differentiates best, before a gradient is taken through them.

import { isOp, type Node, reachable } from "../ir/core/node.js";
import { rewriteScans } from "../ir/core/rewrite.js";
import { affineScans } from "./affine.js";
import { hoistScan } from "./hoist.js";
import { type Report, silent } from "./log.js";
import { mergeInScan } from "./merge.js";
import { differentiableRules } from "./rules.js";
import { share } from "./share.js";
import { simplifyBody } from "./simplify.js";
import { sinkScan } from "./sink.js";

/** Nodes of a forward graph, rewritten together. */
export interface ForGradient {
  readonly outputs: readonly Node[];
  readonly wrt: readonly Node[];
}

/**
 * Scans between `wrt` and the outputs are simplified, merged and hoisted, lose their affine states, are hoisted again, sunk and merged,
 * and scans with the same state become one, so that each product outside a loop gets a gradient outside it and each state is walked back once. Nodes of
 * `wrt` are never merged with others.
 */
export function prepareForGradient(outputs: readonly Node[], wrt: readonly Node[], report: Report = silent): ForGradient {
  // Without a scan in between there is nothing to prepare, as for a gradient inside a step.
  if (![...dependents(outputs, wrt)].some((node) => isOp(node, "scan"))) return { outputs, wrt };
  let all = [...outputs, ...wrt];
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
    const reached = dependents(all, all.slice(outputs.length));
    all = rewriteScans(all, (scan, original) => (reached.has(original) ? pass(scan) : null));
  }
  all = share(all, new Set(all.slice(outputs.length)), report);
  return { outputs: all.slice(0, outputs.length), wrt: all.slice(outputs.length) };
}

/** Nodes that depend on `sources`. */
function dependents(outputs: readonly Node[], sources: readonly Node[]): Set<Node> {
  const found = new Set<Node>(sources);
  for (const node of reachable(outputs)) if (node.inputs.some((input) => found.has(input))) found.add(node);
  return found;
}
