// The pretrained network at work: a gated recurrent layer over the rows, and one small dense network for every row ahead.

import type { PriorWeights } from "./weights.js";
import { aheadNumbers, candidateCount, type PriorWindow, readRows, rowNumbers } from "./window.js";

/**
 * What comes after the window, in levels: a mean of the candidates with weights of its own for each row ahead, and a correction. Plain
 * arithmetic in doubles, so that it is the same on every backend and any number of threads.
 */
export function priorLevels(weights: PriorWeights, window: PriorWindow): Float64Array {
  const state = stateAfter(weights, window);
  const known = dense(Float64Array.of(...state, ...window.kind), weights["state/W"], weights["state/b"]);
  const horizon = window.candidates.length / candidateCount;
  return new Float64Array(horizon).map((_, h) => {
    const own = dense(
      Float64Array.from(window.ahead.subarray(h * aheadNumbers, (h + 1) * aheadNumbers)),
      weights["ahead/W"],
      weights["ahead/b"],
    );
    const first = own.map((value, k) => Math.max(0, value + known[k]!));
    const second = dense(first, weights["mix/W"], weights["mix/b"]).map((value) => Math.max(0, value));
    const said = dense(second, weights["out/W"], weights["out/b"]);
    return window.level + window.scale * mixed(said, window.candidates.subarray(h * candidateCount, (h + 1) * candidateCount));
  });
}

/** Candidates weighed by a softmax, and the last number said. */
function mixed(said: Float64Array, candidates: Float32Array): number {
  const largest = said.subarray(0, candidateCount).reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  let [sum, total] = [0, 0];
  for (let k = 0; k < candidateCount; k++) {
    const weight = Math.exp(said[k]! - largest);
    sum += weight * candidates[k]!;
    total += weight;
  }
  return sum / total + said[candidateCount]!;
}

/** The state of the gated recurrent unit (reset gate after the product) behind the last row. */
function stateAfter(weights: PriorWeights, { rows, kind }: PriorWindow): Float64Array {
  const { "read/W": matrix, "read/U": recurrent, "read/bR": recurrentBias } = weights;
  const units = recurrentBias.length / 3;
  // The kind stands beside every row: what it adds is always the same.
  const always = dense(Float64Array.from(kind), matrix.subarray(rowNumbers * 3 * units), weights["read/b"]);
  // Two numbers more, always zero, fill a block of `dense`; they meet the first rows of the kind.
  const input = new Float64Array(rowNumbers + 2);
  const state = new Float64Array(units);
  const [fromX, fromH] = [new Float64Array(3 * units), new Float64Array(3 * units)];
  for (let row = 0; row < readRows; row++) {
    input.set(rows.subarray(row * rowNumbers, (row + 1) * rowNumbers));
    dense(input, matrix, always, fromX);
    dense(state, recurrent, recurrentBias, fromH);
    for (let k = 0; k < units; k++) {
      const reset = sigmoid(fromX[k]! + fromH[k]!);
      const kept = sigmoid(fromX[units + k]! + fromH[units + k]!);
      const proposed = Math.tanh(fromX[2 * units + k]! + reset * fromH[2 * units + k]!);
      state[k] = kept * state[k]! + (1 - kept) * proposed;
    }
  }
  return state;
}

/** b + x W into `result`, with W [inputs, outputs] row after row; eight rows at a time take half the time of one after the other. */
function dense(
  x: Float64Array,
  matrix: Float64Array,
  bias: Float64Array,
  result: Float64Array = new Float64Array(bias.length),
): Float64Array {
  const outputs = bias.length;
  result.set(bias);
  let i = 0;
  for (; i + 8 <= x.length; i += 8) {
    const x0 = x[i]!;
    const x1 = x[i + 1]!;
    const x2 = x[i + 2]!;
    const x3 = x[i + 3]!;
    const x4 = x[i + 4]!;
    const x5 = x[i + 5]!;
    const x6 = x[i + 6]!;
    const x7 = x[i + 7]!;
    const from0 = i * outputs;
    const from1 = from0 + outputs;
    const from2 = from1 + outputs;
    const from3 = from2 + outputs;
    const from4 = from3 + outputs;
    const from5 = from4 + outputs;
    const from6 = from5 + outputs;
    const from7 = from6 + outputs;
    for (let k = 0; k < outputs; k++) {
      result[k] =
        result[k]! +
        (x0 * matrix[from0 + k]! + x1 * matrix[from1 + k]! + x2 * matrix[from2 + k]! + x3 * matrix[from3 + k]!) +
        (x4 * matrix[from4 + k]! + x5 * matrix[from5 + k]! + x6 * matrix[from6 + k]! + x7 * matrix[from7 + k]!);
    }
  }
  for (; i < x.length; i++) for (let k = 0; k < outputs; k++) result[k] = result[k]! + x[i]! * matrix[i * outputs + k]!;
  return result;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
