// Ops that address rows by index or by counter: gather, scatterAdd, random.

import { type Dim, substituteDim } from "../base/dim.js";
import type { Node } from "../ir/core/node.js";
import { type IndexInstruction, isActiveRows } from "../ir/lowered/program.js";
import { emitCopy, emitFill, extentOf, operandOf, unrolled } from "./copy.js";
import { allocate, homeFor, materialise, type Scope, viewOf } from "./scope.js";
import { type Axis, atCapacity, axesOf, broadcastView, collapseAxes, isDense, reshapeView, singleAxis, type View } from "./view.js";

/** Rows of a table by index. */
export function emitGather(scope: Scope, node: Node<"gather">): void {
  const [tableNode, indexNode] = [node.inputs[0]!, node.inputs[1]!];
  const rank = indexNode.shape.length;
  const at: Target = { op: "gather", tableRows: tableNode.shape[0]!, site: siteOf(scope, node, "gather", tableNode.shape[0]!) };
  let table = viewOf(scope, tableNode);
  let index = viewOf(scope, indexNode);
  if (planTable(table) === null) table = materialise(scope, table, node.dtype, "table");
  const home = homeFor(scope, node, (view) => planRows(table, index, view, rank) !== null);
  let rows = planRows(table, index, home.view, rank);
  if (rows === null) {
    index = materialise(scope, index, "int32", "index");
    rows = planRows(table, index, home.view, rank);
  }
  if (rows !== null) emitIndexed(scope, at, { table, index, value: home.view }, rows);
  else {
    const value = allocate(scope, "gathered", node.shape, node.dtype);
    emitForAllRows(scope, at, { table, index, value }, rank);
    emitCopy(scope, value, home.view);
  }
  home.done();
}

/** Rows added into a table of zeros. */
export function emitScatter(scope: Scope, node: Node<"scatterAdd">): void {
  const [sourceNode, indexNode] = [node.inputs[0]!, node.inputs[1]!];
  const rank = indexNode.shape.length;
  const destinations = scope.destinations.get(node) ?? [];
  // A table of every row's own entries is as large as the whole batch needs; a place for the active rows may be smaller.
  const isShared = !isOwnTable(scope, node.attrs.rows);
  const wanted = destinations.find(({ view, stable }) => isShared && stable && planTable(view) !== null);
  const table = wanted?.view ?? allocate(scope, "scatterAdd", node.shape, node.dtype);
  emitFill(scope, perRow(scope, table)!, 0);
  const at: Target = { op: "scatter", tableRows: node.attrs.rows, site: siteOf(scope, node, "scatterAdd", node.attrs.rows) };
  let [value, index] = [viewOf(scope, sourceNode), viewOf(scope, indexNode)];
  const plan = (): IndexPlan | null => planRows(table, index, value, rank);
  if (plan() === null) index = materialise(scope, index, "int32", "index");
  if (plan() === null) value = materialise(scope, value, "float32", "scatter source");
  const rows = plan();
  if (rows !== null) emitIndexed(scope, at, { table, index, value }, rows);
  else emitForAllRows(scope, at, { table, index, value }, rank);
  if (scope.rows !== null) scope.serial = true;
  scope.views.set(node, table);
  for (const other of destinations) if (other !== wanted) copyTable(scope, table, other.view);
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
  const shifted = isOwnTable(scope, rows);
  const own = shifted ? substituteDim(rows, new Map([[scope.rows.key, 1]])) : rows;
  return scope.builder.addSite({ where: node.where, op, rows: own, shifted });
}

/** A scope in a loop over sequences, with a symbol for its active rows. */
type RowScope = Scope & { readonly rows: Exclude<Scope["rows"], number | null> };

/** True if a table of so many rows holds entries for every active row on its own. */
function isOwnTable(scope: Scope, rows: Dim): scope is RowScope {
  return scope.rows !== null && typeof scope.rows !== "number" && typeof rows !== "number" && rows.key.includes(scope.rows.key);
}

