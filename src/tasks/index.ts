// The door deep-rnn/tasks: whole jobs from data to scores.

export { forecast, type PredictForecastOptions, predictForecast } from "./forecast/forecast.js";
export { forecastJson } from "./forecast/json.js";
export { type ForecastPredictionRun, forecastWith, type PredictOptions } from "./forecast/predict.js";
export { parsePreprocess } from "./forecast/preprocess.js";
export { forecastScores } from "./forecast/scores.js";
export type * from "./forecast/types.js";
