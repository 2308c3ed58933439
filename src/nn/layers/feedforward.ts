// Layers without memory: dense, embedding, dropout, layer norm, activation.

import { showShape } from "../../base/dim.js";
import { ShapeError, UsageError } from "../../base/errors.js";
import { noIndex } from "../../base/no-index.js";
import type { Tensor } from "../../base/tensor.js";
import { currentPlace } from "../../ir/core/build.js";
import { tensor } from "../../ops/create.js";
import { take } from "../../ops/indexing.js";
import { matmul } from "../../ops/linear.js";
import { layerNorm } from "../../ops/nonlinear.js";
import { add, cast, equal, floor, greaterEqual, logicalAnd, where } from "../../ops/pointwise.js";
import { dropout } from "../../ops/random.js";
import { transpose } from "../../ops/shape.js";
import { activationName, activations } from "../activations.js";
import { onesInit, uniformInit } from "../init.js";
import { featureSize, type Layer } from "../layer.js";
import { rememberLogits } from "../logits.js";
import { checkOptions, type OptionKinds } from "../options.js";
import { checkWeightRules, type WeightRules, weightRuleKinds, withWeightRules } from "../regularizers.js";
import { type Weight, weight } from "../weight.js";
import { plainLayer } from "./plain.js";

/** Options of `dense`. */
export interface DenseOptions extends WeightRules {
  readonly units: number;
  /** Default "linear". */
  readonly activation?: string;
  /** Default true. */
  readonly useBias?: boolean;
  /**
   * Uses another layer's weight, turned, instead of a W of its own (Press & Wolf 2017): the name of an embedding whose table is
   * [units, features] or of a dense layer whose W is; or "layer/weight". Gradients of both uses add up, and the weight is saved once.
   */
  readonly tiedTo?: string;
  readonly name?: string;
}

/**
 * x·W + b and an activation, on [B, I] or on every step of [B, T, I].
 *
 * @example dense({ units: 1, activation: "sigmoid" })
 * @example dense({ units: 5000, activation: "softmax", tiedTo: "words" })  // beside embedding({ vocabularySize: 5000, size: 64, name: "words" })
 */
export function dense(options: DenseOptions): Layer {
  const kinds: OptionKinds = {
    units: "size",
    activation: "any",
    useBias: "boolean",
    init: "any",
    tiedTo: "any",
    ...weightRuleKinds,
    name: "text",
  };
  checkOptions("dense", options, kinds, ["units"]);
  checkWeightRules("dense", options);
  const { units, useBias = true } = options;
  const tied = tieOf(options);
  const act = activationName("dense", options.activation ?? "linear");
  return plainLayer("dense", options, {
    weights(shape) {
      const size = featureSize("dense", shape);
      const W = tied === null ? weight([size, units]) : { ...weight([units, size]), tied };
      return withWeightRules("dense", useBias ? { W, b: weight([units]) } : { W }, options);
    },
    apply(x, { weights }) {
      const product = matmul(x, tied === null ? weights.W! : transpose(weights.W!));
      const logits = useBias ? add(product, weights.b!) : product;
      return rememberLogits(activations[act](logits), logits, act);
    },
  });
}

/** The weight that `tiedTo` names; null without it. */
function tieOf({ tiedTo, kernelInitializer, kernelRegularizer, kernelConstraint }: DenseOptions): NonNullable<Weight["tied"]> | null {
  if (tiedTo === undefined) return null;
  const [layer, name, ...rest] = typeof tiedTo === "string" ? tiedTo.split("/") : [];
  if (layer === undefined || layer === "" || name === "" || rest.length > 0) {
    const what = `dense: option tiedTo must be the name of a layer, or "layer/weight", got ${JSON.stringify(tiedTo)}`;
    throw new UsageError({ code: "bad_option", what });
  }
  if (kernelInitializer !== undefined || kernelRegularizer !== undefined || kernelConstraint !== undefined) {
    const what = "dense: a tied layer has no kernel of its own to start, to penalise or to limit";
    throw new UsageError({ code: "bad_option", what, hint: `Give them to layer "${layer}".` });
  }
  return { layer, weight: name ?? null };
}

