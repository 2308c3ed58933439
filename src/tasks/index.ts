// The door deep-rnn/tasks: whole jobs from data to scores.

export { type CellChoice, cellNames } from "./cells.js";
export { classifyEvents } from "./classify/run.js";
export { type EventEvaluation, type EventPrediction, evaluateEvents, predictEvents, type SavedEventsOptions } from "./classify/saved.js";
export type * from "./classify/types.js";
export type { NetworkFacts, TrainingFacts } from "./facts.js";
export type * from "./forecast/anomaly-types.js";
export { type ForecastPlan, planForecast } from "./forecast/dry-run.js";
export { type EvaluateOptions, evaluateWith, type ForecastEvaluationRun } from "./forecast/evaluate-saved.js";
export {
  type EvaluateForecastOptions,
  evaluateForecast,
  forecast,
  type PredictForecastOptions,
  predictForecast,
  type SavedReading,
  type TableSource,
} from "./forecast/forecast.js";
export { forecastJson } from "./forecast/json.js";
export { type AnomalyOptions, type ForecastPredictionRun, forecastWith } from "./forecast/predict.js";
export { parsePreprocess } from "./forecast/preprocess.js";
export type { PredictOptions } from "./forecast/saved-members.js";
export { forecastScores } from "./forecast/scores.js";
export type * from "./forecast/types.js";
export { impute } from "./impute/run.js";
export { type FillPrediction, type FillSource, type PredictFillOptions, predictFill } from "./impute/saved.js";
export type * from "./impute/types.js";
export type { Pass } from "./passes.js";