/** What stays the same over the entries of an index. */
interface Target {
  readonly op: IndexInstruction["op"];
  readonly tableRows: Dim;
  readonly site: number;
}

interface IndexViews {
  readonly table: View;
  readonly index: View;
  readonly value: View;
}

function emitIndexed(scope: Scope, target: Target, { table, index, value }: IndexViews, plan: IndexPlan): void {
  const [first, ...extra] = plan.extra;
  if (first !== undefined) {
    unrolled(first, [index, value], ([of, at]) => emitIndexed(scope, target, { table, index: of!, value: at! }, { ...plan, extra }));
    return;
  }
  scope.instructions.push({
    op: target.op,
    rows: extentOf(plan.rows.size),
    cols: plan.cols.size,
    tableRows: atCapacity(target.tableRows, scope.rows, scope.batch),
    site: target.site,
    table: operandOf(table, table.strides[0]!, plan.cols.strides[0]!),
    index: operandOf(index, plan.rows.strides[0]!, 0),
    value: operandOf(value, plan.rows.strides[1]!, plan.cols.strides[1]!),
  });
}

/**
 * Inside a loop, an index axis of run-time size joins the rows only if all rows of the batch take part: those that are not active get
 * index -1. One thread does this.
 */
function emitForAllRows(scope: Scope, target: Target, { table, index, value }: IndexViews, rank: number): void {
  const indices = allocate(scope, "index of all rows", index.shape, "int32");
  emitFill(scope, allRows(scope, indices), -1);
  emitCopy(scope, index, indices);
  const dense = isDense(value) ? value : materialise(scope, value, "float32", "source of all rows");
  const plan = planRows(table, allRows(scope, indices), allRows(scope, dense), rank);
  if (plan === null) throw new Error(`${target.op} has no plan for all rows`);
  emitIndexed(scope, target, { table, index: allRows(scope, indices), value: allRows(scope, dense) }, plan);
  scope.serial = true;
}

/** The view with every row of the batch in place of the active ones. */
function allRows(scope: Scope, view: View): View {
  return { ...view, shape: view.shape.map((dim) => atCapacity(dim, scope.rows, scope.batch)) };
}

/** Draws: rows share a key, columns are counters. */
export function emitRandom(scope: Scope, node: Node<"random">): void {
  const { kind } = node.attrs;
  const drawn = kind === "uniform" ? node.shape : node.shape.slice(0, -1);
  let key = broadcastView(viewOf(scope, node.inputs[0]!), [...drawn, 2]);
  let counter = broadcastView(viewOf(scope, node.inputs[1]!), drawn);
  const home = homeFor(scope, node, (view) => planDraws(key, counter, view, kind) !== null);
  const plan = (): DrawPlan | null => planDraws(key, counter, home.view, kind);
  if (plan() === null) counter = materialise(scope, counter, "int32", "counter");
  if (plan() === null) key = materialise(scope, key, "int32", "keys");
  const draws = plan();
  if (draws !== null) emitDraws(scope, node, key, counter, home.view, draws, draws.extra);
  else emitDrawsForAllRows(scope, node, key, counter, home.view);
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

/** An axis of run-time size inside a loop: rows that are not active draw too, and nobody reads that. */
function emitDrawsForAllRows(scope: Scope, node: Node<"random">, key: View, counter: View, out: View): void {
  const drawn = allocate(scope, "draws", node.shape, node.dtype);
  const views = [key, counter].map((view) => allRows(scope, isDense(view) ? view : materialise(scope, view, "int32", "draws of all rows")));
  const plan = planDraws(views[0]!, views[1]!, allRows(scope, drawn), node.attrs.kind);
  if (plan === null) throw new Error("random has no plan for all rows");
  emitDraws(scope, node, views[0]!, views[1]!, allRows(scope, drawn), plan, plan.extra);
  emitCopy(scope, drawn, out);
  scope.serial = true;
}
