// Graphs as text: one line per value, bodies indented, in a form that parse.ts reads back.

import { showDim, showShape } from "../../base/dim.js";
import { isPlainOp, showAttributes } from "./attributes.js";
import { domainsOf } from "./bindings.js";
import { type Domain, type Graph, isOp, type Node, reachable, type ScanAttributes } from "./node.js";

/**
 * The text of a graph. Values are numbered in order of appearance; `%5.1` is result 1 of the scan `%5`.
 *
 * ```
 * graph "step"
 *   %0 = input "x" [B, 3] float32
 *   %1 = tanh %0 : [B, 3] float32 @ "encoder"
 *   output %1
 * ```
 */
export function print(graph: Graph): string {
  return `${linesOf(graph, "graph", "").join("\n")}\n`;
}

function linesOf(graph: Graph, keyword: string, indent: string): string[] {
  const names = new Map<Node, string>();
  const used = reachable(graph.outputs);
  const given = new Set<Node>(graph.inputs);
  const rest = used.filter((node) => !given.has(node) && !isOp(node, "part"));
  [...graph.inputs, ...rest].forEach((node, index) => {
    names.set(node, `%${index}`);
  });
  for (const node of used) if (isOp(node, "part")) names.set(node, `${names.get(node.inputs[0]!)}.${node.attrs.index}`);
  const refer = (node: Node): string => names.get(node) ?? `%?${node.id}`;
  const inner = `${indent}  `;
  return [
    `${indent}${keyword} ${JSON.stringify(graph.name)}`,
    ...graph.inputs.map((input) => `${inner}${refer(input)} = ${inputText(input)}`),
    ...domainsOf(used).map((domain) => `${inner}${domainText(domain, refer)}`),
    ...rest.flatMap((node) => nodeLines(node, refer, inner)),
    `${inner}output${graph.outputs.map((output) => ` ${refer(output)}`).join("")}`,
  ];
}

function inputText(node: Node<"input">): string {
  const { name, source } = node.attrs;
  if (source.kind === "table") return `table ${source.domain.name} ${source.table}`;
  return `input ${JSON.stringify(name)} ${typeText(node)}${placeText(node)}`;
}

function domainText(domain: Domain, refer: (node: Node) => string): string {
  const lengths = domain.lengths === null ? "all" : refer(domain.lengths);
  const { name, batch, time, steps, over } = domain;
  const windows =
    over === undefined ? "" : ` over=${showDim(over.time)}:${over.windows.map(({ size, stride }) => `${size}/${stride}`).join(",")}`;
  return `domain ${name} batch=${showDim(batch)} time=${showDim(time)} steps=${showDim(steps)} lengths=${lengths}${windows}`;
}

function nodeLines(node: Node, refer: (node: Node) => string, indent: string): string[] {
  if (isOp(node, "input")) return [`${indent}${refer(node)} = ${inputText(node)}`];
  const operands = node.inputs.map((input) => ` ${refer(input)}`).join("");
  if (isOp(node, "scan")) {
    const head = `${indent}${refer(node)} = scan ${scanText(node.attrs)}${operands}${placeText(node)}`;
    return [head, ...linesOf(node.attrs.body, "body", `${indent}  `)];
  }
  const attributes = isPlainOp(node.op) ? showAttributes(node.op, node.attrs as never) : "";
  const shown = attributes === "" ? "" : ` ${attributes}`;
  return [`${indent}${refer(node)} = ${node.op}${operands}${shown} : ${typeText(node)}${placeText(node)}`];
}

function scanText({ domain, reverse, carries, xs, rows, shared, ys, sums }: ScanAttributes): string {
  const direction = reverse ? "reverse" : "forward";
  return `${domain.name} ${direction} carries=${carries} xs=${xs} rows=${rows} shared=${shared} ys=${ys} sums=${sums}`;
}

function typeText(node: Node): string {
  return `${showShape(node.shape)} ${node.dtype}`;
}

function placeText(node: Node): string {
  return node.where === "" ? "" : ` @ ${JSON.stringify(node.where)}`;
}
