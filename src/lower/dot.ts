// Products: `dot` with any axes becomes gemm instructions, by strides where they allow it, through dense copies where not.

import { type Dim, mulDims, showDim, sizeOfShape } from "../base/dim.js";
import type { Node } from "../ir/core/node.js";
import { type GemmInstruction, isActiveRows, type MatrixOperand, packedSize } from "../ir/lowered/program.js";
import { emitCopy, extentOf, operandOf, unrolled } from "./copy.js";
import { allocate, homeFor, materialise, type Scope, viewOf } from "./scope.js";
import { type Axis, collapseAxes, denseView, singleAxis, transposeView, type View } from "./view.js";

/** One side with its axes by role; contracted and batch axes in the order of their pairs. */
interface Side {
  readonly view: View;
  readonly batch: readonly number[];
  readonly free: readonly number[];
  readonly contract: readonly number[];
}

/** A product as gemm sees it: each axis with its strides in a, b and c. */
interface Roles {
  readonly a: View;
  readonly b: View;
  readonly c: View;
  readonly m: Axis;
  readonly n: Axis;
  readonly k: Axis;
  readonly batch: Axis;
  /** Axes written out, one instruction for each entry. */
  readonly extra: readonly Axis[];
}

/** Emits the instructions of a dot node. */
export function emitDot(scope: Scope, node: Node<"dot">): void {
  const [left, right] = sidesOf(scope, node);
  if (emitPrepared(scope, node, left, right)) return;
  const attempt = (a: Side, b: Side, c: View): Roles | null => rolesOf(a, b, c);
  const home = homeFor(
    scope,
    node,
    (view) => attempt(left, right, view) !== null || attempt(denseSide(left), denseSide(right), view) !== null,
  );
  const roles = firstFit(scope, left, right, home.view);
  if (roles === null) emitExpanded(scope, left, right, home.view);
  else emitRoles(scope, roles);
  home.done();
}

/** A product of parameters, and of what is prepared from them, is made once per change of them; false for any other. */
function emitPrepared(scope: Scope, node: Node<"dot">, left: Side, right: Side): boolean {
  const { builder, outer } = scope;
  const isSteady = ({ view }: Side): boolean => builder.isSteady(view.buffer);
  const size = sizeOfShape(node.shape);
  const roles = rolesOf(left, right, denseView(-1, node.shape));
  if (outer !== null || typeof size !== "number" || roles === null || ![left, right].every(isSteady)) return false;
  const home = denseView(builder.addBuffer(node.op, size, node.dtype, { kind: "prepared" }), node.shape);
  emitRoles({ ...scope, instructions: builder.prepare }, { ...roles, c: home });
  for (const { view } of [left, right]) builder.prepareFromHome(view.buffer);
  scope.views.set(node, home);
  for (const { view } of scope.destinations.get(node) ?? []) emitCopy(scope, home, view);
  return true;
}

function sidesOf(scope: Scope, node: Node<"dot">): [Side, Side] {
  const { aBatch, bBatch, aContract, bContract } = node.attrs;
  const side = (input: Node, batch: readonly number[], contract: readonly number[]): Side => {
    const view = viewOf(scope, input);
    const free = [...view.shape.keys()].filter((axis) => !batch.includes(axis) && !contract.includes(axis));
    return { view, batch, free, contract };
  };
  return [side(node.inputs[0]!, aBatch, aContract), side(node.inputs[1]!, bBatch, bContract)];
}

/** As given, then with the right side, the left side, both copied. */
function firstFit(scope: Scope, left: Side, right: Side, c: View): Roles | null {
  for (const [copyLeft, copyRight] of [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ] as const) {
    const planned = rolesOf(copyLeft ? denseSide(left) : left, copyRight ? denseSide(right) : right, c);
    if (planned === null) continue;
    return rolesOf(copyLeft ? copiedSide(scope, left) : left, copyRight ? copiedSide(scope, right) : right, c);
  }
  return null;
}

/** What a side would be after copying it into the order batch, free, contracted. */
function denseSide(side: Side): Side {
  const permuted = inRoleOrder(side);
  const dense = denseView(-1, permuted.shape);
  return withRoleOrder(side, dense);
}

function copiedSide(scope: Scope, side: Side): Side {
  return withRoleOrder(side, materialise(scope, inRoleOrder(side), "float32", "dot operand"));
}

function inRoleOrder({ view, batch, free, contract }: Side): View {
  return transposeView(view, [...batch, ...free, ...contract]);
}

