// Makes nodes: the only place where ids, scopes and layer paths are given.

import { type Dim, equalShapes, mulDims, showShape } from "../../base/dim.js";
import { type DType, type ExactData, exactArray } from "../../base/dtype.js";
import { ShapeError } from "../../base/errors.js";
import type { Domain, DomainTable, Graph, Node, OpAttributes, OpName, ScanAttributes, ValueType } from "./node.js";
import { primitives } from "./table.js";

let nextId = 1;
let nextScope = 1;
const places: string[] = [];

/** A number for a new scan body. Bodies are numbered in creation order, so an inner body has the larger number. */
export function newScope(): number {
  return nextScope++;
}

/** Runs `inside` with `name` appended to the layer path that nodes and errors carry. */
export function atPlace<R>(name: string, inside: () => R): R {
  places.push(name);
  try {
    return inside();
  } finally {
    places.pop();
  }
}

/** Runs `inside` with exactly this layer path, for code that makes nodes in the name of older ones. */
export function atPath<R>(path: string, inside: () => R): R {
  const outer = places.splice(0, places.length, ...(path === "" ? [] : [path]));
  try {
    return inside();
  } finally {
    places.splice(0, places.length, ...outer);
  }
}

/** The current layer path, as in `encoder/lstm-1`. */
export function currentPlace(): string {
  return places.join("/");
}

/** A node of this op; its type comes from the op table. */
export function makeNode<K extends OpName>(
  op: K,
  inputs: readonly Node[],
  attrs: OpAttributes[K],
  where: string = currentPlace(),
): Node<K> {
  const type = typeAt(op, inputs, attrs, where);
  const scope = inputs.reduce((deepest, input) => Math.max(deepest, input.scope), 0);
  return { id: nextId++, op, inputs, attrs, shape: type.shape, dtype: type.dtype, results: [], where, scope };
}

/** An argument of a graph or body. */
export function inputNode(name: string, type: ValueType, scope = 0): Node<"input"> {
  return {
    ...type,
    id: nextId++,
    op: "input",
    inputs: [],
    attrs: { name, source: { kind: "argument" } },
    results: [],
    where: currentPlace(),
    scope,
  };
}

const tableNodes = new WeakMap<Domain, Map<DomainTable, Node<"input">>>();

/** The input that holds an index table of a domain; one node per domain and table. */
export function domainTable(domain: Domain, table: DomainTable): Node<"input"> {
  const known = tableNodes.get(domain) ?? new Map<DomainTable, Node<"input">>();
  tableNodes.set(domain, known);
  const found = known.get(table);
  if (found !== undefined) return found;
  const node: Node<"input"> = {
    id: nextId++,
    op: "input",
    inputs: [],
    attrs: { name: `${domain.name}.${table}`, source: { kind: "table", domain, table } },
    shape: [tableLength(domain, table)],
    dtype: "int32",
    results: [],
    where: "",
    scope: 0,
  };
  known.set(table, node);
  return node;
}

/** A constant from row-major values. */
export function constantNode(data: ExactData, shape: readonly number[], dtype: DType): Node<"constant"> {
  return makeNode("constant", [], { data, shape, dtype });
}

/** A scalar constant. */
export function scalarNode(value: number, dtype: DType = "float32"): Node<"constant"> {
  const data = exactArray(dtype, 1);
  data[0] = value;
  return constantNode(data, [], dtype);
}

/** A scan and its results in the order final carries, ys, sums. */
export function makeScan(inputs: readonly Node[], attrs: ScanAttributes): Node<"part">[] {
  const results = scanResults(attrs);
  checkScan(inputs, attrs);
  const scope = inputs.reduce((deepest, input) => Math.max(deepest, input.scope), 0);
  const scan: Node<"scan"> = {
    id: nextId++,
    op: "scan",
    inputs,
    attrs,
    shape: [],
    dtype: "float32",
    results,
    where: currentPlace(),
    scope,
  };
  return partsOf(scan);
}

