// Merge: products of one value with several matrices become one product, so that gates written with a weight each cost what joined ones do.

import {
  allValues,
  type BodyInput,
  bodyOutputs,
  closeScan,
  elementsOf,
  freshInput,
  type OpenScan,
  openScan,
  withBodyOutputs,
} from "../ir/core/body.js";
import { atPath, makeGraph } from "../ir/core/build.js";
import { type Graph, isOp, type Node, reachable } from "../ir/core/node.js";
import { rewriteScans, substitute } from "../ir/core/rewrite.js";
import { primitives } from "../ir/core/table.js";
import { type Candidate, candidatesOf, groupsOf, joinedMatrix, movedTo, slicesOf } from "./joined-products.js";
import { type Level, levelsOf, lifterOf, movements } from "./levels.js";
import { type Report, silent } from "./log.js";

const reason = "one wide product reads the common operand once; each of the former products is a view of its columns";

/** Which products of a body: those that can leave the loop (merge before they do), or those that stay in it (merge when all others have left). */
export type Which = "leaving" | "staying";

/** What the merged products are for: a gradient still to be taken, or nothing but running. */
export type Purpose = "gradient" | "run";

/**
 * Before a gradient is taken, a product that stays may have as many columns as this many times the elements of all carries: what is
 * larger would be computed again by the adjoint, while smaller products are kept.
 */
const widestKept = 4;

/**
 * The scan's results with merged products, whose joined matrices lie outside; null if there is nothing to merge. Every element is the
 * same sum of products in the same order, so no bit changes. Taken before the gradient, the adjoint gets joined products too: in
 * dx = dG · Wᵀ the columns' terms are added gate by gate, in the order of the gates.
 */
export function mergeInScan(scan: Node<"scan">, which: Which, purpose: Purpose, report: Report = silent): Node[] | null {
  return atPath(scan.where, () => {
    const open = openScan(scan);
    const levels = levelsOf(open);
    const groups = groupsInBody(open, levels, which, purpose);
    if (groups.length === 0) return null;
    const lifter = lifterOf(open, levels);
    const joined: BodyInput[] = [];
    const outputs = mergeGroups(bodyOutputs(open), groups, report, (group) => {
      const outer = joinedMatrix(group, lifter.once(group.map(({ matrix }) => matrix)));
      const inner = freshInput("joined", outer, open.scope);
      joined.push({ outer, inner });
      return inner;
    });
    return allValues(closeScan(withBodyOutputs({ ...open, shared: [...open.shared, ...joined] }, outputs)));
  });
}

/** The same for products in the bodies of all scans. */
export function mergeInScans(graph: Graph, which: Which, report: Report = silent): Graph {
  return makeGraph(
    graph.name,
    graph.inputs,
    rewriteScans(graph.outputs, (scan) => mergeInScan(scan, which, "run", report)),
  );
}

/**
 * Merges products outside of loops: of one value with several parameters, and with several stacked results of one scan (gradients
 * of weights). Only within a layer, so that no layer's values have to wait for another's.
 */
export function mergeOutside(graph: Graph, report: Report = silent): Graph {
  const isParameter = parameterTest();
  const kindOf = ({ common, matrix }: Candidate): string | null => {
    if (isParameter(matrix)) return isParameter(common) ? null : "parameter";
    return isOp(matrix, "part") && !isOp(common, "part") ? `part ${matrix.inputs[0]!.id}` : null;
  };
  const kinds = new Map<Node, string>();
  const candidates = reachable(graph.outputs).flatMap((node) => {
    const found = candidatesOf(node).find((candidate) => kindOf(candidate) !== null);
    if (found === undefined) return [];
    kinds.set(node, kindOf(found)!);
    return [found];
  });
  const groups = groupsOf(candidates, (node) => `${node.where} ${kinds.get(node)}`);
  if (groups.length === 0) return graph;
  const outputs = mergeGroups(graph.outputs, groups, report, (group) =>
    joinedMatrix(
      group,
      group.map(({ matrix }) => matrix),
    ),
  );
  return makeGraph(graph.name, graph.inputs, outputs);
}

