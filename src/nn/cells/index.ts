// The cells of the library, one export line each; layers, files and laws find them here.

export { elmanLeakyRelu, elmanRelu, elmanSigmoid, elmanTanh } from "./elman.js";
export { gruCell, gruResetBeforeCell } from "./gru.js";
export { lstmCell, peepholeLstmCell, projectedLstmCell, projectedPeepholeLstmCell } from "./lstm.js";