/** The results of a scan, as new nodes. */
export function partsOf(scan: Node<"scan">): Node<"part">[] {
  const { results, where, scope } = scan;
  return results.map(({ shape, dtype }, index) => ({
    id: nextId++,
    op: "part",
    inputs: [scan],
    attrs: { index },
    shape,
    dtype,
    results: [],
    where,
    scope,
  }));
}

/** A copy of a node over other inputs (and attributes) of the same types; the body of a scan is kept unless `attrs` says otherwise. */
export function remakeNode<K extends OpName>(node: Node<K>, inputs: readonly Node[], attrs: OpAttributes[K] = node.attrs): Node<K> {
  if (attrs === node.attrs && inputs.every((input, index) => input === node.inputs[index])) return node;
  const scope = inputs.reduce((deepest, input) => Math.max(deepest, input.scope), 0);
  return { ...node, id: nextId++, inputs, attrs, scope };
}

/** A graph; nothing is checked here (see verify.ts). */
export function makeGraph(name: string, inputs: readonly Node<"input">[], outputs: readonly Node[]): Graph {
  return { name, inputs, outputs };
}

function tableLength(domain: Domain, table: DomainTable): Dim {
  if (table === "order" || table === "inverse" || table === "lengths") return domain.batch;
  return table === "unpack" ? mulDims(domain.batch, domain.time) : domain.steps;
}

/** Types of the results of a scan with these attributes. */
export function scanResults(attrs: ScanAttributes): ValueType[] {
  return attrs.body.outputs.map((output, index) => {
    const { shape, dtype } = output;
    if (index < attrs.carries) return { shape: [attrs.domain.batch, ...shape], dtype };
    return index < attrs.carries + attrs.ys ? { shape: [attrs.domain.steps, ...shape], dtype } : { shape, dtype };
  });
}

/** Throws unless the inputs fit the body and the carries keep their types. */
export function checkScan(inputs: readonly Node[], attrs: ScanAttributes): void {
  const { domain, body } = attrs;
  const counts = [attrs.carries, attrs.xs, attrs.rows, attrs.shared];
  const leading: readonly (readonly Dim[])[] = [[domain.batch], [domain.steps], [domain.batch], []];
  const expected = counts.flatMap((count, kind) => Array.from({ length: count }, () => leading[kind]!));
  if (inputs.length !== expected.length || body.inputs.length !== expected.length) {
    throw new ShapeError({
      code: "scan_inputs",
      op: "scan",
      what: `${inputs.length} values for ${body.inputs.length} body inputs`,
      where: currentPlace(),
    });
  }
  inputs.forEach((input, index) => {
    const inner = body.inputs[index]!;
    const wanted = [...expected[index]!, ...inner.shape];
    if (!equalShapes(input.shape, wanted) || input.dtype !== inner.dtype) {
      const what = `input ${inner.attrs.name} is ${showShape(input.shape)} ${input.dtype}, the body expects ${showShape(wanted)} ${inner.dtype}`;
      throw new ShapeError({ code: "scan_input", op: "scan", what, where: currentPlace() });
    }
  });
  body.outputs.slice(0, attrs.carries).forEach((output, index) => {
    const inner = body.inputs[index]!;
    if (!equalShapes(output.shape, inner.shape) || output.dtype !== inner.dtype) {
      const what = `carry ${inner.attrs.name} starts as ${showShape(inner.shape)} ${inner.dtype} and becomes ${showShape(output.shape)} ${output.dtype}`;
      throw new ShapeError({
        code: "carry_changes_shape",
        op: "scan",
        what,
        where: currentPlace(),
        hint: "A step must return its state with the same shape.",
      });
    }
  });
}

function typeAt<K extends OpName>(op: K, inputs: readonly Node[], attrs: OpAttributes[K], where: string): ValueType {
  try {
    return primitives[op].type(inputs, attrs);
  } catch (error) {
    if (!(error instanceof ShapeError) || where === "" || error.where !== "") throw error;
    throw new ShapeError({ code: error.code, op, what: error.what, where, phase: "trace", hint: error.hint });
  }
}
