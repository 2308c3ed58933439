// The recurrence: a step written for one row and one moment, run over whole batches of sequences.

import { type Dim, equalDims, showShape } from "../base/dim.js";
import { ShapeError, UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import { orderedLike, type Tree, treeShape } from "../base/tree.js";
import { currentPlace, inputNode, makeGraph, makeScan, newScope, remakeNode } from "../ir/core/build.js";
import { type Domain, type Graph, isOp, type Node } from "../ir/core/node.js";
import { domainFor, isInStep, withStep } from "../trace/context.js";
import { nodeOf } from "../trace/emit.js";
import { traceOrEvaluate } from "../trace/function.js";
import { domainOf, pack, physical, sortRows, unpack, unsortRows } from "../trace/packed.js";
import { noteTap, tapZeros, withTapFrame } from "../trace/taps.js";
import { asValue, checkFunction, dimsOf, isTensor, TracedTensor, tensorLeaves, tensorTree, type Value } from "../trace/traced.js";
import { slice, squeeze, stack } from "./shape.js";

/** Choices of a scan. */
export interface ScanOptions {
  /** Valid steps of each row, int32 [B]; what lies beyond is never read and comes out as zeros. */
  readonly lengths?: Tensor;
  /** From each row's last valid step to its first; outputs stay at their steps. */
  readonly reverse?: boolean;
  /** Constants of each row, [B, ...], seen by every step without the batch axis. */
  readonly row?: Tree;
}

/** What a step is: (carry, x, row) of one row to [next carry, output]. */
export type ScanStep<C extends Tree, X extends Tree, Y extends Tree> = (carry: C, x: X, row: Tree) => [C, Y];

/**
 * Runs `body` over the time axis. The body sees one row: carry leaves [H], x leaves [I] (outside: initial [B, H], xs [B, T, I]).
 * Tensors it closes over are shared by all rows. Returns the final carry [B, ...] (each row's last) and the outputs [B, T, ...].
 *
 * @throws ShapeError `carry_changes_shape`, `scan_batch`, `scan_time`
 * @example const [last, sums] = scan((total: Tensor, x: Tensor) => { const next = add(total, x); return [next, next]; }, zeros([2, 3]), xs);
 */
export function scan<C extends Tree, X extends Tree, Y extends Tree>(
  body: ScanStep<C, X, Y>,
  initial: C,
  xs: X,
  options: ScanOptions = {},
): [C, Y] {
  checkFunction("scan", body);
  if (isInStep()) return unrolled(body, initial, xs, options);
  const { lengths, row = [], reverse = false } = options;
  const given: Tree = { initial, xs, row, lengths: lengths === undefined ? [] : [lengths] };
  const result = traceOrEvaluate((args: Tree) => {
    const named = args as { initial: C; xs: X; row: Tree; lengths: readonly Tensor[] };
    const [carry, ys] = tracedScan(body, named.initial, named.xs, named.row, named.lengths[0] ?? null, reverse);
    return { carry, ys };
  }, given) as { carry: C; ys: Y };
  return [result.carry, result.ys];
}

function tracedScan<C extends Tree, X extends Tree, Y extends Tree>(
  body: ScanStep<C, X, Y>,
  initial: C,
  xs: X,
  row: Tree,
  lengths: Tensor | null,
  reverse: boolean,
): [C, Y] {
  const xLeaves = leavesOf(xs);
  const domain = scanDomain(xLeaves, lengths);
  const stacked = xLeaves.map((leaf) => nodeOf(physical(domainOf(leaf) === domain ? leaf : pack(unpack(leaf), domain))));
  const carries = leavesOf(initial).map((leaf) => rowNode("initial", leaf, domain));
  const rows = leavesOf(row).map((leaf) => rowNode("row", leaf, domain));

  const scope = newScope();
  const inputs = (kind: string, nodes: readonly Node[], skip: number): Node<"input">[] =>
    nodes.map((node, index) => inputNode(`${kind}${index}`, { shape: node.shape.slice(skip), dtype: node.dtype }, scope));
  const bodyInputs = [inputs("carry", carries, 1), inputs("x", stacked, 1), inputs("row", rows, 1)] as const;
  const [carryIn, xIn, rowIn] = bodyInputs.map((nodes) => nodes.map((node) => new TracedTensor(node)));
  const step = (): [C, Y] => body(tensorTree(initial, carryIn!) as C, tensorTree(xs, xIn!) as X, tensorTree(row, rowIn!));
  const { result, taps } = withTapFrame(scope, () => withStep(step));
  const [next, y] = checkedStep(initial, result);
  const results = [...leavesOf(next), ...leavesOf(y)].map((value) => nodeOf(physical(value)));
  const outputs = [...results, ...taps.map(({ value }) => value)];
  const zerosIn = taps.flatMap(({ zeros }) => (zeros === null ? [] : [zeros]));
  const zeros = new Map(zerosIn.map((inner) => [inner, tapZeros([domain.steps, ...inner.shape])]));
  const { graph, shared } = closeBody([...bodyInputs[0], ...bodyInputs[1], ...zerosIn, ...bodyInputs[2]], outputs, scope);

  const parts = makeScan([...carries, ...stacked, ...zeros.values(), ...rows, ...shared], {
    domain,
    reverse,
    carries: carries.length,
    xs: stacked.length + zerosIn.length,
    rows: rows.length,
    shared: shared.length,
    ys: outputs.length - carries.length,
    sums: 0,
    body: graph,
  });
  const finals = parts.slice(0, carries.length).map((part) => unsortRows(new TracedTensor(part), domain));
  const ys = parts.slice(carries.length, results.length).map((part) => new TracedTensor(part, domain));
  taps.forEach((tap, index) => {
    const value = new TracedTensor(parts[results.length + index]!, domain);
    noteTap({ name: tap.name, value, zeros: tap.zeros === null ? null : new TracedTensor(zeros.get(tap.zeros)!, domain) });
  });
  return [tensorTree(initial, finals) as C, tensorTree(y, ys) as Y];
}

/** Inside a step there is no batch axis: xs leaves are [K, ...] with a constant K, and the steps are written out one after the other. */
function unrolled<C extends Tree, X extends Tree, Y extends Tree>(
  body: ScanStep<C, X, Y>,
  initial: C,
  xs: X,
  options: ScanOptions,
): [C, Y] {
  const sizes = leavesOf(xs).map((leaf) => dimsOf(leaf)[0]);
  const steps = sizes[0];
  if (typeof steps !== "number" || steps === 0 || sizes.some((size) => size !== steps) || options.lengths !== undefined) {
    const what = "a scan inside a step needs xs with one constant number of steps and no lengths";
    throw new UsageError({ code: "inner_scan", op: "scan", what, where: currentPlace() });
  }
  let carry = initial;
  const outputs: Tree[] = [];
  for (let index = 0; index < steps; index++) {
    const at = options.reverse === true ? steps - 1 - index : index;
    const x = mapLeaves(xs, (leaf) => squeeze(slice(leaf, { axis: 0, start: at, size: 1 }), 0)) as X;
    const [next, y] = checkedStep(carry, body(carry, x, options.row ?? []));
    carry = next;
    outputs[at] = y;
  }
  const columns = outputs.map((y) => leavesOf(y));
  const stackedYs = columns[0]!.map((_, leaf) => stack(columns.map((step) => step[leaf]!)));
  return [carry, tensorTree(outputs[0]!, stackedYs.map(asValue)) as Y];
}

function leavesOf(tree: Tree): Value[] {
  return tensorLeaves(tree).map(({ leaf }) => leaf);
}

function mapLeaves(tree: Tree, f: (leaf: Value) => Tensor): Tree {
  return tensorTree(
    tree,
    leavesOf(tree).map((leaf) => asValue(f(leaf))),
  );
}

/** One domain for all xs: the packed ones', or a new one over [B, T]. */
function scanDomain(xs: readonly Value[], lengths: Tensor | null): Domain {
  const packed = xs.map(domainOf).find((domain) => domain !== null);
  if (packed !== undefined && packed !== null) {
    if (lengths === null) return packed;
    throw new UsageError({
      code: "lengths_twice",
      op: "scan",
      what: "lengths are given for a sequence that has its lengths already",
      where: currentPlace(),
    });
  }
  const first = xs[0];
  if (first === undefined)
    throw new UsageError({ code: "no_steps", op: "scan", what: "xs has no tensor, so there is no time axis", where: currentPlace() });
  const shapes = xs.map(dimsOf);
  const [batch, time] = shapes[0]!;
  for (const shape of shapes) {
    if (shape.length >= 2 && equalDims(shape[0]!, batch!) && equalDims(shape[1]!, time!)) continue;
    const what = `xs are ${showShape(shapes[0]!)} and ${showShape(shape)}; all need the same [batch, time, ...]`;
    throw new ShapeError({ code: "scan_time", op: "scan", what, where: currentPlace() });
  }
  return domainFor(batch!, time!, lengths);
}

function rowNode(kind: string, value: Value, domain: Domain): Node {
  const dense = unpack(value);
  const shape = dimsOf(dense);
  if (shape.length === 0 || !equalDims(shape[0]!, domain.batch)) {
    const what = `${kind} is ${showShape(shape)}, its first axis must be the batch of ${showShape([domain.batch as Dim])}`;
    throw new ShapeError({ code: "scan_batch", op: "scan", what, where: currentPlace(), hint: "Give one value per row: [batch, ...]." });
  }
  return nodeOf(sortRows(dense, domain));
}

/** The step's pair, its carry in the order of the one it received. */
function checkedStep<C extends Tree, Y extends Tree>(initial: C, result: readonly [C, Y]): readonly [C, Y] {
  if (!Array.isArray(result) || result.length !== 2) {
    throw new UsageError({
      code: "not_a_pair",
      op: "scan",
      what: "the step did not return a pair",
      where: currentPlace(),
      hint: "Return [next carry, output].",
    });
  }
  const next = orderedLike<Tensor, C>(initial, result[0], isTensor);
  checkCarry(initial, next);
  return [next, result[1]];
}

function checkCarry(initial: Tree, next: Tree): void {
  if (treeShape(initial, isTensor) === treeShape(next, isTensor)) return;
  const what = `the step returned the state ${treeShape(next, isTensor)}, it received ${treeShape(initial, isTensor)}`;
  throw new UsageError({
    code: "carry_changes_form",
    op: "scan",
    what,
    where: currentPlace(),
    hint: "Return [next carry, output] with the carry's own names.",
  });
}

/** Outer values the body uses become shared inputs; leaves without inputs (constants, ranges) are used as they are. */
function closeBody(inputs: readonly Node<"input">[], outputs: readonly Node[], scope: number): { graph: Graph; shared: Node[] } {
  const shared: Node[] = [];
  const sharedInputs: Node<"input">[] = [];
  const inside = new Map<Node, Node>(inputs.map((input) => [input, input]));
  for (const node of bodyNodes(outputs, scope)) {
    if (inside.has(node)) continue;
    if (node.scope === scope) {
      inside.set(
        node,
        remakeNode(
          node,
          node.inputs.map((input) => inside.get(input)!),
        ),
      );
    } else if (node.inputs.length === 0 && !isOp(node, "input")) {
      inside.set(node, node);
    } else {
      const input = inputNode(`shared${shared.length}`, { shape: node.shape, dtype: node.dtype }, scope);
      shared.push(node);
      sharedInputs.push(input);
      inside.set(node, input);
    }
  }
  return {
    graph: makeGraph(
      `step${scope}`,
      [...inputs, ...sharedInputs],
      outputs.map((node) => inside.get(node)!),
    ),
    shared,
  };
}

/** Nodes of the body and the outer nodes right outside it, in topological order. */
function bodyNodes(outputs: readonly Node[], scope: number): Node[] {
  const seen = new Set<Node>();
  const stackOfNodes = [...outputs];
  for (let node = stackOfNodes.pop(); node !== undefined; node = stackOfNodes.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.scope > 0 && node.scope !== scope) throw foreign(node);
    if (node.scope === scope) stackOfNodes.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

function foreign(node: Node): UsageError {
  return new UsageError({
    code: "escaped_tensor",
    what: "a tensor of another scan's step is used in this step",
    hint: "Return it from that scan as an output and pass it through xs.",
    where: node.where,
    phase: "trace",
  });
}