function withRoleOrder({ batch, free, contract }: Side, view: View): Side {
  const positions = [...view.shape.keys()];
  return {
    view,
    batch: positions.slice(0, batch.length),
    free: positions.slice(batch.length, batch.length + free.length),
    contract: positions.slice(batch.length + free.length, batch.length + free.length + contract.length),
  };
}

/** The gemm that computes a·b into c by strides alone, or null. The active rows become m or the batch. */
function rolesOf(left: Side, right: Side, c: View): Roles | null {
  const cFree = left.batch.length + left.free.length;
  const batch = left.batch.map((axis, i) => axisOf(left.view, axis, right.view, right.batch[i]!, c, i));
  const leftFree = left.free.map((axis, i) => axisOf(left.view, axis, null, 0, c, left.batch.length + i));
  const rightFree = right.free.map((axis, i) => axisOf(null, 0, right.view, axis, c, cFree + i));
  const contract = left.contract.map((axis, i) => axisOf(left.view, axis, right.view, right.contract[i]!, null, 0));
  // Rows on the right: the transposed product, with the sides exchanged.
  if (rightFree.some(({ size }) => isActiveRows(size))) {
    return assign(right.view, left.view, c, swapped(batch), swapped(rightFree), swapped(leftFree), swapped(contract));
  }
  return assign(left.view, right.view, c, batch, leftFree, rightFree, contract);
}

function axisOf(a: View | null, aAxis: number, b: View | null, bAxis: number, c: View | null, cAxis: number): Axis {
  const size = (a?.shape[aAxis] ?? b?.shape[bAxis])!;
  return { size, strides: [a?.strides[aAxis] ?? 0, b?.strides[bAxis] ?? 0, c?.strides[cAxis] ?? 0] };
}

function swapped(axes: readonly Axis[]): Axis[] {
  return axes.map(({ size, strides: [a, b, c] }) => ({ size, strides: [b!, a!, c!] }));
}

function assign(
  a: View,
  b: View,
  c: View,
  batchAxes: readonly Axis[],
  mAxes: readonly Axis[],
  nAxes: readonly Axis[],
  kAxes: readonly Axis[],
): Roles | null {
  const [n, k] = [singleAxis(nAxes, 3), singleAxis(kAxes, 3)];
  if (n === null || k === null) return null;
  const [batches, ms] = [collapseAxes(batchAxes), collapseAxes(mAxes)];
  const rowsInBatch = batches.find(({ size }) => isActiveRows(size));
  const rowsInM = ms.find(({ size }) => isActiveRows(size));
  const none: Axis = { size: 1, strides: [0, 0, 0] };
  const common = { a, b, c, n, k };
  if (rowsInBatch === undefined && rowsInM === undefined) {
    if (batches.length > 1 || ms.length > 1) return null;
    return { ...common, m: ms[0] ?? none, batch: batches[0] ?? none, extra: [] };
  }
  // One more axis than the active rows fits into the instruction; the others are written out, so their sizes must be known.
  const others = [...(rowsInBatch === undefined ? batches : []), ...ms.filter((axis) => axis !== rowsInM)];
  const fixedBatches = rowsInBatch === undefined ? [] : batches.filter((axis) => axis !== rowsInBatch);
  const inside = others.find(({ size }) => typeof size !== "number") ?? others[0] ?? none;
  const extra = [...others.filter((axis) => axis !== inside), ...fixedBatches];
  if (extra.some(({ size }) => typeof size !== "number")) return null;
  if (rowsInBatch !== undefined) return { ...common, m: inside, batch: rowsInBatch, extra };
  return { ...common, m: rowsInM!, batch: inside, extra };
}

function emitRoles(scope: Scope, roles: Roles): void {
  const [first, ...rest] = roles.extra;
  if (first !== undefined) {
    unrolled(first, [roles.a, roles.b, roles.c], ([a, b, c]) => emitRoles(scope, { ...roles, a: a!, b: b!, c: c!, extra: rest }));
    return;
  }
  const { a, b, c, m, n, k, batch } = roles;
  const bOperand = operandOf(b, k.strides[1]!, n.strides[1]!);
  const packed = batch.size === 1 ? packedOperand(scope, bOperand, k.size, n.size) : null;
  const gemm: GemmInstruction = {
    op: "gemm",
    m: extentOf(m.size),
    n: n.size,
    k: k.size,
    batch: extentOf(batch.size),
    a: operandOf(a, m.strides[0]!, k.strides[0]!),
    b: packed ?? bOperand,
    c: operandOf(c, m.strides[2]!, n.strides[2]!),
    aBatch: batch.strides[0]!,
    bBatch: batch.strides[1]!,
    cBatch: batch.strides[2]!,
    accumulate: false,
    packed: packed !== null,
  };
  scope.instructions.push(gemm);
}