/** The outputs with each group as one product, one group after the other: what one merges another may read. */
function mergeGroups(
  outputs: readonly Node[],
  groups: readonly (readonly Candidate[])[],
  report: Report,
  join: (group: readonly Candidate[]) => Node,
): Node[] {
  let current = [...outputs];
  let rest = groups;
  for (let group = rest[0]; group !== undefined; group = rest[0]) {
    rest = rest.slice(1);
    const members = group;
    const { where } = members[0]!.node;
    const slices = atPath(where, () => slicesOf(members, join(members)));
    const replaced = new Map(members.map(({ node }, index) => [node, slices[index]!]));
    const others = rest.flat();
    const nodes = substitute([...current, ...others.map(({ node }) => node)], replaced);
    current = nodes.slice(0, current.length);
    let at = current.length;
    rest = rest.map((other) => other.map((candidate) => movedTo(candidate, nodes[at++]!)));
    const columns = members.reduce((sum, { width }) => sum + width, 0);
    report({ pass: "merge", rule: "common-operand", where, what: `${members.length} products into one of ${columns} columns`, reason });
  }
  return current;
}

function groupsInBody(open: OpenScan, levels: ReadonlyMap<Node, Level>, which: Which, purpose: Purpose): Candidate[][] {
  const fits = ({ common, matrix }: Candidate): boolean => {
    const level = levels.get(common)!;
    return levels.get(matrix)! <= 1 && (which === "staying" ? level === 4 : level === 2 || level === 3);
  };
  const candidates = reachable(bodyOutputs(open)).flatMap((node) => candidatesOf(node).filter(fits));
  if (purpose === "run") return groupsOf(candidates);
  // A slice without a cotangent would be zeros in the adjoint's product, and 0 · ∞ is NaN: such products stay by themselves.
  const reached = resultsReached(open);
  const groups = groupsOf(candidates, (node) => String(reached(node)));
  if (which === "leaving") return groups;
  const limit = widestKept * open.carries.reduce((size, { inner }) => size + elementsOf(inner), 0);
  return groups.flatMap((group) => piecesUpTo(group, limit)).filter((group) => group.length > 1);
}

/** Neighbours whose products have at most this many elements together. */
function piecesUpTo(group: readonly Candidate[], limit: number): Candidate[][] {
  const pieces: Candidate[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const candidate of group) {
    const own = elementsOf(candidate.node);
    if (size + own > limit) {
      pieces.push([]);
      size = 0;
    }
    pieces.at(-1)!.push(candidate);
    size += own;
  }
  return pieces;
}

/** For each body node the results (as bits) that can give it a cotangent, in this step or a later one. */
function resultsReached(open: OpenScan): (node: Node) => bigint {
  const outputs = bodyOutputs(open);
  const direct = new Map<Node, bigint>();
  const add = (node: Node, bits: bigint): void => {
    direct.set(node, (direct.get(node) ?? 0n) | bits);
  };
  outputs.forEach((output, index) => {
    add(output, 1n << BigInt(index));
  });
  for (const node of reachable(outputs).toReversed()) {
    const bits = direct.get(node) ?? 0n;
    const flows = node.dtype === "float32" && primitives[node.op].vjp !== null;
    if (flows && bits !== 0n) for (const input of node.inputs) add(input, bits);
  }
  const ofCarries = open.carries.map(({ inner }) => direct.get(inner) ?? 0n);
  return (node) => {
    for (let bits = direct.get(node) ?? 0n; ; ) {
      const more = ofCarries.reduce((all, own, index) => ((bits >> BigInt(index)) & 1n ? all | own : all), bits);
      if (more === bits) return bits;
      bits = more;
    }
  };
}

/** True for arguments of fixed sizes and constants, and for what only moves their values. */
function parameterTest(): (node: Node) => boolean {
  const known = new Map<Node, boolean>();
  const test = (node: Node): boolean => {
    const found = known.get(node);
    if (found !== undefined) return found;
    const isSource = isOp(node, "constant") || (isOp(node, "input") && node.attrs.source.kind === "argument");
    const isFixed = node.shape.every((dim) => typeof dim === "number");
    const result = isFixed && (isSource || (movements.has(node.op) && node.inputs.every(test)));
    known.set(node, result);
    return result;
  };
  return test;
}
