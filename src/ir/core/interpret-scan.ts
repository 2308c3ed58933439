// Scans in the interpreter: the body is prepared once per run and evaluated row by row, step by step, in fixed buffers.

import type { SymbolSizes } from "../../base/dim.js";
import { type ExactData, exactArray } from "../../base/dtype.js";
import type { RunBindings } from "./bindings.js";
import { arrayFor, isIdentity, kernelOf, nodeValue } from "./evaluate.js";
import { isOp, type Node, reachable } from "./node.js";
import type { Kernel } from "./primitive.js";

/** One op of the body. Its buffers never change, so a step allocates nothing. */
interface Instruction {
  readonly kernel: Kernel;
  readonly inputs: readonly ExactData[];
  readonly out: ExactData;
}

/** A body ready to run: write the first buffers, run the instructions, read the outputs. */
interface PreparedBody {
  /** For carries, xs and row constants. */
  readonly inputs: readonly ExactData[];
  readonly instructions: readonly Instruction[];
  readonly outputs: readonly ExactData[];
}

/** Results of a scan: final carries [B, ...], ys [N, ...], sums. */
export function runScan(node: Node<"scan">, inputs: readonly ExactData[], run: RunBindings): ExactData[] {
  const { domain, reverse, carries, xs, rows, ys } = node.attrs;
  const { time, steps, rows: activeRows, offsets } = run.domains.get(domain)!;
  const body = prepareBody(node, inputs, run.sizes);
  const states = inputs.slice(0, carries).map((initial) => initial.slice());
  const totals = body.outputs.slice(carries).map((output, index) => exactArrayLike(output, index < ys ? steps : 1));
  for (let count = 0; count < time; count++) {
    const t = reverse ? time - 1 - count : count;
    for (let row = 0; row < activeRows[t]!; row++) {
      const at = offsets[t]! + row;
      for (let i = 0; i < carries; i++) load(body.inputs[i]!, states[i]!, row);
      for (let i = carries; i < carries + xs; i++) load(body.inputs[i]!, inputs[i]!, at);
      for (let i = carries + xs; i < carries + xs + rows; i++) load(body.inputs[i]!, inputs[i]!, row);
      for (const { kernel, inputs: operands, out } of body.instructions) kernel(operands, out);
      for (let i = 0; i < carries; i++) store(states[i]!, row, body.outputs[i]!);
      for (let i = 0; i < totals.length; i++) {
        if (i < ys) store(totals[i]!, at, body.outputs[carries + i]!);
        else addTo(totals[i]!, body.outputs[carries + i]!);
      }
    }
  }
  return [...states, ...totals];
}

function prepareBody({ attrs }: Node<"scan">, inputs: readonly ExactData[], sizes: SymbolSizes): PreparedBody {
  const { body } = attrs;
  const perRow = attrs.carries + attrs.xs + attrs.rows;
  const values = new Map<Node, ExactData>();
  const varying = new Set<Node>(body.inputs.slice(0, perRow));
  body.inputs.forEach((input, index) => {
    values.set(input, index < perRow ? arrayFor(input, sizes) : inputs[index]!);
  });
  const instructions: Instruction[] = [];
  for (const node of reachable(body.outputs)) {
    if (isOp(node, "input")) continue;
    const isVarying = node.inputs.some((input) => varying.has(input));
    if (isVarying) varying.add(node);
    // What no row changes is computed once; identities share their input's buffer.
    if (!isVarying || isIdentity(node)) {
      values.set(node, nodeValue(node, values, sizes));
      continue;
    }
    const out = arrayFor(node, sizes);
    values.set(node, out);
    instructions.push({ kernel: kernelOf(node, sizes), inputs: node.inputs.map((input) => values.get(input)!), out });
  }
  return {
    inputs: body.inputs.slice(0, perRow).map((input) => values.get(input)!),
    instructions,
    outputs: body.outputs.map((output) => values.get(output)!),
  };
}

function exactArrayLike(values: ExactData, copies: number): ExactData {
  const dtype = values instanceof Float64Array ? "float32" : values instanceof Int32Array ? "int32" : "bool";
  return exactArray(dtype, values.length * copies);
}

/** Above this many elements a call into the engine is cheaper than a loop. */
const longCopy = 48;

function load(buffer: ExactData, stacked: ExactData, entry: number): void {
  const start = entry * buffer.length;
  if (buffer.length > longCopy) buffer.set(stacked.subarray(start, start + buffer.length));
  else for (let i = 0; i < buffer.length; i++) buffer[i] = stacked[start + i]!;
}

function store(stacked: ExactData, entry: number, buffer: ExactData): void {
  const start = entry * buffer.length;
  if (buffer.length > longCopy) stacked.set(buffer, start);
  else for (let i = 0; i < buffer.length; i++) stacked[start + i] = buffer[i]!;
}

function addTo(total: ExactData, term: ExactData): void {
  for (let i = 0; i < total.length; i++) total[i]! += term[i]!;
}
