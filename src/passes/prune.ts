// Prune: results of scans that nobody reads go, with the carries and inputs that only they needed.

import { closeScan, type OpenScan, openScan } from "../ir/core/body.js";
import { makeGraph } from "../ir/core/build.js";
import { type Graph, isOp, type Node, reachable } from "../ir/core/node.js";
import { rewriteScans } from "../ir/core/rewrite.js";
import { type Report, silent } from "./log.js";

/** The graph without unread results; its arguments stay. */
export function pruneGraph(graph: Graph, report: Report = silent): Graph {
  return makeGraph(graph.name, graph.inputs, prune(graph.outputs, report));
}

/** The same values from scans that compute no more than is read. */
export function prune(outputs: readonly Node[], report: Report = silent): Node[] {
  const kept = readResults(outputs);
  return rewriteScans(outputs, (scan, original) => {
    const live = kept.get(original);
    if (live === undefined || live.size === scan.results.length) return unusedInputs(scan) ? withoutUnused(scan) : null;
    report({
      pass: "prune",
      rule: "unread-results",
      where: scan.where,
      what: `${scan.results.length - live.size} of ${scan.results.length} results`,
      reason: "nobody reads them",
    });
    return only(scan, live);
  });
}

/** Indices of the results of each scan that must stay, from the outputs backwards. */
function readResults(outputs: readonly Node[]): Map<Node, Set<number>> {
  const live = new Set<Node>(outputs);
  const kept = new Map<Node, Set<number>>();
  for (const node of reachable(outputs).toReversed()) {
    if (!live.has(node)) continue;
    if (isOp(node, "part")) {
      const scan = node.inputs[0]!;
      const known = kept.get(scan) ?? new Set<number>();
      kept.set(scan, known.add(node.attrs.index));
      live.add(scan);
    } else if (isOp(node, "scan")) {
      for (const input of addCarries(openScan(node), kept.get(node)!)) live.add(input);
    } else for (const input of node.inputs) live.add(input);
  }
  return kept;
}

/** Adds the carries that the kept results depend on; gives the outer values that they need. */
function addCarries(open: OpenScan, kept: Set<number>): Node[] {
  const outputs = [...open.carries.map(({ next }) => next), ...open.ys, ...open.sums];
  for (;;) {
    const used = new Set<Node>(reachable([...kept].map((index) => outputs[index]!)));
    const added = open.carries.flatMap(({ inner }, index) => (used.has(inner) && !kept.has(index) ? [index] : []));
    if (added.length === 0) {
      const inputs = [...open.xs, ...open.rows, ...open.shared].filter(({ inner }) => used.has(inner));
      return [...open.carries.filter((_, index) => kept.has(index)), ...inputs].map(({ outer }) => outer);
    }
    for (const index of added) kept.add(index);
  }
}

/** The values of the kept results at their indices; the other indices are empty. */
function only(scan: Node<"scan">, kept: ReadonlySet<number>): Node[] {
  const open = openScan(scan);
  const firstY = open.carries.length;
  const firstSum = firstY + open.ys.length;
  const values = closeScan({
    ...open,
    carries: open.carries.filter((_, index) => kept.has(index)),
    ys: open.ys.filter((_, index) => kept.has(firstY + index)),
    sums: open.sums.filter((_, index) => kept.has(firstSum + index)),
  });
  const results: Node[] = [];
  const order = [...kept].sort((a, b) => a - b);
  [...values.carries, ...values.ys, ...values.sums].forEach((value, position) => {
    results[order[position]!] = value;
  });
  return results;
}

function unusedInputs(scan: Node<"scan">): boolean {
  const { carries, body } = scan.attrs;
  const used = new Set<Node>(reachable(body.outputs));
  return body.inputs.some((input, index) => index >= carries && !used.has(input));
}

function withoutUnused(scan: Node<"scan">): Node[] {
  return only(scan, new Set(scan.results.keys()));
}
