// Share: equal values are computed once, and scans that carry the same state become one scan with all their results.

import { type BodyInput, bodyOutputs, closeScan, freshInput } from "../ir/core/body.js";
import { atPath, makeGraph, newScope, remakeNode } from "../ir/core/build.js";
import { type Graph, isOp, type Node, reachable } from "../ir/core/node.js";
import { type Report, silent } from "./log.js";
import { keyOf, Numbering } from "./numbering.js";
import { type ClassResult, type Member, type ScanClass, ScanClasses } from "./scan-classes.js";

const reason = "both carry the same state, so one walk over the steps gives the results of both";

/** The graph with equal values merged; its arguments stay. */
export function shareGraph(graph: Graph, report: Report = silent): Graph {
  return makeGraph(graph.name, graph.inputs, share(graph.outputs, new Set(), report));
}

/**
 * The outputs with equal values merged.
 *
 * @param distinct  nodes that stay themselves even if something else has the same value (what a gradient is taken for)
 */
export function share(outputs: readonly Node[], distinct: ReadonlySet<Node> = new Set(), report: Report = silent): Node[] {
  const outer = new Numbering();
  const classes = new ScanClasses(outer);
  for (const node of reachable(outputs)) {
    if (isOp(node, "scan")) classes.join(node);
    else if (isOp(node, "part")) classes.numberPart(node, distinct.has(node));
    else outer.number(distinct.has(node) ? `distinct ${node.id}` : keyOf(node, outer), node);
  }
  const built = new Map<number, Node>();
  const imageOf = (node: Node): Node => built.get(outer.of(node))!;
  const dependencies = (number: number): readonly number[] => {
    const scanClass = classes.ofPart(number);
    return scanClass === undefined ? outer.first(number).inputs.map((input) => outer.of(input)) : [...scanClass.inputs];
  };
  const make = (number: number): void => {
    const scanClass = classes.ofPart(number);
    if (scanClass === undefined) built.set(number, over(outer.first(number), imageOf));
    else for (const [part, node] of partsOf(scanClass, outer, imageOf, report)) built.set(part, node);
  };
  const wanted = outputs.map((output) => outer.of(output));
  buildAll(wanted, built, dependencies, make);
  return wanted.map((number) => built.get(number)!);
}

/** Depth first with a stack of its own: a merged scan may need values that were made after the first of its members. */
function buildAll(
  wanted: readonly number[],
  built: ReadonlyMap<number, Node>,
  dependencies: (number: number) => readonly number[],
  make: (number: number) => void,
): void {
  const stack = wanted.toReversed();
  for (let number = stack.at(-1); number !== undefined; number = stack.at(-1)) {
    const missing = built.has(number) ? [] : dependencies(number).filter((input) => !built.has(input));
    stack.push(...missing);
    if (missing.length > 0) continue;
    if (!built.has(number)) make(number);
    stack.pop();
  }
}

function over(node: Node, imageOf: (input: Node) => Node): Node {
  return remakeNode(node, node.inputs.map(imageOf));
}

/** The scan of a class: the value of every part that the graph reads, by its number. */
function partsOf(scanClass: ScanClass, outer: Numbering, imageOf: (node: Node) => Node, report: Report): [number, Node][] {
  const results = [...scanClass.results];
  const member = scanClass.members[0]!;
  if (scanClass.members.length === 1 && new Set(member.numbers.values()).size === member.numbers.size) {
    const scan = over(member.scan, imageOf);
    return results.map(([number]) => [number, remakeNode(outer.first(number), [scan])]);
  }
  if (scanClass.members.length > 1) {
    const what = `${scanClass.members.length} scans over ${member.open.domain.name}`;
    report({ pass: "share", rule: "one-scan", where: member.open.where, what, reason });
  }
  return mergedParts(scanClass, results, imageOf);
}

function mergedParts(scanClass: ScanClass, results: readonly [number, ClassResult][], imageOf: (node: Node) => Node): [number, Node][] {
  const first = scanClass.members[0]!.open;
  const scope = newScope();
  const inner = new Map<number, Node>();
  const inputs: Record<"carries" | "xs" | "rows" | "shared", BodyInput[]> = { carries: [], xs: [], rows: [], shared: [] };
  const addInput = (kind: keyof typeof inputs, member: Member, { inner: old, outer }: BodyInput): void => {
    const number = member.numbers.get(old)!;
    if (inner.has(number)) return;
    const input = freshInput(old.attrs.name, old, scope);
    inner.set(number, input);
    inputs[kind].push({ inner: input, outer: imageOf(outer) });
  };
  for (const { owner, index } of scanClass.carries) addInput("carries", owner, owner.open.carries[index]!);
  for (const member of scanClass.members) {
    for (const kind of ["xs", "rows", "shared"] as const) for (const input of member.open[kind]) addInput(kind, member, input);
    for (const node of reachable(bodyOutputs(member.open))) {
      const number = member.numbers.get(node)!;
      if (!inner.has(number))
        inner.set(
          number,
          remakeNode(
            node,
            node.inputs.map((input) => inner.get(member.numbers.get(input)!)!),
          ),
        );
    }
  }
  const nexts = scanClass.carries.map(({ owner, index }) => inner.get(owner.numbers.get(owner.open.carries[index]!.next)!)!);
  const ys = results.filter(([, { kind }]) => kind === "y");
  const sums = results.filter(([, { kind }]) => kind === "sum");
  const values = atPath(first.where, () =>
    closeScan({
      ...first,
      ...inputs,
      scope,
      carries: inputs.carries.map((input, index) => ({ ...input, next: nexts[index]! })),
      ys: ys.map(([, { value }]) => inner.get(value)!),
      sums: sums.map(([, { value }]) => inner.get(value)!),
    }),
  );
  const finals = results.filter(([, { kind }]) => kind === "carry");
  return [
    ...finals.map(([number, { value }]): [number, Node] => [number, values.carries[value]!]),
    ...ys.map(([number], index): [number, Node] => [number, values.ys[index]!]),
    ...sums.map(([number], index): [number, Node] => [number, values.sums[index]!]),
  ];
}
