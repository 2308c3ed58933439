// The door deep-rnn/tasks: whole jobs from data to scores.

export { type ForecastPlan, planForecast } from "./forecast/dry-run.js";
export { type EvaluateOptions, evaluateWith, type ForecastEvaluationRun } from "./forecast/evaluate-saved.js";
export {
  type EvaluateForecastOptions,
  evaluateForecast,
  forecast,
  type PredictForecastOptions,
  predictForecast,
  type TableSource,
} from "./forecast/forecast.js";
export { forecastJson } from "./forecast/json.js";
export { type ForecastPredictionRun, forecastWith, type PredictOptions } from "./forecast/predict.js";
export { parsePreprocess } from "./forecast/preprocess.js";
export { forecastScores } from "./forecast/scores.js";
export type * from "./forecast/types.js";
