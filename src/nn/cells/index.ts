// The cells of the library, one export line each; layers, files and laws find them here.

export { antisymmetricCell } from "./antisymmetric.js";
export { elmanLeakyRelu, elmanRelu, elmanSigmoid, elmanTanh } from "./elman.js";
export { gruCell, gruResetBeforeCell } from "./gru.js";
export { gruDCell } from "./gru-d.js";
export { indRnnCell } from "./ind-rnn.js";
export { normedLstmCell } from "./layer-norm-lstm.js";
export { lruCell } from "./lru.js";
export { lstmCell, peepholeLstmCell, projectedLstmCell, projectedPeepholeLstmCell } from "./lstm.js";
export { minGruCell } from "./min-gru.js";
export { minLstmCell } from "./min-lstm.js";
