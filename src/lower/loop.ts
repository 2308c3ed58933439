// Scans: a loop over the steps of a domain around the lowered step.

import type { Dim } from "../base/dim.js";
import type { Node } from "../ir/core/node.js";
import type { Instruction, LoopInstruction, StraightInstruction } from "../ir/lowered/program.js";
import type { Body } from "./body.js";
import { emitCopy, emitFill, operandOf } from "./copy.js";
import type { Sink } from "./destinations.js";
import { lowerScope } from "./level.js";
import { noteLoop } from "./origin.js";
import type { Overwrite } from "./overwrite.js";
import { materialise, type Scope, viewOf } from "./scope.js";
import { axesOf, singleAxis, type View } from "./view.js";

/** Emits a scan; its results lie in the homes planned for it. */
export function emitScan(scope: Scope, node: Node<"scan">): void {
  const body = scope.bodies.get(node)!;
  const { domain, carries, ys, sums, reverse } = node.attrs;
  const { results } = scope.homes.get(node)!;
  const inner = bodyScope(scope, node, body);
  const overwrites = body.outputs
    .slice(0, carries)
    .map((value, index): Overwrite => ({ value, view: overRows(results[index]!, body.rows), inputs: [body.inputs[index]!] }));
  const sinks = body.outputs
    .slice(carries, carries + ys)
    .map((value, index): Sink => ({ value, view: stepped(results[carries + index]!, body.rows) }));
  const added = body.outputs.slice(carries + ys);
  for (const view of results.slice(carries + ys)) emitFill(scope, view, 0);
  lowerScope(inner, {
    sinks,
    overwrites,
    kept: added,
    last: () => {
      for (const [index, value] of added.entries()) addOverRows(inner, value, results[carries + ys + index]!);
    },
  });
  const { builder } = scope;
  const time = domain.time;
  const loop: LoopInstruction = {
    op: "loop",
    time,
    rows: builder.tableBuffer(domain, "rows", time),
    offsets: builder.tableBuffer(domain, "offsets", time),
    batch: domain.batch,
    reverse,
    serial: inner.serial || sums > 0,
    where: node.where,
    body: inner.instructions.map(straight),
  };
  noteLoop(loop, { scan: node, body });
  scope.instructions.push(loop);
  for (const part of scope.homes.get(node)!.parts) {
    const view = results[part.attrs.index]!;
    scope.views.set(part, view);
    for (const other of scope.destinations.get(part) ?? []) emitCopy(scope, view, other.view);
  }
}

function straight(instruction: Instruction): StraightInstruction {
  if (instruction.op === "loop" || instruction.op === "affine") throw new Error("a loop inside a loop");
  return instruction;
}

/** The level of a step: what it reads is known beforehand. */
function bodyScope(scope: Scope, node: Node<"scan">, body: Body): Scope {
  const { domain, carries, xs } = node.attrs;
  const { results } = scope.homes.get(node)!;
  const views = new Map<Node, View>();
  for (const capture of body.captures) views.set(capture, viewOf(scope, capture));
  body.inputs.forEach((input, index) => {
    if (index < carries) views.set(input, overRows(results[index]!, body.rows));
    else if (index < carries + xs) views.set(input, stepped(viewOf(scope, node.inputs[index]!), body.rows));
    else views.set(input, overRows(viewOf(scope, node.inputs[index]!), body.rows));
  });
  return {
    builder: scope.builder,
    rows: body.rows,
    batch: domain.batch,
    isLeaf: (other) => views.has(other) && (!body.isInside(other) || other.op === "input"),
    bodies: new Map(),
    outer: scope,
    views,
    destinations: new Map(),
    readers: new Map(),
    homes: new Map(),
    moved: new Set(),
    fresh: new Set(),
    again: new Map(),
    done: new Set(),
    instructions: [],
    serial: false,
  };
}

/** The first rows of a [B, ...] value. */
function overRows(view: View, rows: Dim): View {
  return { ...view, shape: [rows, ...view.shape.slice(1)] };
}

/** The rows of this step of a stacked [N, ...] value. */
function stepped(view: View, rows: Dim): View {
  return { ...overRows(view, rows), step: view.strides[0]! };
}

/** Adds a value of every active row into one place, row by row: a scatter in which all indices are 0. */
function addOverRows(scope: Scope, value: Node, total: View): void {
  let view = viewOf(scope, value);
  const columns = (from: View) => singleAxis(axesOf(total.shape, [from.strides.slice(1), total.strides]), 2);
  if (columns(view) === null) view = materialise(scope, view, "float32", "summand");
  const cols = columns(view);
  if (cols === null) throw new Error("the place of a scan's sum is not dense");
  const zero = scope.builder.uniformView(0, "int32");
  scope.instructions.push({
    op: "scatter",
    rows: "rows",
    cols: cols.size,
    tableRows: 1,
    site: 0,
    table: operandOf(total, 0, cols.strides[1]!),
    index: operandOf(zero, 0, 0),
    value: operandOf(view, view.strides[0]!, cols.strides[0]!),
  });
}
