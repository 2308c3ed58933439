// The verifier accepts every program we can make and refuses each kind of broken graph.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Dim, symbolDim } from "../../src/base/dim.js";
import type { DType } from "../../src/base/dtype.js";
import { domainTable, inputNode, makeGraph, makeNode, makeScan, newScope } from "../../src/ir/core/build.js";
import { add, tanh } from "../../src/ir/core/builders.js";
import { type Domain, type Graph, isOp, type Node, type ScanAttributes } from "../../src/ir/core/node.js";
import { verify } from "../../src/ir/core/verify.js";
import { anyProgram } from "../support/random-graph.js";

const [B, T, N] = [symbolDim("B"), symbolDim("T"), symbolDim("N.d0")];

function real(name: string, scope = 0): Node<"input"> {
  return inputNode(name, { shape: [2], dtype: "float32" }, scope);
}

function refused(graph: Graph, why: RegExp): void {
  assert.throws(() => verify(graph), { code: "invalid_graph", message: why });
}

/** A scan of h' = h + x whose nodes can be spoilt. */
function simpleScan(spoil: { attrs?: (attrs: ScanAttributes) => ScanAttributes; lengths?: DType; steps?: Dim } = {}) {
  const lengths = inputNode("lengths", { shape: [B], dtype: spoil.lengths ?? "int32" });
  const steps = spoil.steps ?? N;
  const domain: Domain = { name: "d0", batch: B, time: T, steps, lengths };
  const h = inputNode("h", { shape: [B, 2], dtype: "float32" });
  const x = inputNode("x", { shape: [steps, 2], dtype: "float32" });
  const scope = newScope();
  const [inner, step] = [real("h", scope), real("x", scope)];
  const body = makeGraph("step", [inner, step], [add(inner, step)]);
  const attrs: ScanAttributes = { domain, reverse: false, carries: 1, xs: 1, rows: 0, shared: 0, ys: 0, sums: 0, body };
  const [part] = makeScan([h, x], attrs);
  const scan = part!.inputs[0]!;
  if (!isOp(scan, "scan")) throw new Error("no scan");
  const spoilt = { ...scan, attrs: spoil.attrs?.(attrs) ?? attrs };
  const result = { ...part!, inputs: [spoilt] };
  return { graph: makeGraph("g", [lengths, h, x], [result]), inner, lengths, h, x, part: result, body };
}

describe("the verifier", () => {
  it("accepts random programs", () => {
    fc.assert(
      fc.property(anyProgram(), ({ graph }) => {
        verify(graph);
      }),
      { numRuns: 60 },
    );
  });
  it("accepts a scan over lengths and returns the graph", () => {
    const { graph } = simpleScan();
    assert.equal(verify(graph), graph);
  });
  it("refuses ids that do not ascend", () => {
    const x = real("x");
    const early = { ...tanh(x), id: x.id };
    refused(makeGraph("g", [x], [early]), /was made after it/);
  });
  it("refuses stored types that the op table denies", () => {
    const x = real("x");
    refused(makeGraph("g", [x], [{ ...tanh(x), shape: [3] }]), /stored as \[3\] float32, but is \[2\] float32/);
    refused(makeGraph("g", [x], [{ ...tanh(x), dtype: "int32" }]), /stored as \[2\] int32/);
  });
  it("refuses inputs that an op cannot take", () => {
    const [x, y] = [real("x"), inputNode("y", { shape: [3], dtype: "float32" })];
    refused(makeGraph("g", [x, y], [{ ...add(x, x), inputs: [x, y] }]), /do not fit together/);
    refused(makeGraph("g", [x], [{ ...tanh(x), inputs: [x, x] }]), /has 2 inputs, not 1/);
  });
  it("refuses arguments that are not listed, or twice", () => {
    const x = real("x");
    refused(makeGraph("g", [], [tanh(x)]), /not listed/);
    refused(makeGraph("g", [x, x], [x]), /listed twice/);
  });
  it("refuses scopes that inputs deny, and body values outside", () => {
    const x = real("x");
    refused(makeGraph("g", [x], [{ ...tanh(x), scope: 4 }]), /scope is 4/);
    const inner = real("inner", newScope());
    refused(makeGraph("g", [inner], [tanh(inner)]), /scope/);
  });
  it("refuses bodies that are not closed", () => {
    const outer = real("outer");
    const open = (attrs: ScanAttributes): ScanAttributes => {
      const inner = attrs.body.inputs[0]!;
      return { ...attrs, body: makeGraph("step", attrs.body.inputs, [add(inner, outer)]) };
    };
    refused(simpleScan({ attrs: open }).graph, /body "step".*not listed/);
  });
  it("refuses index tables inside bodies", () => {
    const domain: Domain = { name: "d0", batch: 2, time: T, steps: N, lengths: null };
    const withTable = (attrs: ScanAttributes): ScanAttributes => {
      const order = makeNode("cast", [domainTable(domain, "order")], { dtype: "float32" });
      return { ...attrs, body: makeGraph("step", attrs.body.inputs, [add(attrs.body.inputs[0]!, order)]) };
    };
    refused(simpleScan({ attrs: withTable }).graph, /not listed/);
  });
  it("refuses scans inside bodies", () => {
    const nested = (attrs: ScanAttributes): ScanAttributes => {
      const inner = attrs.body.inputs[0]!;
      const scope = newScope();
      const [h, x] = [inputNode("h", { shape: [], dtype: "float32" }, scope), inputNode("x", { shape: [], dtype: "float32" }, scope)];
      const body = makeGraph("inner", [h, x], [add(h, x)]);
      const domain: Domain = { name: "d1", batch: 2, time: 1, steps: symbolDim("N.d1"), lengths: null };
      const table = inputNode("xs", { shape: [symbolDim("N.d1")], dtype: "float32" }, inner.scope);
      const [part] = makeScan([inner, table], { domain, reverse: false, carries: 1, xs: 1, rows: 0, shared: 0, ys: 0, sums: 0, body });
      return { ...attrs, xs: 1, body: makeGraph("step", attrs.body.inputs, [part!]) };
    };
    refused(simpleScan({ attrs: nested }).graph, /not listed|no scans/);
  });
  it("refuses counts, carries and results that do not fit the body", () => {
    refused(simpleScan({ attrs: (attrs) => ({ ...attrs, ys: 1 }) }).graph, /1 outputs, the counts say 2/);
    refused(simpleScan({ attrs: (attrs) => ({ ...attrs, xs: 0 }) }).graph, /2 values for 2 body inputs/);
    const { graph, part } = simpleScan();
    const wrong = { ...part, attrs: { index: 1 } };
    refused(makeGraph("g", graph.inputs, [wrong]), /result 1 of 1 does not exist/);
  });
  it("refuses malformed time domains", () => {
    const { h, x, part } = simpleScan();
    refused(makeGraph("g", [h, x], [part]), /lengths of d0 are not an argument/);
    refused(simpleScan({ lengths: "float32" }).graph, /lengths of d0 are \[B\] float32/);
    refused(simpleScan({ steps: 6 }).graph, /steps of d0 is not a symbol/);
    const twin: Domain = { name: "d0", batch: B, time: T, steps: symbolDim("N.d9"), lengths: null };
    const { graph } = simpleScan();
    refused(makeGraph("g", graph.inputs, [...graph.outputs, domainTable(twin, "order")]), /two time domains have one name/);
  });
});
