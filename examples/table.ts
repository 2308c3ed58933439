// From a table to scores in its own unit: read it, cut windows, train, undo the scaling, compare with repeating the last year.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { dense, earlyStopping, gru, sequential, tensor } from "deep-rnn";
import { readTable, series, windows } from "deep-rnn/data";
import { forecastScores } from "deep-rnn/tasks";

const folder = dirname(fileURLToPath(import.meta.resolve("deep-rnn/package.json")));
const passengers = series(await readTable(join(folder, "data", "airline-passengers.csv")), { time: "Month", target: "Passengers" });
console.log(passengers.found.join("\n"));

// Nothing of the last 24 months reaches the training or the scale; the 12 before choose the epoch.
const w = windows(passengers, { input: 24, horizon: 12, validation: 12, test: 24, transform: "auto" });
const model = sequential([gru({ units: 32 }), dense({ units: 12 })]);
model.compile({ optimizer: "adam", loss: "mse" });
const callbacks = [earlyStopping({ patience: 20 })];
await model.fit(w.train, { epochs: 150, validationData: w.validation, callbacks, seed: 7, verbose: "silent" });

const { actual, origins } = w.test;
const season = passengers.season;
const scores = (predicted: typeof actual) => forecastScores({ actual, predicted, history: w.train.actual, season });
const network = scores(w.inverse(await model.predict(w.test.x)));
const lastYear = scores(tensor(origins.map((at) => Array.from({ length: 12 }, (_, h) => passengers.values[at + h - season] ?? NaN))));
console.log(`network     sMAPE ${network.smape.toFixed(1)} %, MASE ${network.mase.toFixed(2)}, RMSE ${network.rmse.toFixed(0)} thousand`);
console.log(
  `last year   sMAPE ${lastYear.smape.toFixed(1)} %, MASE ${lastYear.mase.toFixed(2)}, RMSE ${lastYear.rmse.toFixed(0)} thousand`,
);
