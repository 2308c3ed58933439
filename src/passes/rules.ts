// The table of local rewriting rules: each has a name, a reason, and keeps every value, NaN and infinities included.

import { addDims, type Dim, equalDims, equalShapes, mulDims } from "../base/dim.js";
import { elementCount } from "../base/dtype.js";
import { constantNode, domainTable, makeNode } from "../ir/core/build.js";
import { concat, gather, neg, reshape, slice, sum, transpose } from "../ir/core/builders.js";
import { evaluateOp } from "../ir/core/evaluate.js";
import { type Domain, type DomainTable, isOp, type Node, type OpName } from "../ir/core/node.js";
import type { ExactValue } from "../ir/core/primitive.js";
import { primitives } from "../ir/core/table.js";

/** A local rewrite; null where it does not apply. x·0 → 0, x−x → 0 and x+0 → x are not here: they change NaN, ∞ or −0. */
export interface Rule {
  readonly name: string;
  readonly reason: string;
  readonly apply: (node: Node) => Node | null;
}

/** A rule of one op. */
function rule<K extends OpName>(op: K, name: string, reason: string, apply: (node: Node<K>) => Node | null): readonly [OpName, Rule] {
  return [op, { name, reason, apply: (node) => (isOp(node, op) ? apply(node) : null) }];
}

const noWork = "the result is the input";
const oneStep = "two moves of values are one";

const movementRules = [
  rule("reshape", "same-shape", noWork, ({ inputs: [x], shape }) => (equalShapes(x!.shape, shape) ? x! : null)),
  rule("reshape", "reshape-reshape", oneStep, ({ inputs: [x], shape }) => (isOp(x!, "reshape") ? reshape(x.inputs[0]!, shape) : null)),
  rule("transpose", "same-order", noWork, ({ inputs: [x], attrs }) =>
    attrs.permutation.every((axis, position) => axis === position) ? x! : null,
  ),
  rule("transpose", "transpose-transpose", oneStep, ({ inputs: [x], attrs }) => {
    if (!isOp(x!, "transpose")) return null;
    const inner = x.attrs.permutation;
    return transpose(
      x.inputs[0]!,
      attrs.permutation.map((axis) => inner[axis]!),
    );
  }),
  rule("broadcast", "same-shape", noWork, ({ inputs: [x], shape }) => (equalShapes(x!.shape, shape) ? x! : null)),
  rule("broadcast", "broadcast-broadcast", oneStep, ({ inputs: [x], attrs }) =>
    isOp(x!, "broadcast") ? makeNode("broadcast", [x.inputs[0]!], attrs) : null,
  ),
  rule("tap", "tap-unseen", "only a probing program shows it, and that one has no taps left", ({ inputs: [x] }) => x!),
  rule("slice", "whole-axis", noWork, ({ inputs: [x], attrs: { axis, start, size } }) =>
    start === 0 && equalDims(size, x!.shape[axis]!) ? x! : null,
  ),
  rule("slice", "slice-slice", oneStep, ({ inputs: [x], attrs: { axis, start, size } }) =>
    isOp(x!, "slice") && x.attrs.axis === axis ? slice(x.inputs[0]!, axis, addDims(start, x.attrs.start), size) : null,
  ),
  rule("slice", "slice-concat", "only one of the parts is read", sliceOfConcat),
  rule("slice", "slice-pad", "only the padded value is read", ({ inputs: [x], attrs: { axis, start, size } }) =>
    isOp(x!, "pad") && x.attrs.axis === axis && equalDims(start, x.attrs.before) && equalDims(size, x.inputs[0]!.shape[axis]!)
      ? x.inputs[0]!
      : null,
  ),
  rule("pad", "no-padding", noWork, ({ inputs: [x], attrs }) => (attrs.before === 0 && attrs.after === 0 ? x! : null)),
  rule("concat", "one-part", noWork, ({ inputs }) => (inputs.length === 1 ? inputs[0]! : null)),
  rule("concat", "concat-of-slices", "neighbouring slices of one value are one slice", concatOfSlices),
  rule("sum", "no-axes", noWork, ({ inputs: [x], attrs }) => (attrs.axes.length === 0 ? x! : null)),
  rule("cast", "same-dtype", noWork, ({ inputs: [x], dtype }) => (x!.dtype === dtype ? x! : null)),
];

