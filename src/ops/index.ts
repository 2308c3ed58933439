// Every op a user can call.

export { grad, valueAndGrad } from "../engine/grad.js";
export { type Jitted, type JittedWithState, jit } from "../engine/jit.js";
export type { Operand } from "./align.js";
export { full, iota, type Nested, ones, sizeOf, type TensorLike, tensor, toTensor, zeros } from "./create.js";
export { oneHot, scatterAdd, take } from "./indexing.js";
export { dot, matmul, outer } from "./linear.js";
export {
  elu,
  gelu,
  hardSigmoid,
  layerNorm,
  leakyRelu,
  logSoftmax,
  logSumExp,
  relu,
  selu,
  silu,
  softmax,
  softplus,
  softsign,
  square,
} from "./nonlinear.js";
export {
  abs,
  add,
  cast,
  cos,
  div,
  equal,
  exp,
  floor,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  sigmoid,
  sin,
  sqrt,
  stopGradient,
  sub,
  tanh,
  where,
} from "./pointwise.js";
export { dropout, dropoutMask, foldIn, type Key, normal, randomKey, splitKey, uniform } from "./random.js";
export { argmax, max, mean, min, type ReduceOptions, sum, variance } from "./reduce.js";
export { type ScanOptions, type ScanStep, scan } from "./scan.js";
export {
  denseSequence,
  isInsideStep,
  isPacked,
  lastStep,
  lengthsOf,
  mapRows,
  packSequence,
  rowIds,
  sequenceLike,
  withPlace,
  zerosRows,
} from "./sequence.js";
export { broadcastTo, concat, expandDims, pad, reshape, slice, split, splitGates, squeeze, stack, transpose } from "./shape.js";
export { tap } from "./tap.js";
