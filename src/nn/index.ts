// What the other rooms use of cells, layers and networks.

export { type ActivationName, activations } from "./activations.js";
export { type AnyCell, type Cell, type CellSpec, defineCell, type OwnCell, type Sizes, type StepInput } from "./cell.js";
export * from "./cells/index.js";
export * from "./door-names.js";
export {
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Init,
  identity,
  lecunNormal,
  lecunUniform,
  orthogonal,
  truncatedNormal,
} from "./init.js";
export type { Initializer } from "./initializers.js";
export type { Extras, Layer, LayerConfig, StatefulLayer, WeighingLayer } from "./layer.js";
export { type AttentionOptions, type AttentionScore, attention } from "./layers/attention.js";
export { type BidirectionalOptions, type BothStates, bidirectional, type Merge } from "./layers/bidirectional.js";
export { type BritsOptions, brits } from "./layers/brits.js";
export { type Conv1dOptions, conv1d } from "./layers/conv.js";
export {
  type ActivationOptions,
  activation,
  type DenseOptions,
  type DropoutOptions,
  dense,
  type EmbeddingOptions,
  embedding,
  type LayerNormOptions,
} from "./layers/feedforward.js";
export { type FillMissingOptions, fillMissing } from "./layers/fill-missing.js";
export {
  type AntisymmetricRnnOptions,
  antisymmetricRnn,
  type GruOptions,
  gru,
  indRnn,
  type LruOptions,
  type LstmOptions,
  lru,
  lstm,
  type MinLstmOptions,
  minGru,
  minLstm,
  type SimpleRnnOptions,
  simpleRnn,
} from "./layers/named.js";
export { averagePool1d, globalAveragePool1d, globalMaxPool1d, maxPool1d, type Pool1dOptions } from "./layers/pooling.js";
export { type CellOptions, type RecurrentOptions, recurrent } from "./layers/recurrent.js";
export { flatten, type RepeatOptions, repeat } from "./layers/reshaping.js";
export { type HighwayOptions, highway, type ResidualOptions, residual } from "./layers/skip.js";
export { type CellMaker, withDecay } from "./layers/with-decay.js";
export { type Logits, logitsOf } from "./logits.js";
export type {
  AxisSize,
  BuiltNetwork,
  CallOptions,
  CellConfig,
  LayerInfo,
  Named,
  Network,
  NetworkConfig,
  NetworkInput,
  NetworkOutput,
  WeightInfo,
} from "./network.js";
export { networkFromConfig } from "./networks/config.js";
export { type DeepRnnOptions, deepRnnNetwork } from "./networks/deep-rnn.js";
export { functionalNetwork, type LayerRecord } from "./networks/functional.js";
export { sequentialNetwork } from "./networks/sequential.js";
export type { Penalty, PenaltySink } from "./penalty.js";
export { type Constraint, l1, l1l2, l2, maxNorm, type RecurrentWeightRules, type Regularizer, type WeightRules } from "./regularizers.js";
export { checkNames, nearestName } from "./suggest.js";
export { type Weight, type WeightOptions, weight } from "./weight.js";
