// Convolution over time: the same product at every step, over the step and its neighbours.

import { showShape } from "../../base/dim.js";
import { ShapeError, UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { currentPlace } from "../../ir/core/build.js";
import { joinAxes, splitAxis } from "../../ops/axes.js";
import { matmul } from "../../ops/linear.js";
import { add } from "../../ops/pointwise.js";
import { concat, split } from "../../ops/shape.js";
import { timeWindows, type WindowOptions, windowSpan, windowsAfter } from "../../ops/windows.js";
import { dimsOf } from "../../trace/traced.js";
import { activationName, activations } from "../activations.js";
import type { Layer, LayerContext } from "../layer.js";
import { rememberLogits } from "../logits.js";
import { checkOptions, type OptionKinds } from "../options.js";
import { checkWeightRules, type WeightRules, weightRuleKinds, withWeightRules } from "../regularizers.js";
import { checkNames } from "../suggest.js";
import { weight } from "../weight.js";
import { plainLayer } from "./plain.js";
import { sequenceFeatures } from "./recurrent.js";

/** Options of `conv1d`. */
export interface Conv1dOptions extends WeightRules {
  /** Width of the output. */
  readonly filters: number;
  /** Steps that one output sees. */
  readonly kernelSize: number;
  /** Steps from one output to the next; default 1. */
  readonly strides?: number;
  /** Steps from one input of an output to the next; default 1. */
  readonly dilation?: number;
  /**
   * "valid" (default): a row of L steps gives floor((L - span) / strides) + 1 outputs, span = (kernelSize - 1)·dilation + 1. "same": ceil(L / strides),
   * zeros at both ends. "causal": the same number, zeros in front, so that no output sees a later step.
   */
  readonly padding?: "valid" | "same" | "causal";
  /** Default "linear". */
  readonly activation?: string;
  /** Default true. */
  readonly useBias?: boolean;
  /** Input and output features in this many groups that do not see each other; default 1. */
  readonly groups?: number;
  readonly name?: string;
}

/**
 * Convolution over time, [B, T, I] to [B, T', filters], with the weights W [kernelSize, I / groups, filters] and b [filters]. Rows are
 * convolved over their own steps alone; what follows (layers, targets per step) works on the steps that are left. A causal one of
 * strides 1 can be streamed.
 *
 * @throws UsageError `bad_option`, `cannot_stream`; ShapeError `not_a_sequence`, `uneven_groups`
 * @example conv1d({ filters: 32, kernelSize: 5, padding: "causal", activation: "relu" })
 */
export function conv1d(options: Conv1dOptions): Layer {
  const kinds = { filters: "size", kernelSize: "size", strides: "size", dilation: "size", padding: "any", groups: "size" } as const;
  const known: OptionKinds = { ...kinds, activation: "any", useBias: "boolean", ...weightRuleKinds, name: "text" };
  checkOptions("conv1d", options, known, ["filters", "kernelSize"]);
  checkWeightRules("conv1d", options);
  const { filters, kernelSize, useBias = true, groups = 1 } = options;
  const act = activationName("conv1d", options.activation ?? "linear");
  const windows = windowOptions("conv1d", { ...options, size: kernelSize });
  if (filters % groups !== 0)
    throw new UsageError({ code: "bad_option", what: `conv1d: ${filters} filters do not divide into ${groups} groups` });
  return plainLayer("conv1d", options, {
    weights(shape) {
      const features = sequenceFeatures("conv1d", shape);
      if (features % groups === 0) {
        const W = weight([kernelSize, features / groups, filters]);
        return withWeightRules("conv1d", useBias ? { W, b: weight([filters]) } : { W }, options);
      }
      throw new ShapeError({
        code: "uneven_groups",
        op: "conv1d",
        what: `the ${features} features of ${showShape(shape)} do not divide into ${groups} groups`,
        where: currentPlace(),
      });
    },
    apply(x, context) {
      const seen = context.memory === null || windowSpan(windows) === 1 ? timeWindows(x, windows).values : streamed(x, windows, context);
      const product = convolved(seen, context.weights.W!, groups);
      const logits = useBias ? add(product, context.weights.b!) : product;
      return rememberLogits(activations[act](logits), logits, act);
    },
  });
}

/** [B, T', K, I] and [K, I / groups, F] to [B, T', F]. */
function convolved(windows: Tensor, kernel: Tensor, groups: number): Tensor {
  if (groups === 1) return matmul(joinAxes(windows, 2), joinAxes(kernel, 0));
  const parts = split(windows, groups);
  const kernels = split(kernel, groups);
  return concat(parts.map((part, index) => matmul(joinAxes(part, 2), joinAxes(kernels[index]!, 0))));
}

/** Windows that go on from the steps of the piece before. */
function streamed(x: Tensor, windows: WindowOptions, context: LayerContext): Tensor {
  const { padding, stride } = windows;
  if (padding !== "causal" || stride !== 1) {
    throw new UsageError({
      code: "cannot_stream",
      op: "conv1d",
      what: padding === "causal" ? "with strides above 1 some steps have no output" : "it looks at later steps",
      where: currentPlace(),
      hint: 'A stream needs padding: "causal" and strides: 1.',
    });
  }
  const kept = windowSpan(windows) - 1;
  const features = Number(dimsOf(x)[2]);
  const memory = context.memory!({ inputs: kept * features });
  const { values, after } = windowsAfter(x, windows, splitAxis(memory.first.inputs!, 1, [kept, features]));
  memory.keep({ inputs: joinAxes(after, 1) });
  return values;
}

/** Checked window options of a layer. */
export function windowOptions(
  owner: string,
  { size, strides = 1, dilation = 1, padding = "valid" }: Partial<Omit<Conv1dOptions, "name">> & { readonly size: number },
): WindowOptions {
  checkNames(owner, "padding", [padding], ["valid", "same", "causal"]);
  return { size, stride: strides, dilation, padding };
}
