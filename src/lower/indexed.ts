// Ops that address rows by index or by counter: gather, scatterAdd, random.

import { type Dim, substituteDim } from "../base/dim.js";
import { UsageError } from "../base/errors.js";
import type { Node } from "../ir/core/node.js";
import { type IndexInstruction, isActiveRows } from "../ir/lowered/program.js";
import { emitCopy, emitFill, extentOf, operandOf, unrolled } from "./copy.js";
import { allocate, homeFor, materialise, type Scope, viewOf } from "./scope.js";
import { type Axis, atCapacity, axesOf, broadcastView, collapseAxes, reshapeView, singleAxis, type View } from "./view.js";

/** Rows of a table by index. */
export function emitGather(scope: Scope, node: Node<"gather">): void {
  const [tableNode, indexNode] = [node.inputs[0]!, node.inputs[1]!];
  const rank = indexNode.shape.length;
  const index = viewOf(scope, indexNode);
  const plan = (table: View, of: View, out: View): IndexPlan | null => planRows(table, of, out, rank);
  let table = viewOf(scope, tableNode);
  const home = homeFor(scope, node, (view) => plan(table, index, view) !== null);
  let [rows, of] = [plan(table, index, home.view), index];
  if (rows === null) {
    of = materialise(scope, index, "int32", "index");
    rows = plan(table, of, home.view);
  }
  if (rows === null) {
    table = materialise(scope, table, node.dtype, "table");
    rows = plan(table, of, home.view);
  }
  const site = siteOf(scope, node, "gather", tableNode.shape[0]!);
  emitIndexed(scope, node, "gather", tableNode.shape[0]!, site, table, of, home.view, rows);
  home.done();
}

/** Rows added into a table of zeros. */
export function emitScatter(scope: Scope, node: Node<"scatterAdd">): void {
  const [sourceNode, indexNode] = [node.inputs[0]!, node.inputs[1]!];
  const rank = indexNode.shape.length;
  const plan = (source: View, of: View): IndexPlan | null => planRows(table, of, source, rank);
  const wanted = (scope.destinations.get(node) ?? []).find(
    ({ view, stable }) => stable && planTable(view) !== null && perRow(scope, view) !== null,
  );
  const table = wanted?.view ?? allocate(scope, "scatterAdd", node.shape, node.dtype);
  emitFill(scope, perRow(scope, table)!, 0);
  let [source, index] = [viewOf(scope, sourceNode), viewOf(scope, indexNode)];
  if (plan(source, index) === null) index = materialise(scope, index, "int32", "index");
  if (plan(source, index) === null) source = materialise(scope, source, "float32", "scatter source");
  const site = siteOf(scope, node, "scatterAdd", node.attrs.rows);
  emitIndexed(scope, node, "scatter", node.attrs.rows, site, table, index, source, plan(source, index));
  if (scope.rows !== null) scope.serial = true;
  scope.views.set(node, table);
  for (const other of scope.destinations.get(node) ?? []) {
    if (other !== wanted) copyTable(scope, table, other.view);
  }
}

function planTable(view: View): Axis | null {
  return singleAxis(axesOf(view.shape.slice(1), [view.strides.slice(1)]), 1);
}

/** A table of every row's own entries, [rows·size, ...], with the rows as an axis of their own; null if it is not dense enough. */
function perRow(scope: Scope, table: View): View | null {
  const [first, ...rest] = table.shape;
  if (scope.rows === null || typeof scope.rows === "number" || first === undefined) return table;
  const own = substituteDim(first, new Map([[scope.rows.key, 1]]));
  return reshapeView(table, [scope.rows, own, ...rest]);
}

function copyTable(scope: Scope, from: View, to: View): void {
  const [source, target] = [perRow(scope, from), perRow(scope, to)];
  if (source === null || target === null)
    throw new Error("a table of the active rows is wanted where its rows do not lie one after another");
  emitCopy(scope, source, target);
}

/** Index axes joined to rows, the entry's axes to columns. */
interface IndexPlan {
  /** Strides in index and value. */
  readonly rows: Axis;
  readonly extra: readonly Axis[];
  /** Strides in table and value. */
  readonly cols: Axis;
}

function planRows(table: View, index: View, value: View, rank: number): IndexPlan | null {
  const cols = singleAxis(axesOf(table.shape.slice(1), [table.strides.slice(1), value.strides.slice(rank)]), 2);
  const axes = collapseAxes(axesOf(index.shape, [index.strides, value.strides.slice(0, rank)]));
  const active = axes.find(({ size }) => isActiveRows(size));
  if (cols === null) return null;
  if (active !== undefined) {
    const extra = axes.filter((axis) => axis !== active);
    return extra.every(({ size }) => typeof size === "number") ? { rows: active, extra, cols } : null;
  }
  return axes.length > 1 ? null : { rows: axes[0] ?? { size: 1, strides: [0, 0] }, extra: [], cols };
}

