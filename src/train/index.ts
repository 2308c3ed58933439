// What the door shows of training: models, optimisers, losses, callbacks, batches.

export type { RowSource } from "../base/row-source.js";
export type { Stored } from "../base/stored.js";
export { type NpyArray, openNpy } from "../io/npy.js";
export type { Batches, BatchesLike } from "./batch-stream.js";
export { type BatchOf, type BatchOptions, batches } from "./batches.js";
export { type CheckpointOptions, checkpoint } from "./callbacks/checkpoint.js";
export { type EarlyStoppingOptions, earlyStopping } from "./callbacks/early-stopping.js";
export { learningRateSchedule } from "./callbacks/learning-rate-schedule.js";
export { type RollBackOptions, rollBackOnNaN, terminateOnNaN } from "./callbacks/on-nan.js";
export { type PlateauOptions, reduceOnPlateau } from "./callbacks/reduce-on-plateau.js";
export { type TensorBoardOptions, tensorBoard } from "./callbacks/tensor-board.js";
export { type CsvLogOptions, csvLog, type JsonlLogOptions, jsonlLog } from "./callbacks/text-logs.js";
export { latestCheckpoint } from "./checkpoint.js";
export type { DataLike } from "./columns.js";
export { deepRnn, functional, sequential } from "./containers.js";
export { type LargestBatch, type LargestBatchOptions, largestBatch } from "./finders/largest-batch.js";
export { type LearningRateRange, type LearningRateRangeOptions, learningRateRange } from "./finders/learning-rate-range.js";
export { type Overfit, type OverfitOptions, overfitOneBatch } from "./finders/overfit-one-batch.js";
export { type LoadOptions, loadModel } from "./load.js";
export type { LossWithOptions } from "./losses/configured.js";
export {
  binaryCrossEntropy,
  type CrossEntropyOptions,
  categoricalCrossEntropy,
  cosineSimilarity,
  type DivergenceOptions,
  klDivergence,
  sparseCategoricalCrossEntropy,
} from "./losses/cross-entropy.js";
export type { LossFunction } from "./losses/index.js";
export { gaussianNll, type LikelihoodOptions, negativeBinomialNll, studentTNll } from "./losses/likelihoods.js";
export {
  type HuberOptions,
  huber,
  logCosh,
  mae,
  mse,
  type PoissonOptions,
  poisson,
  type QuantileOptions,
  quantile,
} from "./losses/regression.js";
export { smape } from "./metrics/elements.js";
export { type MaseOptions, type Metric, mase, type TopKOptions, topKAccuracy } from "./metrics/index.js";
export { type AdamOptions, type AdamwOptions, adam, adamw, amsgrad, type NadamOptions, nadam } from "./optimizers/adam.js";
export { type AdadeltaOptions, type AdagradOptions, adadelta, adagrad } from "./optimizers/adaptive.js";
export { defineOptimizer, type Optimizer, type OptimizerOptions, type UpdateArguments } from "./optimizers/define.js";
export { type LionOptions, lion } from "./optimizers/lion.js";
export { type RmspropOptions, rmsprop } from "./optimizers/rmsprop.js";
export { type SgdOptions, sgd } from "./optimizers/sgd.js";
export {
  type CosineScheduleOptions,
  constantSchedule,
  cosineSchedule,
  type ExponentialScheduleOptions,
  exponentialSchedule,
  type OneCycleScheduleOptions,
  oneCycleSchedule,
  type Schedule,
  type StepScheduleOptions,
  stepSchedule,
} from "./schedules/index.js";
export { clipByGlobalNorm, clipByNorm, clipByValue, globalNorm, mapTree } from "./trees.js";
export type {
  Callback,
  ClassWeights,
  CompileOptions,
  Dataset,
  FitOptions,
  History,
  MetricGiven,
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