const algebraRules = [
  rule("neg", "neg-neg", noWork, ({ inputs: [x] }) => (isOp(x!, "neg") ? x.inputs[0]! : null)),
  rule("mul", "times-one", noWork, (node) => unitOperand(node, 0, 1) ?? unitOperand(node, 1, 1)),
  rule("mul", "times-minus-one", "a change of sign is cheaper", (node) => {
    const x = unitOperand(node, 0, -1) ?? unitOperand(node, 1, -1);
    return x === null || x.dtype !== "float32" ? null : neg(x);
  }),
  rule("div", "over-one", noWork, (node) => unitOperand(node, 1, 1)),
  rule("sub", "minus-zero", noWork, (node) => unitOperand(node, 1, 0)),
  rule("add", "plus-minus-zero", noWork, (node) => unitOperand(node, 0, -0) ?? unitOperand(node, 1, -0)),
  rule("add", "add-neg", "a + (-b) is a - b, to the bit", ({ inputs: [a, b] }) =>
    isOp(b!, "neg") ? makeNode("sub", [a!, b.inputs[0]!], null) : null,
  ),
  rule("sub", "sub-neg", "a - (-b) is a + b, to the bit", ({ inputs: [a, b] }) =>
    isOp(b!, "neg") ? makeNode("add", [a!, b.inputs[0]!], null) : null,
  ),
  rule("select", "equal-sides", "both sides are the same value", ({ inputs: [, a, b], shape }) =>
    a === b && equalShapes(a!.shape, shape) ? a! : null,
  ),
];

/** Tables of row orders that undo one another: gathering with both in turn gives the value back. */
const undone: Partial<Record<DomainTable, DomainTable>> = { order: "inverse", inverse: "order" };

/** Writing by one of these tables is reading by the other (up to the sign of a zero, which adding to zero loses). */
const opposite: Partial<Record<DomainTable, DomainTable>> = { ...undone, pack: "unpack", unpack: "pack" };

const indexRules = [
  rule("gather", "sorted-back", "rows are sorted and sorted back", ({ inputs: [x, index] }) => {
    if (!isOp(x!, "gather")) return null;
    const [outer, inner] = [tableOf(index!), tableOf(x.inputs[1]!)];
    return outer !== null && inner !== null && outer.domain === inner.domain && undone[outer.table] === inner.table ? x.inputs[0]! : null;
  }),
  rule("gather", "gather-of-repeated", "every row is the same, so their order does not matter", ({ inputs: [x, index], shape }) => {
    const table = tableOf(index!);
    if (!isOp(x!, "broadcast") || table === null || table.table === "unpack" || !equalDims(x.shape[0]!, rowsRead(table))) return null;
    const source = x.inputs[0]!;
    const isRepeated = source.shape.length < x.shape.length || source.shape[0] === 1;
    return isRepeated ? makeNode("broadcast", [source], { shape }) : null;
  }),
  rule(
    "scatterAdd",
    "scatter-by-table",
    "each row is written at most once, so it can be read from where it comes from",
    ({ inputs: [x, index], attrs }) => {
      const table = tableOf(index!);
      const back = table === null ? undefined : opposite[table.table];
      if (table === null || back === undefined || !equalDims(attrs.rows, rowsRead(table))) return null;
      return gather(x!, domainTable(table.domain, back));
    },
  ),
];

/** Only after differentiation: before, `stop` means something, and gradients are not joined yet. */
const finalRules = [
  rule("stop", "stop-is-over", "no gradient is taken any more", ({ inputs: [x] }) => x!),
  rule("sum", "sum-of-concat", "each part is summed where it is computed, before it goes to memory", sumOfConcat),
];

/** Rules by op, in the order in which they are tried. */
export const differentiableRules: ReadonlyMap<OpName, readonly Rule[]> = byOp([
  ...movementRules,
  ...algebraRules,
  ...indexRules,
  ...pointwiseRules(),
]);

/** The same with what holds only when no gradient is taken any more. */
export const allRules: ReadonlyMap<OpName, readonly Rule[]> = byOp([
  ...finalRules,
  ...movementRules,
  ...algebraRules,
  ...indexRules,
  ...pointwiseRules(),
]);

function byOp(list: readonly (readonly [OpName, Rule])[]): Map<OpName, Rule[]> {
  const rules = new Map<OpName, Rule[]>();
  for (const [op, entry] of list) rules.set(op, [...(rules.get(op) ?? []), entry]);
  return rules;
}

/** Rules of all elementwise ops: small constants are computed now, and operands need not be repeated before broadcasting. */
function pointwiseRules(): (readonly [OpName, Rule])[] {
  const ops = (Object.keys(primitives) as OpName[]).filter((op) => primitives[op].pointwise);
  const folding: Rule = { name: "fold-constants", reason: "all operands are constants", apply: foldConstants };
  const repeating: Rule = { name: "broadcast-operand", reason: "the op repeats its operand itself", apply: withoutBroadcasts };
  return [
    ...[...ops, "reshape" as const, "broadcast" as const].map((op) => [op, folding] as const),
    ...ops.map((op) => [op, repeating] as const),
  ];
}

