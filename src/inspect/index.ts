// The door deep-rnn/inspect: looking at what a model or cell does.

export { type CellCheckOptions, gradientCheckCell } from "./cell-check.js";
export { type ExplainedLayer, type ExplainedTotals, type ExplainOptions, type Explanation, explain } from "./explain.js";
export { type GradientReport, gradientCheck } from "./gradient-check.js";
export { type Probed, type ProbeOptions, probe, type TappedValue } from "./probe.js";
