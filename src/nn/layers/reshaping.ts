// Layers that only arrange values: a vector for every step, all steps in one vector.

import { isSymbolic, showShape } from "../../base/dim.js";
import { ShapeError } from "../../base/errors.js";
import { currentPlace } from "../../ir/core/build.js";
import { joinAxes } from "../../ops/axes.js";
import { packSequence } from "../../ops/sequence.js";
import { expandDims } from "../../ops/shape.js";
import { emit } from "../../trace/emit.js";
import { asValue, dimsOf } from "../../trace/traced.js";
import type { Layer } from "../layer.js";
import { checkOptions } from "../options.js";
import { plainLayer } from "./plain.js";

/** Options of `repeat`. */
export interface RepeatOptions {
  /** Number of steps. */
  readonly times: number;
  readonly name?: string;
}

/**
 * The same vector at each of a number of steps: [B, F] to [B, times, F], as a decoder needs it.
 *
 * @throws ShapeError `repeat_rank`
 * @example sequential([gru({ units: 32 }), repeat(12), gru({ units: 32, returnSequences: true }), dense({ units: 1 })])
 */
export function repeat(given: number | RepeatOptions): Layer {
  const options = typeof given === "number" ? { times: given } : given;
  checkOptions("repeat", options, { times: "size", name: "text" }, ["times"]);
  return plainLayer("repeat", options, {
    weights(shape) {
      if (shape.length === 2) return {};
      throw new ShapeError({
        code: "repeat_rank",
        op: "repeat",
        what: `expected one vector per row, [batch, feature], found ${showShape(shape)}`,
        where: currentPlace(),
        hint: "Give the recurrent layer before it returnSequences: false.",
      });
    },
    apply(x) {
      const [batch, size] = dimsOf(x);
      const spread = emit("broadcast", [asValue(expandDims(x, 1))], { shape: [batch!, options.times, size!] });
      return packSequence(spread, null);
    },
  });
}

/**
 * All axes but the batch as one: [B, n, F] to [B, n·F]. The number of steps must be known when the network is built: build a model with
 * model.build([36, 3]) instead of ["time", 3], or reduce sequences with globalMaxPool1d and the like.
 *
 * @throws ShapeError `flatten_time`
 * @example sequential([conv1d({ filters: 8, kernelSize: 3 }), flatten(), dense({ units: 1 })])
 */
export function flatten(options: { readonly name?: string } = {}): Layer {
  checkOptions("flatten", options, { name: "text" });
  return plainLayer("flatten", options, {
    weights(shape) {
      if (shape.length >= 2 && !shape.slice(1).some(isSymbolic)) return {};
      throw new ShapeError({
        code: "flatten_time",
        op: "flatten",
        what: `${showShape(shape)} has a number of steps that is known only at run time`,
        where: currentPlace(),
        hint: "Build the model for a fixed number of steps, model.build([36, 3]), or use globalMaxPool1d, globalAveragePool1d or a recurrent layer.",
      });
    },
    apply: (x) =>
      dimsOf(x)
        .slice(2)
        .reduce((joined) => joinAxes(joined, 1), x),
  });
}
