// What every network can do: be built for input shapes, be called with weights, and be saved.

import type { Dim } from "../base/dim.js";
import type { DType } from "../base/dtype.js";
import type { Tensor } from "../base/tensor.js";
import type { Tree } from "../base/tree.js";
import type { Windows } from "../ir/core/node.js";
import type { Json, LayerConfig } from "./layer.js";
import type { Memory, NamedState } from "./memory.js";
import type { PenaltySink } from "./penalty.js";
import type { Constraint, Regularizer } from "./regularizers.js";

/** One value, or several by name. */
export type Named<T> = T | { readonly [name: string]: T };

/** A size in a shape without the batch axis. Only the first axis may be "time". */
export type AxisSize = number | "time";

/** Type of one input, without the batch axis. */
export interface NetworkInput {
  readonly shape: readonly AxisSize[];
  readonly dtype: DType;
  /** Name of the number of steps; inputs with other names may have other numbers of them. "T" unless given. */
  readonly time?: string;
}

/** Type of one output, without the batch axis. */
export interface NetworkOutput {
  /** True when the first axis is time. */
  readonly sequence: boolean;
  readonly shape: readonly AxisSize[];
  /** Name of the number of steps, as that of the input whose steps these are, or are windows over. */
  readonly time?: string;
  /** Where the steps are windows over those of the inputs, as after a strided convolution: the windows, first ones first. */
  readonly windows?: readonly Windows[];
}

/** One weight of a built network. */
export interface WeightInfo {
  /** `layer/weight`, as in files: "lstm-1/W". */
  readonly path: string;
  /** As stored, all gates side by side. */
  readonly shape: readonly number[];
  /** Order of the gates in the last axis. */
  readonly gates: readonly string[] | null;
  readonly regularizer: Regularizer | null;
  readonly constraint: Constraint | null;
  /** Initial values, row-major; they depend on the seed and the path only. */
  initial(seed: number): Float32Array;
}

/** One line of a summary. */
export interface LayerInfo {
  readonly name: string;
  readonly kind: string;
  /** Who made the layer: "lstm", "recurrent", "dense" … */
  readonly maker: string;
  /** The cell that it runs; null for layers without one. */
  readonly cell: string | null;
  readonly inputShape: readonly (number | "batch" | "time")[];
  readonly outputShape: readonly (number | "batch" | "time")[];
  readonly parameters: number;
}

/** How a network is called. */
export interface CallOptions {
  readonly training: boolean;
  /** Needed when training a network with random layers. */
  readonly key: Tensor | null;
  /** Valid steps of each row, int32 [B]: one tensor for all sequence inputs, or one for each by name. */
  readonly lengths?: Tensor | { readonly [input: string]: Tensor };
  /** States from outside instead of zeros. Layers that need the end of the sequence first throw `cannot_stream`. */
  readonly memory?: Memory;
  /** States that stateful layers take over from the batch before. */
  readonly carried?: Memory;
  /** Takes what layers add to the loss, while tracing. */
  readonly penalties?: PenaltySink;
  /** Sees the output of every layer call. */
  readonly onLayer?: (layer: string, output: Tensor) => void;
}

/** A network whose weights are known. */
export interface BuiltNetwork {
  readonly inputs: Named<NetworkInput>;
  readonly outputs: Named<NetworkOutput>;
  /** In a fixed order: layers as first called, weights as declared. */
  readonly weights: readonly WeightInfo[];
  readonly layers: readonly LayerInfo[];
  /** States that stateful layers carry from batch to batch, in the order in which they ask for them. */
  readonly carried: readonly NamedState[];
  /** How many penalties a run hands to `penalties`. */
  readonly penalties: number;
  /** Inputs in which NaN means a missing value; a single unnamed input is called "". */
  readonly missingInputs: ReadonlySet<string>;
  /** Inputs that layers read as `dt`, the time since the step before. */
  readonly gapInputs: ReadonlySet<string>;
  /** Runs the network; dense sequence inputs are packed first. While tracing, sequence outputs stay packed. */
  call(weights: Tree, inputs: Named<Tensor>, options: CallOptions): Named<Tensor>;
}

/** A cell as files describe it: names and gate orders, so that a changed cell is noticed. */
export interface CellConfig {
  readonly name: string;
  readonly source: string;
  readonly options: { readonly [option: string]: number };
  readonly state: { readonly [state: string]: string | number };
  readonly output: string;
  readonly gates: { readonly [weight: string]: readonly string[] | null };
}

/** What a model file keeps of a network. */
export interface NetworkConfig {
  readonly kind: Network["kind"];
  readonly layers: readonly { readonly name: string; readonly layer: LayerConfig }[];
  readonly cells: readonly CellConfig[];
  /** Only `deep-rnn`: its options. */
  readonly options?: { readonly [option: string]: Json };
  /** Only `functional`: what happens between the layers. */
  readonly wiring?: Json;
}

/** A network before its input shapes are known. */
export interface Network {
  readonly kind: "sequential" | "functional" | "deep-rnn";
  /** null: one input without a name. */
  readonly inputNames: readonly string[] | null;
  /** Kind of the layer that the input meets; null where the wiring decides. */
  readonly firstKind: string | null;
  /**
   * Finds all shapes by tracing; the same inputs give the same built network.
   *
   * @param outputSizes last axes of the targets, for `deepRnn` without outputSize
   * @throws ShapeError naming the layer; UsageError `output_size`
   */
  build(inputs: Named<NetworkInput>, outputSizes: Named<number> | null): BuiltNetwork;
  /** For model.json; throws UsageError `not_built` before it is built. */
  toConfig(): NetworkConfig;
}

/** True for a single input's type, false for a record of them. */
export function isSingleInput(inputs: Named<NetworkInput>): inputs is NetworkInput {
  return Array.isArray(inputs.shape);
}

/** Sizes as a summary shows them. */
export function shownShape(dims: readonly Dim[], isSequence: boolean): (number | "batch" | "time")[] {
  return dims.map((dim, axis) => (axis === 0 ? "batch" : typeof dim === "number" ? dim : axis === 1 && isSequence ? "time" : "batch"));
}
