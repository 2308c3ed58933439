// The network of the first example: stacked simple recurrent layers and a dense output.

import { UsageError } from "../../base/errors.js";
import { definitionOf } from "../layer.js";
import { dense } from "../layers/feedforward.js";
import { simpleRnn } from "../layers/named.js";
import { plainOptions } from "../layers/recurrent.js";
import type { Named, Network } from "../network.js";
import { checkOptions } from "../options.js";
import { buildPlan } from "./build.js";
import { onceBuilt } from "./once-built.js";
import type { PlannedLayer } from "./plan.js";
import { chainPlan } from "./sequential.js";

/** Options of `deepRnn`. */
export interface DeepRnnOptions {
  /** Width of every layer, or one width per layer. */
  readonly units: number | readonly number[];
  /** Number of recurrent layers; default 2, or as many as `units` lists. */
  readonly layers?: number;
  /** As in `simpleRnn`; default "relu", whose recurrence starts at the identity. */
  readonly activation?: string;
  /** Width of the output; taken from y when it is left out. */
  readonly outputSize?: number;
  /** One output per step instead of one per sequence. */
  readonly returnSequences?: boolean;
  /** Share of each layer's inputs dropped while training. */
  readonly dropout?: number;
}

/**
 * Stacked Elman layers "rnn-1", "rnn-2" … and a linear layer "output".
 *
 * @throws UsageError `bad_option`, `output_size` when nothing tells the width of the output
 */
export function deepRnnNetwork(options: DeepRnnOptions): Network {
  const widths = checkedWidths(options);
  return {
    kind: "deep-rnn",
    inputNames: null,
    firstKind: "deep-rnn",
    build: onceBuilt((inputs, outputSizes) => buildPlan(chainPlan(plannedLayers(options, widths, outputSizes)), inputs)),
    toConfig: () => ({ kind: "deep-rnn", layers: [], cells: [], options: plainOptions(options) }),
  };
}

function plannedLayers(options: DeepRnnOptions, widths: readonly number[], outputSizes: Named<number> | null): PlannedLayer[] {
  const { activation = "relu", returnSequences = false, dropout = 0 } = options;
  const recurrent = widths.map((units, index) => {
    const isLast = index === widths.length - 1;
    const layer = simpleRnn({ units, activation, dropout, returnSequences: !isLast || returnSequences });
    return { name: `rnn-${index + 1}`, definition: definitionOf(layer, "deepRnn") };
  });
  const output = dense({ units: outputSize(options, outputSizes) });
  return [...recurrent, { name: "output", definition: definitionOf(output, "deepRnn") }];
}

function outputSize(options: DeepRnnOptions, outputSizes: Named<number> | null): number {
  if (options.outputSize !== undefined) return options.outputSize;
  if (typeof outputSizes === "number") return outputSizes;
  const what =
    outputSizes === null ? "the width of the output is not known before the first y" : "it has one output, several named ones were given";
  throw new UsageError({ code: "output_size", op: "deepRnn", what, hint: "Give outputSize." });
}

function checkedWidths(options: DeepRnnOptions): readonly number[] {
  const kinds = {
    units: "any",
    layers: "size",
    activation: "any",
    outputSize: "size",
    returnSequences: "boolean",
    dropout: "rate",
  } as const;
  checkOptions("deepRnn", options, kinds, ["units"]);
  const { units, layers, activation = "relu" } = options;
  if (typeof units !== "number" && !Array.isArray(units))
    throw new UsageError({ code: "bad_option", what: "deepRnn: units must be a whole number above 0, or a list of them" });
  const widths = typeof units === "number" ? Array.from({ length: layers ?? 2 }, () => units) : [...units];
  if (layers !== undefined && layers !== widths.length) {
    throw new UsageError({ code: "bad_option", what: `deepRnn: layers is ${layers}, but units lists ${widths.length} widths` });
  }
  if (widths.length === 0) throw new UsageError({ code: "bad_option", what: "deepRnn: units lists no width" });
  // The layers check each width and the activation; made here so that a wrong one is reported at once.
  for (const width of widths) simpleRnn({ units: width, activation });
  return widths;
}
