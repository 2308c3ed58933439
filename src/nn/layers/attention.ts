// Attention: each step of a sequence takes a mean of memory steps, weighted by how well they fit it.

import { isSymbolic, showShape } from "../../base/dim.js";
import { ShapeError, UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { currentPlace } from "../../ir/core/build.js";
import { joinAxes, splitAxis } from "../../ops/axes.js";
import { matmul } from "../../ops/linear.js";
import { softmax } from "../../ops/nonlinear.js";
import { add, cast, less, lessEqual, logicalAnd, mul, tanh, where } from "../../ops/pointwise.js";
import { denseSequence, isPacked, lengthsOf, packSequence } from "../../ops/sequence.js";
import { expandDims, squeeze, transpose } from "../../ops/shape.js";
import { emit } from "../../trace/emit.js";
import { domainOf, pack } from "../../trace/packed.js";
import { asValue, dimsOf } from "../../trace/traced.js";
import type { Tensors } from "../cell.js";
import { glorotUniform } from "../init.js";
import { checkExtras, featureSize, type Layer, makeLayer, type WeighingLayer } from "../layer.js";
import { checkOptions, type OptionKinds } from "../options.js";
import { checkWeightRules, type WeightRules, weightRuleKinds, withWeightRules } from "../regularizers.js";
import { checkNames } from "../suggest.js";
import { type Weight, weight } from "../weight.js";
import { plainOptions } from "./recurrent.js";
import { refuseStream, seesManySteps } from "./whole-sequence.js";

/** How well a memory step m fits a step x. */
export type AttentionScore = "additive" | "dot" | "scaledDot" | "multiHead";

/** Options of `attention`. */
export interface AttentionOptions extends WeightRules {
  /**
   * "additive": v·tanh(x·Wq + m·Wk + b) (Bahdanau, Cho & Bengio 2015). "dot": x·m (Luong, Pham & Manning 2015). "scaledDot" (default): x·m / √F.
   * "multiHead": scaled dots of `heads` projections of both, joined by Wo (Vaswani et al. 2017).
   */
  readonly score?: AttentionScore;
  /** Width of the projections, for "additive" and "multiHead", where it is the output's too. */
  readonly units?: number;
  /** Number of heads, which `units` must divide into; for "multiHead" alone, default 4. */
  readonly heads?: number;
  /** A step sees no later one. Only without `memory`. */
  readonly causal?: boolean;
  /** The layer returns { output, weights }: the weights of the memory steps, [B, T, S] or [B, T, heads, S]. */
  readonly returnWeights?: boolean;
  readonly name?: string;
}

/**
 * Attention of a sequence over itself, l.attend(x), or over a memory, l.attend(x, { memory }): [B, T, F] or one step [B, F] to means of the
 * memory's steps [B, T, M], with "multiHead" to [B, T, units]. Steps beyond the lengths of either side are never read; over a memory without
 * steps the mean is 0.
 *
 * @throws UsageError `bad_option`, `causal_memory`, `cannot_stream`; ShapeError `attention_sizes`, `attention_memory`
 * @example
 * functional({ encode: gru({ units: 32, returnSequences: true }), decode: gru({ units: 32, returnSequences: true }), attend: attention({ score: "additive", units: 32 }) },
 *   (l, { source, target }: { source: Tensor; target: Tensor }) => l.attend(l.decode(target), { memory: l.encode(source) }))
 */
export function attention(options: AttentionOptions & { readonly returnWeights: true }): WeighingLayer;
export function attention(options?: AttentionOptions): Layer;
export function attention(options: AttentionOptions = {}): Layer & WeighingLayer {
  const kinds: OptionKinds = { score: "any", units: "size", heads: "size", causal: "boolean", returnWeights: "boolean" };
  checkOptions("attention", options, { ...kinds, ...weightRuleKinds, name: "text" });
  const { score = "scaledDot", causal = false, returnWeights = false } = options;
  checkNames("attention", "score", [score], Object.keys(scores));
  checkWeightRules("attention", options);
  checkSizes(options, score);
  const { weights, attend } = scores[score](options);
  return makeLayer({
    config: { kind: "attention", options: plainOptions(options) },
    givenName: options.name ?? null,
    cells: [],
    isRandom: false,
    weights(shape, _dtype, { memory }) {
      const own = weights(featureSize("attention", shape), memory === undefined ? featureSize("attention", shape) : memorySize(memory));
      return withWeightRules("attention", own, options);
    },
    apply(x, extras, context) {
      checkExtras("attention", extras, ["memory"]);
      refuseStream("attention", context, seesManySteps);
      const isOne = dimsOf(x).length === 2;
      if (causal && (extras.memory !== undefined || isOne)) throw causalMemory();
      const query = cast(isOne ? expandDims(x, 1) : packSequence(x, null), "float32");
      const memory = cast(extras.memory === undefined ? query : packSequence(extras.memory, null), "float32");
      const seen = attend(query, memory, (fits) => weighted(fits, memory, causal), context.weights);
      const like = (dense: Tensor): Tensor => (isOne ? squeeze(dense, 1) : packedAs(query, dense));
      const output = seen.finish(like(seen.mean));
      return returnWeights ? { output, weights: like(seen.weights) } : output;
    },
    turned: null,
  });
}

/** What a score gives: the weights [B, T, ..., S] and the mean of what was seen [B, T, M], dense; `finish` works on the packed mean. */
interface Seen {
  readonly weights: Tensor;
  readonly mean: Tensor;
  readonly finish: (mean: Tensor) => Tensor;
}

/** One way to score: its weights for x of this many features and a memory of that many, and what it does. */
interface Scoring {
  weights(features: number, memory: number): { readonly [name: string]: Weight };
  attend(x: Tensor, memory: Tensor, softmaxed: (fits: Tensor) => Tensor, weights: Tensors): Seen;
}

const scores: { readonly [S in AttentionScore]: (options: AttentionOptions) => Scoring } = {
  additive: ({ units = 0 }) => ({
    weights: (features, memory) => ({
      Wq: weight([features, units]),
      Wk: weight([memory, units]),
      b: weight([units]),
      v: weight([units], { init: glorotUniform() }),
    }),
    attend(x, memory, softmaxed, w) {
      const fromX = expandDims(denseSequence(matmul(x, w.Wq!)), 2);
      const fromMemory = expandDims(denseSequence(add(matmul(memory, w.Wk!), w.b!)), 1);
      return plainMean(softmaxed(matmul(tanh(add(fromX, fromMemory)), w.v!)), memory);
    },
  }),
  dot: () => dotScoring(false),
  scaledDot: () => dotScoring(true),
  multiHead: ({ units = 0, heads = defaultHeads }) => ({
    weights: (features, memory) => ({
      Wq: weight([features, units]),
      Wk: weight([memory, units]),
      Wv: weight([memory, units]),
      Wo: weight([units, units]),
      bq: weight([units]),
      bv: weight([units]),
      bo: weight([units]),
    }),
    attend(x, memory, softmaxed, w) {
      const size = units / heads;
      const inHeads = (values: Tensor): Tensor => splitAxis(denseSequence(values), 2, [heads, size]);
      const query = transpose(inHeads(add(matmul(x, w.Wq!), w.bq!)), [0, 2, 1, 3]);
      // A bias here would add the same to all fits of a step, which softmax takes out again.
      const key = transpose(inHeads(matmul(memory, w.Wk!)), [0, 2, 3, 1]);
      const value = transpose(inHeads(add(matmul(memory, w.Wv!), w.bv!)), [0, 2, 1, 3]);
      const weights = softmaxed(mul(matmul(query, key), 1 / Math.sqrt(size)));
      const mean = joinAxes(transpose(matmul(weights, value), [0, 2, 1, 3]), 2);
      return { weights: transpose(weights, [0, 2, 1, 3]), mean, finish: (joined) => add(matmul(joined, w.Wo!), w.bo!) };
    },
  }),
};

const defaultHeads = 4;

function dotScoring(isScaled: boolean): Scoring {
  return {
    weights(features, memory) {
      if (features === memory) return {};
      throw new ShapeError({
        code: "attention_sizes",
        op: "attention",
        what: `x has ${features} features and the memory ${memory}, so they have no product`,
        where: currentPlace(),
        hint: 'Use score: "additive" or "multiHead", which bring both to one size.',
      });
    },
    attend(x, memory, softmaxed) {
      const fits = matmul(denseSequence(x), transpose(denseSequence(memory), [0, 2, 1]));
      return plainMean(softmaxed(isScaled ? mul(fits, 1 / Math.sqrt(Number(dimsOf(x)[2]))) : fits), memory);
    },
  };
}

function plainMean(weights: Tensor, memory: Tensor): Seen {
  return { weights, mean: matmul(weights, denseSequence(memory)), finish: (mean) => mean };
}

/** Softmax over the steps of the memory that there are and that may be seen: fits [B, ..., T, S]. */
function weighted(fits: Tensor, memory: Tensor, causal: boolean): Tensor {
  const dims = dimsOf(fits);
  const later = emit("iota", [], { size: dims.at(-1)! });
  const now = expandDims(emit("iota", [], { size: dims.at(-2)! }), 1);
  const isRagged = isPacked(memory) && domainOf(asValue(memory))?.lengths !== null;
  const isThere = isRagged ? less(later, lengthsBefore(memory, dims.length - 1)) : null;
  const isPast = causal ? lessEqual(later, now) : null;
  const isSeen = isThere !== null && isPast !== null ? logicalAnd(isThere, isPast) : (isThere ?? isPast);
  if (isSeen === null) return softmax(fits);
  // Not -Infinity: a row that sees nothing would become NaN. The second choice makes its weights 0.
  return where(isSeen, softmax(where(isSeen, fits, -1e30)), 0);
}

/** The lengths of a sequence [B] with this many axes of size 1 behind. */
function lengthsBefore(memory: Tensor, axes: number): Tensor {
  return Array.from({ length: axes }).reduce<Tensor>((lengths) => expandDims(lengths, -1), lengthsOf(memory)!);
}

function packedAs(x: Tensor, dense: Tensor): Tensor {
  const domain = domainOf(asValue(x));
  return domain === null ? dense : pack(asValue(dense), domain);
}

function memorySize(memory: Tensor): number {
  const dims = dimsOf(memory);
  const features = dims[2];
  if (dims.length === 3 && features !== undefined && !isSymbolic(features)) return features;
  throw new ShapeError({
    code: "attention_memory",
    op: "attention",
    what: `the memory is ${showShape(dims)}, it must be a sequence [batch, time, feature]`,
    where: currentPlace(),
    hint: "Give the encoder returnSequences: true.",
  });
}

function checkSizes({ units, heads }: AttentionOptions, score: AttentionScore): void {
  const bad = (what: string): UsageError => new UsageError({ code: "bad_option", what: `attention: ${what}` });
  const needsUnits = score === "additive" || score === "multiHead";
  if (needsUnits !== (units !== undefined)) throw bad(`score "${score}" ${needsUnits ? "needs" : "has no"} units`);
  if (heads !== undefined && score !== "multiHead") throw bad(`score "${score}" has no heads`);
  const count = heads ?? defaultHeads;
  if (score === "multiHead" && (units ?? 0) % count !== 0) throw bad(`${units} units do not divide into ${count} heads`);
}

function causalMemory(): UsageError {
  return new UsageError({
    code: "causal_memory",
    op: "attention",
    what: "causal attention looks at the sequence's own past, but a memory or a single step was given",
    where: currentPlace(),
    hint: "Leave causal out.",
  });
}