/** Options of `embedding`. */
export interface EmbeddingOptions extends WeightRules {
  readonly vocabularySize: number;
  readonly size: number;
  readonly name?: string;
}

/**
 * A row of a table for each token number: [B] to [B, size], [B, T] to [B, T, size]. A number outside the vocabulary ends the run
 * with `index_out_of_range`, naming the layer; so does a fraction.
 *
 * @example embedding({ vocabularySize: 5000, size: 64 })
 */
export function embedding(options: EmbeddingOptions): Layer {
  const kinds: OptionKinds = { vocabularySize: "size", size: "size", ...weightRuleKinds, name: "text" };
  checkOptions("embedding", options, kinds, ["vocabularySize", "size"]);
  checkWeightRules("embedding", options);
  return plainLayer("embedding", options, {
    weights(shape) {
      if (shape.length === 1 || shape.length === 2)
        return withWeightRules("embedding", { table: weight([options.vocabularySize, options.size], { init: uniformInit() }) }, options);
      throw new ShapeError({
        code: "not_tokens",
        op: "embedding",
        where: currentPlace(),
        what: `expected token numbers [batch] or [batch, time], found ${showShape(shape)}`,
        hint: "Leave the feature axis out.",
      });
    },
    apply: (x, { weights }) => take(weights.table!, tokenNumbers(x)),
  });
}

/** Whole numbers as they are; what can be no token number (negative, a fraction, NaN) as an index that no table has. */
function tokenNumbers(x: Tensor): Tensor {
  const none = tensor(Int32Array.of(noIndex), { shape: [] });
  const whole = cast(x, "int32");
  const isToken = x.dtype === "float32" ? logicalAnd(equal(x, floor(x)), greaterEqual(x, 0)) : greaterEqual(whole, 0);
  return where(isToken, whole, none);
}

/** Options of the dropout layer. */
export interface DropoutOptions {
  readonly rate: number;
  readonly name?: string;
}

/** Drops entries while training and scales the others up; passes everything on otherwise (Srivastava et al. 2014). */
export function dropoutLayer(options: DropoutOptions): Layer {
  checkOptions("dropout", options, { rate: "rate", name: "text" }, ["rate"]);
  return plainLayer("dropout", options, {
    isRandom: options.rate > 0,
    weights: () => ({}),
    apply: (x, { training, key }) => (training && options.rate > 0 ? dropout(cast(x, "float32"), { rate: options.rate, key: key! }) : x),
  });
}

/** Options of the layer `layerNorm`. */
export interface LayerNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
  readonly name?: string;
}

/** Zero mean and unit variance over the last axis, then a learnt gain and bias (Ba, Kiros & Hinton 2016). */
export function layerNormLayer(options: LayerNormOptions = {}): Layer {
  checkOptions("layerNorm", options, { epsilon: "nonNegative", name: "text" });
  return plainLayer("layerNorm", options, {
    weights(shape) {
      const size = featureSize("layerNorm", shape);
      return { gain: weight([size], { init: onesInit() }), bias: weight([size]) };
    },
    apply: (x, { weights }) => layerNorm(x, weights.gain!, weights.bias!, options.epsilon),
  });
}

/** Options of `activation`. */
export interface ActivationOptions {
  readonly activation: string;
  readonly name?: string;
}

/**
 * An activation as a layer of its own.
 *
 * @example activation("relu")
 */
export function activation(given: string | ActivationOptions): Layer {
  const options = typeof given === "string" ? { activation: given } : given;
  checkOptions("activation", options, { activation: "any", name: "text" }, ["activation"]);
  const act = activationName("activation", options.activation);
  return plainLayer("activation", options, {
    weights: () => ({}),
    apply: (x) => rememberLogits(activations[act](cast(x, "float32")), x, act),
  });
}
