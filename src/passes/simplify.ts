// Simplify: local rules everywhere, also inside bodies, then equal values shared and unread results pruned.

import { allValues, bodyOutputs, closeScan, openScan, withBodyOutputs } from "../ir/core/body.js";
import { makeGraph } from "../ir/core/build.js";
import type { Graph, Node, OpName } from "../ir/core/node.js";
import { rewriteScans } from "../ir/core/rewrite.js";
import { type Report, silent } from "./log.js";
import { prune } from "./prune.js";
import { allRules, type Rule } from "./rules.js";
import { share } from "./share.js";

type Rules = ReadonlyMap<OpName, readonly Rule[]>;

/** The graph with less to compute and the same meaning; its arguments stay. */
export function simplify(graph: Graph, report: Report = silent): Graph {
  const outputs = applyRules(graph.outputs, allRules, report);
  return makeGraph(graph.name, graph.inputs, prune(share(outputs, new Set(), report), report));
}

/** The outputs with the rules applied bottom-up until none fits, in bodies too. */
export function applyRules(outputs: readonly Node[], rules: Rules, report: Report = silent): Node[] {
  return rewriteScans(
    outputs,
    (scan) => simplifyBody(scan, rules, report),
    (node) => applyTo(node, rules, report),
  );
}

/** The scan's results over a simplified body; null if nothing changed. */
export function simplifyBody(scan: Node<"scan">, rules: Rules, report: Report = silent): Node[] | null {
  const open = openScan(scan);
  const before = bodyOutputs(open);
  // Equal values of a body are one node, so that a carry which is also an output is recognised.
  const after = share(applyRules(before, rules, report));
  if (after.every((output, index) => output === before[index])) return null;
  return allValues(closeScan(withBodyOutputs(open, after)));
}

function applyTo(node: Node, rules: Rules, report: Report): Node {
  for (const rule of rules.get(node.op) ?? []) {
    const result = rule.apply(node);
    if (result === null) continue;
    report({ pass: "simplify", rule: rule.name, where: node.where, what: node.op, reason: rule.reason });
    return applyTo(result, rules, report);
  }
  return node;
}
