// The networks of each strategy: their layers, and how columns become parameters of distributions.

import type { Tensor } from "../../../base/tensor.js";
import type { Layer } from "../../../nn/layer.js";
import { dense, embedding } from "../../../nn/layers/feedforward.js";
import { splitAxis } from "../../../ops/axes.js";
import { add, concat, denseSequence, packSequence, sequenceLike, slice, squeeze } from "../../../ops/index.js";
import { distributionOf } from "./distributions/index.js";
import { type LayerRecord, oneDirection, runStack, type StackRole, stackLayers } from "./stack.js";
import type { NetworkSpec } from "./types.js";

/** Inputs of a network by name, see feed.ts: x [B, T, columns], ahead [B, H, columns], categories [B, count] and size [B, 1] where it has them. */
export type FedTensors = { readonly x: Tensor; readonly [input: string]: Tensor };

/** One network without names of its own: layers, and parameters [B, rows, columns] from them. */
export interface Wiring {
  readonly layers: LayerRecord;
  run(layers: LayerRecord, fed: FedTensors): Tensor;
}

/** The wiring of a network. */
export function wiringOf(spec: NetworkSpec): Wiring {
  if (spec.strategy === "recursive") return recursive(spec);
  return spec.strategy === "encoder-decoder" ? encoderDecoder(spec) : direct(spec);
}

/** Features that a row ahead gets from what was read, and units that see them beside its known columns. */
const [contextSize, aheadUnits] = [8, 32];

/**
 * All rows ahead from what is read. Where columns are known for them, each row also sees its own through layers that all rows share
 * (Wen et al. 2017), so that what a column does need not be learnt anew for each row. A linear map of the target's rows goes past the
 * layers: what an autoregression can say need not be learnt by them (Lai et al. 2018; Zeng et al. 2023).
 */
function direct(spec: NetworkSpec): Wiring {
  const { horizon, channels } = spec;
  const { columns, parameters } = distributionOf(spec.distribution);
  const role: StackRole = { name: "read", stack: spec.stack, gives: "last", hasStates: false };
  const ahead = {
    context: dense({ units: horizon * contextSize }),
    ahead: dense({ units: aheadUnits, activation: "tanh" }),
    sayAhead: head(columns),
  };
  return {
    layers: { ...embeddings(spec), ...stackLayers(spec, role), say: head(horizon * columns), ...(channels.future > 0 ? ahead : {}) },
    run(layers, fed) {
      const known = embedded(layers, spec, fed);
      const { output } = runStack(layers, spec, role, withRows(spec.linear ? packSequence(fed.x, null) : fed.x, known));
      const read = concat([output, ...known]);
      const said = call(layers, "say", spec.linear ? concat([read, targetRows(fed.x)]) : read);
      const all = splitAxis(said, 1, [horizon, columns]);
      if (fed.ahead === undefined) return parameters(all, fed.size ?? null);
      const context = splitAxis(call(layers, "context", read), 1, [horizon, contextSize]);
      const seen = call(layers, "ahead", concat([context, fed.ahead]));
      return parameters(add(all, call(layers, "sayAhead", concat([seen, fed.ahead]))), fed.size ?? null);
    },
  };
}

/** The target's rows [B, T] of x [B, T, columns]. */
function targetRows(x: Tensor): Tensor {
  return squeeze(slice(x, { axis: 2, start: 0, size: 1 }), 2);
}

/** One row after each step. */
function recursive(spec: NetworkSpec): Wiring {
  const { columns, parameters } = distributionOf(spec.distribution);
  const role: StackRole = { name: "read", stack: spec.stack, gives: "steps", hasStates: false };
  return {
    layers: { ...embeddings(spec), ...stackLayers(spec, role), say: head(columns) },
    run(layers, fed) {
      const { output } = runStack(layers, spec, role, withRows(fed.x, embedded(layers, spec, fed)));
      return parameters(call(layers, "say", output), fed.size ?? null);
    },
  };
}

/**
 * A network over the rows ahead that starts from the states of the one that has read. It and its head also see, at every row, what was
 * read last (Cho et al. 2014) and the row's known columns.
 */
function encoderDecoder(spec: NetworkSpec): Wiring {
  const { columns, parameters } = distributionOf(spec.distribution);
  const isBoth = spec.stack === "bidirectional";
  const reader: StackRole = { name: "read", stack: spec.stack, gives: "last", hasStates: true };
  const writer: StackRole = { name: "write", stack: isBoth ? "plain" : spec.stack, gives: "steps", hasStates: false };
  return {
    layers: { ...embeddings(spec), ...stackLayers(spec, reader), ...stackLayers(spec, writer), say: head(columns) },
    run(layers, fed) {
      const known = embedded(layers, spec, fed);
      const { output, states } = runStack(layers, spec, reader, withRows(fed.x, known));
      const ahead = withRows(packSequence(fed.ahead!, null), [...known, output]);
      const { output: written } = runStack(layers, spec, writer, ahead, isBoth ? states.map(oneDirection) : states);
      return denseSequence(parameters(call(layers, "say", concat([written, ahead])), fed.size ?? null));
    },
  };
}

/** Says nothing but the start of its distribution before it is trained. */
function head(units: number): Layer {
  return dense({ units, kernelInitializer: "zeros" });
}

function call(layers: LayerRecord, name: string, x: Tensor): Tensor {
  return (layers[name] as Layer)(x);
}

/** A table for each category: half as many numbers as there are kinds, at most 50. */
function embeddings({ channels }: NetworkSpec): LayerRecord {
  return Object.fromEntries(
    channels.categories.map((vocabularySize, index) => [
      `category${index + 1}`,
      embedding({ vocabularySize, size: Math.min(50, Math.ceil(vocabularySize / 2)) }),
    ]),
  );
}

/** What the tables say of the categories, each [B, size]. */
function embedded(layers: LayerRecord, { channels }: NetworkSpec, { categories }: FedTensors): Tensor[] {
  return channels.categories.map((_, index) =>
    call(layers, `category${index + 1}`, squeeze(slice(categories!, { axis: 1, start: index, size: 1 }), 1)),
  );
}

/** A sequence with the same values of each row [B, n] beside every step. */
function withRows(x: Tensor, rows: readonly Tensor[]): Tensor {
  return rows.length === 0 ? x : concat([x, ...rows.map((row) => sequenceLike(x, row))]);
}
