// Names that mean an op beside a tensor or shape, and an initialiser or layer without one.

import type { DType } from "../base/dtype.js";
import type { Tensor } from "../base/tensor.js";
import { ones as onesTensor, zeros as zerosTensor } from "../ops/create.js";
import { layerNorm as layerNormOp } from "../ops/nonlinear.js";
import { dropout as dropoutOp, type Key, normal as normalDraws, uniform as uniformDraws } from "../ops/random.js";
import { isTensor } from "../trace/traced.js";
import { type Init, normalInit, onesInit, uniformInit, zerosInit } from "./init.js";
import type { Layer } from "./layer.js";
import { type DropoutOptions, dropoutLayer, type LayerNormOptions, layerNormLayer } from "./layers/feedforward.js";

/**
 * `zeros()` starts a weight at 0; `zeros([2, 3])` is a tensor.
 *
 * @example zeros([2, 3]) // → [[0, 0, 0], [0, 0, 0]]
 */
export function zeros(): Init;
export function zeros(shape: readonly number[], options?: { readonly dtype?: DType }): Tensor;
export function zeros(shape?: readonly number[], options: { readonly dtype?: DType } = {}): Init | Tensor {
  return shape === undefined ? zerosInit() : zerosTensor(shape, options);
}

/**
 * `ones()` starts a weight at 1; `ones([2, 3])` is a tensor.
 *
 * @example weight([units], { init: ones() })
 */
export function ones(): Init;
export function ones(shape: readonly number[], options?: { readonly dtype?: DType }): Tensor;
export function ones(shape?: readonly number[], options: { readonly dtype?: DType } = {}): Init | Tensor {
  return shape === undefined ? onesInit() : onesTensor(shape, options);
}

/**
 * `uniform(limit)` starts a weight in [-limit, limit), default 0.05; `uniform(key, shape)` draws numbers in [0, 1).
 *
 * @example uniform(randomKey(7), [2, 3]).shape  // [2, 3]
 */
export function uniform(limit?: number): Init;
export function uniform(key: Key, shape: readonly number[]): Tensor;
export function uniform(first?: number | Key, shape: readonly number[] = []): Init | Tensor {
  return typeof first === "object" ? uniformDraws(first, shape) : uniformInit(first);
}

/**
 * `normal(deviation)` starts a weight from a normal distribution, default 0.05; `normal(key, shape)` draws standard normal numbers.
 *
 * @example dense({ units: 8, kernelInitializer: normal(0.02) })
 */
export function normal(deviation?: number): Init;
export function normal(key: Key, shape: readonly number[]): Tensor;
export function normal(first?: number | Key, shape: readonly number[] = []): Init | Tensor {
  return typeof first === "object" ? normalDraws(first, shape) : normalInit(first);
}

/**
 * `layerNorm()` is a layer with gain and bias; `layerNorm(x, gain, bias)` normalises a tensor over its last axis.
 *
 * @example sequential([lstm({ units: 64 }), layerNorm(), dense({ units: 1 })])
 */
export function layerNorm(options?: LayerNormOptions): Layer;
export function layerNorm(x: Tensor, gain?: Tensor, bias?: Tensor): Tensor;
export function layerNorm(first: Tensor | LayerNormOptions = {}, gain?: Tensor, bias?: Tensor): Layer | Tensor {
  return isTensor(first) ? layerNormOp(first, gain, bias) : layerNormLayer(first as LayerNormOptions);
}

/**
 * `dropout({ rate })` or `dropout(rate)` is a layer; `dropout(x, { rate, key })` drops entries of a tensor.
 *
 * @example sequential([lstm({ units: 64 }), dropout(0.2), dense({ units: 1 })])
 */
export function dropout(options: number | DropoutOptions): Layer;
export function dropout(x: Tensor, options: { readonly rate: number; readonly key: Key }): Tensor;
export function dropout(first: number | DropoutOptions | Tensor, options?: { readonly rate: number; readonly key: Key }): Layer | Tensor {
  if (typeof first === "number") return dropoutLayer({ rate: first });
  return isTensor(first) ? dropoutOp(first, options!) : dropoutLayer(first as DropoutOptions);
}