/**
 * The panels of B, if packing pays: operands of resident vectors, and of what is prepared from them, are packed once per change of the
 * vector, others once before the loop that uses them. Narrow products are quicker without, because the core computes them transposed.
 */
function packedOperand(scope: Scope, b: MatrixOperand, k: Dim, n: Dim): MatrixOperand | null {
  const { builder, outer } = scope;
  const { panelWidth } = builder.options;
  const { home } = builder.buffers[b.buffer]!;
  const isResident = home.kind === "resident" || home.kind === "prepared";
  // In a step, an operand without an axis for the rows was computed before the loop.
  const isFixed = isResident || outer !== null;
  if (!isFixed || b.step !== null || typeof n !== "number" || n * 2 < panelWidth) return null;
  const key = [b.buffer, b.offset, b.row, b.col, k, n].map((part) => showDim(part)).join(" ");
  const known = builder.packed.get(key);
  const at = { offset: 0, step: null, row: 0, col: 0 } as const;
  if (known !== undefined) return { buffer: known, ...at };
  const size = packedSize(k, n, panelWidth);
  const name = `packed ${builder.buffers[b.buffer]!.name}`;
  const buffer = builder.addBuffer(name, size, "float32", isResident ? { kind: "prepared" } : { kind: "temporary" });
  builder.packed.set(key, buffer);
  const pack = { op: "pack", k, n, b, to: { buffer, offset: 0, step: null } } as const;
  if (isResident) {
    builder.prepare.push(pack);
    builder.prepareFromHome(b.buffer);
  } else outer!.instructions.push(pack);
  return { buffer, ...at };
}

/** Products and a sum, for a batch of run-time size inside a loop, which no gemm can express. */
function emitExpanded(scope: Scope, left: Side, right: Side, c: View): void {
  const sizes = (side: Side, axes: readonly number[]): Dim[] => axes.map((axis) => side.view.shape[axis]!);
  const [batch, m, n, k] = [sizes(left, left.batch), sizes(left, left.free), sizes(right, right.free), sizes(left, left.contract)];
  const shape = [...k, ...batch, ...m, ...n];
  const expand = (side: Side, own: readonly number[], before: number, after: number): View => {
    const ordered = transposeView(side.view, [...side.contract, ...side.batch, ...own]);
    const at = side.contract.length + side.batch.length;
    const strides = [
      ...ordered.strides.slice(0, at),
      ...Array<Dim>(before).fill(0),
      ...ordered.strides.slice(at),
      ...Array<Dim>(after).fill(0),
    ];
    return { ...side.view, shape, strides };
  };
  const a = materialise(scope, expand(left, left.free, 0, n.length), "float32", "expanded");
  const b = materialise(scope, expand(right, right.free, m.length, 0), "float32", "expanded");
  const cols = sizeOfShape(shape.filter((dim) => !isActiveRows(dim)));
  const operand = (view: View): MatrixOperand => operandOf(view, cols, 1);
  scope.instructions.push({
    op: "tile",
    rows: "rows",
    cols,
    operands: [operand(a), operand(b)],
    micro: [
      { op: "load", d: 0, a: 0, b: 0, c: 0 },
      { op: "load", d: 1, a: 1, b: 0, c: 0 },
      { op: "mul", d: 0, a: 0, b: 1, c: 0 },
      { op: "store", d: 0, a: 0, b: 0, c: 0 },
    ],
  });
  const result = allocate(scope, "dot", c.shape, "float32");
  const inner = sizeOfShape([...batch, ...m, ...n].filter((dim) => !isActiveRows(dim)));
  const mid = sizeOfShape(k);
  scope.instructions.push({
    op: "reduce",
    kind: "sum",
    outer: "rows",
    mid,
    inner,
    src: { buffer: a.buffer, offset: 0, step: null, outer: mulDims(mid, inner), mid: inner, inner: 1 },
    dst: { buffer: result.buffer, offset: 0, step: null, outer: inner, inner: 1 },
    accumulate: false,
  });
  emitCopy(scope, result, c);
}