function siteOf(scope: Scope, node: Node, op: "gather" | "scatterAdd", rows: Dim): number {
  const isOwnTable = scope.rows !== null && typeof scope.rows !== "number" && typeof rows !== "number" && rows.key.includes(scope.rows.key);
  const own = isOwnTable && typeof scope.rows !== "number" ? substituteDim(rows, new Map([[scope.rows!.key, 1]])) : rows;
  return scope.builder.addSite({ where: node.where, op, rows: own, shifted: isOwnTable });
}

function emitIndexed(
  scope: Scope,
  node: Node,
  op: IndexInstruction["op"],
  tableRows: Dim,
  site: number,
  table: View,
  index: View,
  value: View,
  plan: IndexPlan | null,
): void {
  if (plan === null) throw runTimeAxis(node);
  const emit = (of: View, at: View, extra: readonly Axis[]): void => {
    const [first, ...rest] = extra;
    if (first !== undefined) {
      unrolled(first, [of, at], ([nextOf, nextAt]) => emit(nextOf!, nextAt!, rest));
      return;
    }
    scope.instructions.push({
      op,
      rows: extentOf(plan.rows.size),
      cols: plan.cols.size,
      tableRows: atCapacity(tableRows, scope.rows, scope.batch),
      site,
      table: operandOf(table, table.strides[0]!, plan.cols.strides[0]!),
      index: operandOf(of, plan.rows.strides[0]!, 0),
      value: operandOf(at, plan.rows.strides[1]!, plan.cols.strides[1]!),
    });
  };
  emit(index, value, plan.extra);
}

/** Draws: rows share a key, columns are counters. */
export function emitRandom(scope: Scope, node: Node<"random">): void {
  const { kind } = node.attrs;
  const drawn = kind === "uniform" ? node.shape : node.shape.slice(0, -1);
  let key = broadcastView(viewOf(scope, node.inputs[0]!), [...drawn, 2]);
  let counter = broadcastView(viewOf(scope, node.inputs[1]!), drawn);
  const home = homeFor(scope, node, (view) => planDraws(key, counter, view, kind) !== null);
  let plan = planDraws(key, counter, home.view, kind);
  if (plan === null) {
    counter = materialise(scope, counter, "int32", "counter");
    plan = planDraws(key, counter, home.view, kind);
  }
  if (plan === null) {
    key = materialise(scope, key, "int32", "keys");
    plan = planDraws(key, counter, home.view, kind);
  }
  if (plan === null) throw runTimeAxis(node);
  emitDraws(scope, node, key, counter, home.view, plan, plan.extra);
  home.done();
}

/** Strides in key, counter and result. */
interface DrawPlan {
  readonly rows: Axis;
  readonly cols: Axis;
  readonly extra: readonly Axis[];
}

function planDraws(key: View, counter: View, out: View, kind: "uniform" | "key"): DrawPlan | null {
  const rank = counter.shape.length;
  // Two words per draw must be neighbours, and the next draw comes right after them.
  if (kind === "key" && out.strides[rank] !== 1) return null;
  const strides = [key.strides.slice(0, rank), counter.strides, out.strides.slice(0, rank)];
  const axes = collapseAxes(axesOf(counter.shape, strides));
  const active = axes.find(({ size }) => isActiveRows(size));
  const rest = axes.filter((axis) => axis !== active);
  const none: Axis = { size: 1, strides: [0, 0, 0] };
  const last = rest.at(-1);
  const fits = last !== undefined && last.strides[0] === 0 && (kind === "uniform" || last.strides[2] === 2);
  const cols = fits ? last : none;
  const others = fits ? rest.slice(0, -1) : rest;
  if (active === undefined && others.length > 1) return null;
  const extra = active === undefined ? [] : others;
  if (extra.some(({ size }) => typeof size !== "number")) return null;
  return { rows: active ?? others[0] ?? none, cols, extra };
}

function emitDraws(scope: Scope, node: Node<"random">, key: View, counter: View, out: View, plan: DrawPlan, extra: readonly Axis[]): void {
  const [first, ...rest] = extra;
  if (first !== undefined) {
    unrolled(first, [key, counter, out], ([k, c, o]) => emitDraws(scope, node, k!, c!, o!, plan, rest));
    return;
  }
  const { rows, cols } = plan;
  const { kind } = node.attrs;
  scope.instructions.push({
    op: "random",
    rows: extentOf(rows.size),
    cols: cols.size,
    kind,
    key: operandOf(key, rows.strides[0]!, key.strides.at(-1)!),
    counter: operandOf(counter, rows.strides[1]!, cols.strides[1]!),
    out: operandOf(out, rows.strides[2]!, kind === "key" ? 1 : cols.strides[2]!),
  });
}

function runTimeAxis(node: Node): UsageError {
  return new UsageError({
    code: "run_time_axis_in_step",
    op: node.op,
    what: "inside a scan this op works along an axis whose size is known only at run time",
    hint: "Do it outside the scan, or give the axis a fixed size.",
    where: node.where,
    phase: "compile",
  });
}