/** Larger constants stay as they are written, so programs do not grow. */
const largestFolded = 64;

function foldConstants<K extends OpName>(node: Node<K>): Node | null {
  if (node.inputs.length === 0 || node.op === "stop" || node.op === "tap") return null;
  const values: ExactValue[] = [];
  for (const input of node.inputs) {
    if (!isOp(input, "constant")) return null;
    values.push(input.attrs);
  }
  const shape = node.shape.filter((dim) => typeof dim === "number");
  if (shape.length < node.shape.length || elementCount(shape) > largestFolded) return null;
  // A scalar repeated stays a scalar repeated: that is one number to store and no memory to read.
  if (node.op === "broadcast" && elementCount(shape) > 1) return null;
  const { data, dtype } = evaluateOp(node.op, node.attrs, values, node.where);
  return constantNode(data, shape, dtype);
}

function withoutBroadcasts<K extends OpName>(node: Node<K>): Node | null {
  if (!node.inputs.some((input) => isOp(input, "broadcast"))) return null;
  const inputs = [...node.inputs];
  node.inputs.forEach((input, index) => {
    if (!isOp(input, "broadcast")) return;
    const bare = inputs.with(index, input.inputs[0]!);
    if (equalShapes(primitives[node.op].type(bare, node.attrs).shape, node.shape)) inputs[index] = input.inputs[0]!;
  });
  return inputs.some((input, index) => input !== node.inputs[index]) ? makeNode(node.op, inputs, node.attrs, node.where) : null;
}

/** The other operand, if this one is the given number everywhere and the other has the result's shape. */
function unitOperand({ inputs, shape }: Node, position: number, value: number): Node | null {
  const other = inputs[1 - position]!;
  return isConstant(inputs[position]!, value) && equalShapes(other.shape, shape) ? other : null;
}

function isConstant(node: Node, value: number): boolean {
  if (isOp(node, "broadcast")) return isConstant(node.inputs[0]!, value);
  return (
    isOp(node, "constant") &&
    node.attrs.data.length <= largestFolded &&
    node.attrs.data.length > 0 &&
    node.attrs.data.every((x: number) => same(x, value, node.dtype))
  );
}

function same(x: number, value: number, dtype: string): boolean {
  return dtype === "float32" ? Object.is(x, value) : x === value;
}

function sliceOfConcat({ inputs: [x], attrs: { axis, start, size } }: Node<"slice">): Node | null {
  if (!isOp(x!, "concat") || x.attrs.axis !== axis || typeof start !== "number" || typeof size !== "number") return null;
  let at = 0;
  for (const part of x.inputs) {
    const width = part.shape[axis]!;
    if (typeof width !== "number") return null;
    if (start >= at && start + size <= at + width) return slice(part, axis, start - at, size);
    at += width;
  }
  return null;
}

function concatOfSlices({ inputs, attrs: { axis } }: Node<"concat">): Node | null {
  const [first] = inputs;
  if (first === undefined || !isOp(first, "slice") || first.attrs.axis !== axis) return null;
  const source = first.inputs[0]!;
  let end = first.attrs.start;
  for (const part of inputs) {
    if (!isOp(part, "slice") || part.inputs[0] !== source || part.attrs.axis !== axis || !equalDims(part.attrs.start, end)) return null;
    end = addDims(end, part.attrs.size);
  }
  return slice(source, axis, first.attrs.start, concat(inputs, axis).shape[axis]!);
}

function sumOfConcat({ inputs: [x], attrs: { axes } }: Node<"sum">): Node | null {
  if (!isOp(x!, "concat") || axes.includes(x.attrs.axis)) return null;
  const { axis } = x.attrs;
  const parts = x.inputs.map((part) => sum(part, axes));
  return concat(parts, axis - axes.filter((other) => other < axis).length);
}

function tableOf(node: Node): { readonly domain: Domain; readonly table: DomainTable } | null {
  return isOp(node, "input") && node.attrs.source.kind === "table" ? node.attrs.source : null;
}

/** Size of the axis that a table's indices point into. */
function rowsRead({ domain, table }: { readonly domain: Domain; readonly table: DomainTable }): Dim {
  if (table === "pack") return mulDims(domain.batch, domain.time);
  if (table === "unpack") return domain.steps;
  if (table === "step") return domain.time;
  return table === "previous" || table === "following" ? addDims(domain.batch, domain.steps) : domain.batch;
}
