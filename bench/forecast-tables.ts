// One network for all columns of a public table, scored from every row: `npm run bench -- forecast etth1 FOLDER`, and exchange.
import { cpus } from "node:os";
import { join } from "node:path";
import { type Frame, firstOrigin, fromLevels, makeFrame } from "../src/data/frame.js";
import { chooseTransform, readTable } from "../src/data/index.js";
import { taskCell } from "../src/tasks/cells.js";
import { type Forecaster, type Place, placesOf } from "../src/tasks/forecast/forecaster.js";
import { Inputs } from "../src/tasks/forecast/inputs.js";
import { libraryTrainer } from "../src/tasks/forecast/network/train.js";
import { plainNetwork } from "../src/tasks/forecast/network/types.js";

/** A table and the network for it. */
interface Job {
  readonly file: string;
  readonly season: number;
  readonly input: number;
  readonly horizon: number;
  readonly units: readonly number[];
  readonly epochs: number;
  /** First rows of validation and test, and the row after the test. */
  parts(rows: number): { readonly validation: number; readonly test: number; readonly end: number };
}

const jobs: Readonly<Record<"etth1" | "exchange", Job>> = {
  etth1: {
    ...{ file: "ETTh1.csv.gz", season: 24, input: 168, horizon: 24, units: [64], epochs: 8 },
    parts: () => ({ validation: 8640, test: 11520, end: 14400 }),
  },
  exchange: {
    ...{ file: "exchange_rate.txt.gz", season: 1, input: 32, horizon: 24, units: [32], epochs: 8 },
    parts: (end) => ({ validation: Math.floor(0.6 * end), test: Math.floor(0.8 * end), end }),
  },
};

/** Errors of ETTh1 24 hours ahead, seven columns, standardised by their training parts. Resolves to the exit code. */
export async function runEtth1(folder: string, seed = 0): Promise<number> {
  const job = jobs.etth1;
  const { columns, forecasts, parts } = await forecastsOf(job, folder, seed);
  let [squares, sizes, naive, count] = [0, 0, 0, 0];
  columns.forEach((values, k) => {
    for (const [n, levels] of forecasts[k]!.entries()) {
      const origin = parts.test + n;
      for (let h = 0; h < job.horizon; h++) {
        const error = values[origin + h]! - levels[h]!;
        squares += error * error;
        sizes += Math.abs(error);
        naive += (values[origin + h]! - values[origin + h - job.season]!) ** 2;
        count++;
      }
    }
  });
  process.stdout.write(
    `MSE ${(squares / count).toFixed(4)}, MAE ${(sizes / count).toFixed(4)}; seasonal naive MSE ${(naive / count).toFixed(4)}\n`,
  );
  return 0;
}

/** Relative squared errors of eight exchange rates beside those of the last value. Resolves to the exit code. */
export async function runExchange(folder: string, seed = 0): Promise<number> {
  const job = jobs.exchange;
  const { columns, forecasts, parts } = await forecastsOf(job, folder, seed);
  for (const ahead of [3, 6, 12, 24]) {
    const actual: number[] = [];
    let [own, last] = [0, 0];
    columns.forEach((values, k) => {
      for (const [n, levels] of forecasts[k]!.entries()) {
        const row = parts.test + n + ahead - 1;
        actual.push(values[row]!);
        own += (values[row]! - levels[ahead - 1]!) ** 2;
        last += (values[row]! - values[row - ahead]!) ** 2;
      }
    });
    const mean = actual.reduce((sum, value) => sum + value, 0) / actual.length;
    const whole = actual.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const [rse, naive] = [Math.sqrt(own / whole), Math.sqrt(last / whole)];
    process.stdout.write(`${ahead} days ahead: RSE ${rse.toFixed(4)}, last value ${naive.toFixed(4)}, ratio ${(rse / naive).toFixed(3)}\n`);
  }
  return 0;
}

interface Forecasts {
  /** Standardised by the training part for ETTh1, as they are for exchange rates. */
  readonly columns: readonly Float64Array[];
  /** By column and origin of the test part. */
  readonly forecasts: readonly (readonly Float64Array[])[];
  readonly parts: ReturnType<Job["parts"]>;
}

/** Trains on the windows of all columns, keeps the epoch that is best on the validation part, and forecasts from every row of the test part. */
async function forecastsOf(job: Job, folder: string, seed: number): Promise<Forecasts> {
  const [started, before] = [performance.now(), process.cpuUsage().user];
  const table = await readTable(join(folder, job.file));
  const numbers = table.names.map((name) => table.columns[name]!).filter(({ kind }) => kind === "number");
  const parts = job.parts(table.rows);
  const columns = numbers.map((column) => {
    const values = column.numbers.slice(0, parts.end);
    return job === jobs.etth1 ? standardised(values, parts.validation) : values;
  });
  const frames = columns.map((values) => {
    const transform = chooseTransform(values.subarray(0, parts.validation), { season: job.season, horizon: job.horizon });
    return makeFrame(values, transform, job.season);
  });
  const forecaster = await trained(job, frames, parts, seed);
  const forecasts: Float64Array[][] = [];
  for (const [k, frame] of frames.entries()) {
    const outlooks = await forecaster.ahead(placesOf(k, frame, range(parts.test, parts.end - job.horizon + 1)));
    forecasts.push(outlooks.map(({ levels }) => fromLevels(levels, frame.transform)));
  }
  const words = [...new Set(frames.map(({ transform }) => transform.words))].join(" | ");
  const time = `${((performance.now() - started) / 1000).toFixed(0)} s, ${((process.cpuUsage().user - before) / 1e6).toFixed(0)} s of processor time`;
  process.stdout.write(`${cpus()[0]?.model}; ${columns.length} columns; ${words}; seed ${seed}; ${time}\n`);
  return { columns, forecasts, parts };
}

/** The task's network over all windows that lie in the training part; every fourth of the validation part chooses the epoch. */
async function trained(job: Job, frames: readonly Frame[], { validation, test }: Forecasts["parts"], seed: number): Promise<Forecaster> {
  const { input: steps, horizon, units, epochs } = job;
  const inPart = (from: number, to: number, step: number): Place[] =>
    frames.flatMap((frame, k) => placesOf(k, frame, range(Math.max(from, firstOrigin(frame, steps)), to - horizon + 1, step)));
  const { forecaster } = await libraryTrainer.train({
    spec: { ...plainNetwork, cell: taskCell("gru"), units, steps, horizon, dropout: 0.1, seed },
    inputs: new Inputs({ steps, horizon, beside: null, distribution: "none" }),
    data: inPart(0, validation, 1),
    validation: inPart(validation, test, 4),
    ...{ epochs, batchSize: 64, learningRate: 1e-3, weightDecay: 0.01, clipNorm: 1 },
    onEpoch({ epoch, loss, valLoss }) {
      process.stderr.write(`epoch ${epoch}: loss ${loss.toFixed(4)}, validation ${valLoss?.toFixed(4)}\n`);
      return null;
    },
  });
  return forecaster;
}

function range(from: number, to: number, step = 1): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
}

/** Minus the mean, over the standard deviation, of the first rows. */
function standardised(values: Float64Array, rows: number): Float64Array {
  const part = values.subarray(0, rows);
  const mean = part.reduce((sum, value) => sum + value, 0) / rows;
  const deviation = Math.sqrt(part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows);
  return values.map((value) => (value - mean) / deviation);
}
