// Affine scans in the interpreter: the recurrence as it is written, row by row and step by step in float64.

import { evaluateShape } from "../../base/dim.js";
import { type ExactData, elementCount } from "../../base/dtype.js";
import type { RunBindings } from "./bindings.js";
import type { Node } from "./node.js";
import { affineInputs, affineWidth } from "./ops-affine.js";
import { broadcastStrides, offsetTable } from "./strides.js";

/** A coefficient of one run: where its entry for a stacked step and row starts, and where each feature lies from there. */
interface Coefficient {
  readonly data: ExactData;
  readonly size: number;
  readonly vary: "steps" | "rows" | "shared";
  readonly features: Int32Array;
}

/** The state after every step: [N, ...], or [2, N, ...] for a pair. */
export function runAffineScan(node: Node<"affineScan">, inputs: readonly ExactData[], run: RunBindings): Float64Array {
  const { domain, reverse, vary, start, lag } = node.attrs;
  const { batch, time, steps, rows, offsets } = run.domains.get(domain)!;
  const width = affineWidth(node.attrs);
  const given = affineInputs(inputs, node.attrs);
  const nodes = affineInputs(node.inputs, node.attrs);
  const shape = evaluateShape(nodes.terms[0]!.shape.slice(1), run.sizes);
  const features = elementCount(shape);
  const coefficients = given.coefficients.map((data, index): Coefficient => {
    const own = evaluateShape(nodes.coefficients[index]!.shape.slice(vary[index] === "shared" ? 0 : 1), run.sizes);
    return { data, size: elementCount(own), vary: vary[index]!, features: offsetTable(shape, broadcastStrides(own, shape)) };
  });
  const out = new Float64Array(width * steps * features);
  const states = Array.from({ length: width }, (_, index) => Float64Array.from(given.initial[index] ?? new Float64Array(batch * features)));
  const before = new Int32Array(batch).fill(-1);
  const next = new Float64Array(width);
  for (let count = 0; count < time; count++) {
    const t = reverse ? time - 1 - count : count;
    for (let row = 0; row < rows[t]!; row++) {
      const at = offsets[t]! + row;
      const isBare = !start && before[row] === -1;
      for (let f = 0; f < features; f++) {
        for (let i = 0; i < width; i++) {
          const term = given.terms[i]![at * features + f]!;
          let sum = 0;
          for (let j = 0; j < width && !isBare; j++) {
            const product = entry(coefficients[i * width + j]!, lag ? before[row]! : at, row, f) * states[j]![row * features + f]!;
            sum = j === 0 ? product : sum + product;
          }
          next[i] = isBare ? term : sum + term;
        }
        for (let i = 0; i < width; i++) {
          states[i]![row * features + f] = next[i]!;
          out[(i * steps + at) * features + f] = next[i]!;
        }
      }
      before[row] = at;
    }
  }
  return out;
}

function entry({ data, size, vary, features }: Coefficient, step: number, row: number, feature: number): number {
  const start = vary === "steps" ? step * size : vary === "rows" ? row * size : 0;
  return data[start + features[feature]!]!;
}
