// From core graphs to a lowered program, section by section.

import { isSymbolic, sizeOfShape } from "../base/dim.js";
import { isOp, type Node } from "../ir/core/node.js";
import type { LoweredProgram, LoweredSection, LowerOptions } from "../ir/lowered/program.js";
import type { ProgramSpec, SectionSpec } from "../ir/lowered/section.js";
import { productsBeside } from "./ahead.js";
import { type Body, prepareBody } from "./body.js";
import { SectionBuilder } from "./builder.js";
import type { Sink } from "./destinations.js";
import { lowerScope } from "./level.js";
import { normalise } from "./normalise.js";
import type { Overwrite } from "./overwrite.js";
import { type Scope, viewOf } from "./scope.js";
import { topological } from "./walk.js";

/** Lowers all sections; sizes stay symbolic, so one program serves every batch size and length. */
export function lowerProgram(spec: ProgramSpec, options: LowerOptions): LoweredProgram {
  return { name: spec.name, sections: spec.sections.map((section) => lowerSection(section, options)) };
}

function lowerSection(spec: SectionSpec, options: LowerOptions): LoweredSection {
  const builder = new SectionBuilder(spec, options);
  const outputs = normalise({ outputs: spec.graph.outputs, isOuter: () => false });
  const bodies = prepareBodies(outputs);
  const scope = mainScope(builder, bodies);
  const sinks: Sink[] = [];
  const overwrites: Overwrite[] = [];
  outputs.forEach((value, index) => {
    const view = builder.outputView(index, spec.graph.outputs[index]!);
    const inputs = overwritten(builder, spec, index);
    for (const input of inputs) viewOf(scope, input);
    if (inputs.length === 0) sinks.push({ value, view });
    else overwrites.push({ value, view, inputs });
  });
  lowerScope(scope, { sinks, overwrites, kept: [], last: () => {} });
  return {
    name: spec.name,
    buffers: builder.buffers,
    prepare: builder.prepare,
    prepareFrom: [...builder.prepareFrom],
    instructions: productsBeside(scope.instructions, builder),
    domains: builder.domains,
    inputs: builder.inputPorts(),
    outputs: builder.outputPorts(),
    sites: builder.sites,
  };
}

/** Steps of all scans; what a step reads from outside may itself hold scans' results, so captures count as dependencies. */
function prepareBodies(outputs: readonly Node[]): Map<Node, Body> {
  const bodies = new Map<Node, Body>();
  const bodyOf = (scan: Node<"scan">): Body => {
    const known = bodies.get(scan) ?? prepareBody(scan);
    bodies.set(scan, known);
    return known;
  };
  topological(outputs, (node) => (isOp(node, "scan") ? [...node.inputs, ...bodyOf(node).captures] : node.inputs));
  return bodies;
}

function mainScope(builder: SectionBuilder, bodies: ReadonlyMap<Node, Body>): Scope {
  return {
    builder,
    rows: null,
    batch: 1,
    isLeaf: (node) => node.op === "input" || node.op === "constant" || node.op === "sizeOf",
    bodies,
    outer: null,
    views: new Map(),
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

/** Resident inputs whose range an output shares. */
function overwritten(builder: SectionBuilder, spec: SectionSpec, index: number): Node[] {
  const binding = spec.outputs[index]!;
  if (binding.kind !== "resident") return [];
  const end = endOf(binding.offset, spec.graph.outputs[index]!);
  return builder
    .residentInputs()
    .filter(({ node, vector, offset }) => vector === binding.vector && offset < end && binding.offset < endOf(offset, node))
    .map(({ node }) => node);
}

function endOf(offset: number, node: Node): number {
  const size = sizeOfShape(node.shape);
  return isSymbolic(size) ? Number.POSITIVE_INFINITY : offset + size;
}
