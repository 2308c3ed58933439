// What the door shows of training: models, optimisers, losses, callbacks, batches.

export type { Stored } from "../base/stored.js";
export { type BatchOf, type BatchOptions, batches } from "./batches.js";
export { type CheckpointOptions, checkpoint } from "./callbacks/checkpoint.js";
export { type EarlyStoppingOptions, earlyStopping } from "./callbacks/early-stopping.js";
export { latestCheckpoint } from "./checkpoint.js";
export { deepRnn, functional, sequential } from "./containers.js";
export { type LoadOptions, loadModel } from "./load.js";
export { binaryCrossEntropy, categoricalCrossEntropy, sparseCategoricalCrossEntropy } from "./losses/cross-entropy.js";
export type { LossFunction } from "./losses/index.js";
export { huber, mae, mse } from "./losses/regression.js";
export { type AdamOptions, type AdamwOptions, adam, adamw } from "./optimizers/adam.js";
export { defineOptimizer, type Optimizer, type OptimizerOptions, type Schedule } from "./optimizers/define.js";
export { type RmspropOptions, rmsprop } from "./optimizers/rmsprop.js";
export { type SgdOptions, sgd } from "./optimizers/sgd.js";
export { clipByGlobalNorm, clipByValue, globalNorm, mapTree } from "./trees.js";
export type {
  Callback,
  CompileOptions,
  Dataset,
  FitOptions,
  History,
  Model,
  NonFinite,
  RunOptions,
  SafePoint,
  SaveOptions,
  Snapshot,
  Stream,
  StreamState,
  TrainEvent,
} from "./types.js";
