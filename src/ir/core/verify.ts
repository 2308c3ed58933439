// The verifier: what must hold of every core graph, checked after tracing and after every pass.

import { bareSymbol, equalDims, equalShapes } from "../../base/dim.js";
import { DeepRnnError } from "../../base/errors.js";
import { domainsOf } from "./bindings.js";
import { checkScan, scanResults } from "./build.js";
import { showType } from "./checks.js";
import { type Domain, type Graph, isOp, type Node, type OpName, reachable, type ValueType } from "./node.js";
import { primitives } from "./table.js";

/** Where a graph stands: scope 0 is the program, other scopes are bodies. */
interface Level {
  readonly graph: Graph;
  readonly scope: number;
}

/**
 * Returns the graph if it is sound: ids ascend along edges, stored types and scopes are what the op table says, arguments are listed,
 * bodies are closed and hold no scans, domains are well formed.
 *
 * @throws DeepRnnError `invalid_graph`
 */
export function verify(graph: Graph): Graph {
  verifyLevel({ graph, scope: 0 });
  return graph;
}

function verifyLevel(level: Level): void {
  const { graph, scope } = level;
  const nodes = reachable(graph.outputs);
  if (new Set(graph.inputs).size < graph.inputs.length) throw invalid(level, null, "an input is listed twice");
  for (const input of graph.inputs) if (input.scope !== scope) throw invalid(level, input, `its scope is ${input.scope}, not ${scope}`);
  const listed = new Set<Node>(graph.inputs);
  for (const node of nodes) {
    verifyEdges(level, node, listed);
    verifyType(level, node);
    if (isOp(node, "scan")) verifyScan(level, node);
    if (isOp(node, "affineScan") && level.scope !== 0) throw invalid(level, node, "a body holds no scans");
  }
  verifyDomains(level, domainsOf(nodes), listed);
}

function verifyEdges(level: Level, node: Node, listed: ReadonlySet<Node>): void {
  const late = node.inputs.find((input) => input.id >= node.id);
  if (late !== undefined) throw invalid(level, node, `its input ${describe(late)} was made after it`);
  if (isOp(node, "input")) {
    const isTable = node.attrs.source.kind === "table";
    // Tables are known to every run; a body gets them as shared values like everything from outside.
    if (!listed.has(node) && !(isTable && level.scope === 0)) throw invalid(level, node, "it is used but not listed among the inputs");
    return;
  }
  const scope = node.inputs.reduce((deepest, input) => Math.max(deepest, input.scope), 0);
  if (node.scope !== scope) throw invalid(level, node, `its scope is ${node.scope}, its inputs say ${scope}`);
  if (scope !== 0 && scope !== level.scope) throw invalid(level, node, `it belongs to body ${scope}, but stands in ${level.scope}`);
  const { arity } = primitives[node.op];
  if (arity >= 0 && node.inputs.length !== arity) throw invalid(level, node, `it has ${node.inputs.length} inputs, not ${arity}`);
}

function verifyType(level: Level, node: Node): void {
  const expected = expectedType(level, node);
  if (expected === null || (equalShapes(expected.shape, node.shape) && expected.dtype === node.dtype)) return;
  throw invalid(level, node, `its type is stored as ${showType(node)}, but is ${showType(expected)}`);
}

function expectedType<K extends OpName>(level: Level, node: Node<K>): ValueType | null {
  if (isOp(node, "input")) return null;
  if (isOp(node, "scan")) return { shape: [], dtype: "float32" };
  if (isOp(node, "part")) return partType(level, node);
  try {
    return primitives[node.op].type(node.inputs, node.attrs);
  } catch (error) {
    throw error instanceof DeepRnnError ? invalid(level, node, error.what) : error;
  }
}

function partType(level: Level, node: Node<"part">): ValueType {
  const scan = node.inputs[0];
  if (scan === undefined || !isOp(scan, "scan")) throw invalid(level, node, "it is a part of something that is no scan");
  const result = scan.results[node.attrs.index];
  if (result === undefined) throw invalid(level, node, `result ${node.attrs.index} of ${scan.results.length} does not exist`);
  return result;
}

function verifyScan(level: Level, node: Node<"scan">): void {
  const { attrs } = node;
  if (level.scope !== 0) throw invalid(level, node, "a body holds no scans");
  const counted = attrs.carries + attrs.ys + attrs.sums;
  if (attrs.body.outputs.length !== counted) {
    throw invalid(level, node, `its body has ${attrs.body.outputs.length} outputs, the counts say ${counted}`);
  }
  try {
    checkScan(node.inputs, attrs);
  } catch (error) {
    throw error instanceof DeepRnnError ? invalid(level, node, error.what) : error;
  }
  const types = scanResults(attrs);
  const agrees = types.length === node.results.length && types.every((type, index) => sameType(type, node.results[index]!));
  if (!agrees) throw invalid(level, node, "its stored result types are not those of its body");
  if (attrs.body.outputs.slice(attrs.carries + attrs.ys).some(({ dtype }) => dtype === "bool")) {
    throw invalid(level, node, "a sum is bool");
  }
  const scopes = new Set(attrs.body.inputs.map((input) => input.scope));
  const scope = Math.max(0, ...scopes);
  if (attrs.body.inputs.length > 0 && scope === 0) throw invalid(level, node, "its body inputs have the scope of the program");
  verifyLevel({ graph: attrs.body, scope });
}

function sameType(a: ValueType, b: ValueType): boolean {
  return a.dtype === b.dtype && equalShapes(a.shape, b.shape);
}

function verifyDomains(level: Level, domains: readonly Domain[], listed: ReadonlySet<Node>): void {
  const names = new Set(domains.map(({ name }) => name));
  if (names.size < domains.length) throw invalid(level, null, "two time domains have one name");
  for (const { name, steps, batch, time, lengths, over } of domains) {
    if (over !== undefined && typeof time !== "number" && bareSymbol(time) === null)
      throw invalid(level, null, `the time of ${name} is not a symbol of its own`);
    const isSingleStep = time === 1 && lengths === null && equalDims(steps, batch);
    if (bareSymbol(steps) === null && !isSingleStep)
      throw invalid(level, null, `the number of steps of ${name} is not a symbol of its own`);
    if (lengths === null) continue;
    if (!listed.has(lengths)) throw invalid(level, lengths, `the lengths of ${name} are not an argument`);
    if (lengths.dtype !== "int32" || lengths.shape.length !== 1 || !equalDims(lengths.shape[0]!, batch)) {
      throw invalid(level, lengths, `the lengths of ${name} are ${showType(lengths)}`);
    }
  }
}

function describe(node: Node): string {
  return `${node.op} #${node.id} ${showType(node)}`;
}

function invalid({ graph, scope }: Level, node: Node | null, why: string): DeepRnnError {
  const place = scope === 0 ? `graph "${graph.name}"` : `body "${graph.name}"`;
  const what = node === null ? `${place}: ${why}` : `${place}, ${describe(node)}: ${why}`;
  return new DeepRnnError({ code: "invalid_graph", what, where: node?.where ?? "" });
}
