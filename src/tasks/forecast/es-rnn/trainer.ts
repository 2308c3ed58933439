// Training ES-RNN: the smoothing weights of every series and the layers that all share, together, in one compiled step.

import { hostTensor, type Tensor } from "../../../base/tensor.js";
import { adamw, type Model, quantile } from "../../../train/index.js";
import { weightCount } from "../../weight-count.js";
import type { Place } from "../forecaster.js";
import { fitted, type WindowsToFit } from "../network/fitted.js";
import type { Trained, Trainer, TrainJob } from "../network/trainer.js";
import type { NetworkSpec } from "../network/types.js";
import { esRnnForecaster } from "./forecaster.js";
import { type EsRnnOutputs, type EsRnnSpec, esRnnNetwork } from "./network.js";
import { type EsRnnRow, inputsOf, type TargetRange, targetsOf } from "./rows.js";
import { esRnnSpec } from "./settings.js";

/** Trains ES-RNN (Smyl 2020). Members of the places are the series with weights of their own, counted from 0 without gaps. */
export const esRnnTrainer: Trainer = {
  describe(spec, places) {
    const own = specFor(spec, places);
    const layers = own.blocks.flat();
    const parameters = weightCount(esRnnNetwork(own, spec.seed).weights);
    return { cell: "lstm", activation: "tanh", layers: layers.length, units: layers.map(() => own.units), parameters };
  },
  train,
};

/** Below a half: errors of logarithms that are balanced leave values too high (Smyl 2020). */
const median = 0.49;
/** Memory of the weights' average, whose forecasts are steadier than those of any one step. */
const average = 0.98;
/** Least steps of one pass: a single series is one row or a few. */
const leastSteps = 8;
/** Steps of all rows of a pass; older parts of long series are left out beyond it. */
const mostSteps = 600_000;

async function train(job: TrainJob): Promise<Trained> {
  const spec = specFor(job.spec, job.data);
  const { seed } = job.spec;
  const model = esRnnNetwork(spec, seed);
  const { learningRate, weightDecay, clipNorm } = job;
  model.compile({
    optimizer: adamw({ learningRate, weightDecay, clipNorm: clipNorm === 0 ? false : clipNorm }),
    loss: { forecast: quantile({ quantiles: [median] }), turns: "mse" },
  });
  const parts = trainingParts(spec, job.data);
  const batchSize = Math.min(job.batchSize, Math.max(1, Math.ceil(parts.length / leastSteps)));
  const repeats = Math.ceil(leastSteps / Math.ceil(parts.length / batchSize));
  const history = await fitted(
    model,
    { ...job, batchSize },
    {
      data: toFit(spec, Array.from({ length: repeats }, () => parts).flat()),
      validation: job.validation && toFit(spec, validationParts(spec, job.validation)),
      seed,
      ema: average,
    },
  );
  model.weights = withMeanSeries(model.weights as Weights, spec);
  return { model, forecaster: esRnnForecaster(model, spec, (member) => member), esRnn: spec, ...history };
}

function specFor({ horizon, units }: NetworkSpec, places: readonly Place[]): EsRnnSpec {
  const frames = [...lastPlaces(places).values()].map(({ frame }) => frame);
  return esRnnSpec({
    rows: frames.map(({ values }) => values.length),
    season: frames[0]!.season,
    horizon,
    isPositive: frames.every(({ values }) => values.every((value) => Number.isNaN(value) || value > 0)),
    units: units[0]!,
  });
}

/** The place with the largest origin of every member, by member. */
function lastPlaces(places: readonly Place[]): Map<number, Place> {
  const last = new Map<number, Place>();
  for (const place of places) if (place.origin > (last.get(place.member)?.origin ?? -1)) last.set(place.member, place);
  return new Map([...last].sort(([a], [b]) => a - b));
}

/** Rows of a series and the windows among them that are learnt from. */
interface Part extends EsRnnRow {
  readonly range: TargetRange;
}

/** All that may be learnt from: up to a horizon after the last place, long series in parts that each have half their rows as a past. */
function trainingParts({ steps, horizon, window, seasons }: EsRnnSpec, places: readonly Place[]): Part[] {
  const last = [...lastPlaces(places)];
  const most = Math.max(1, Math.floor(mostSteps / steps / last.length));
  return last.flatMap(([number, { frame, origin }]) => {
    const { values } = frame;
    const first = values.findIndex((value) => !Number.isNaN(value));
    const parts: Part[] = [];
    for (let end = origin + horizon; parts.length < most; end -= Math.ceil(steps / 2)) {
      const isFirst = end - steps <= first;
      const warm = Math.min(Math.max(window, seasons[0] ?? 0), Math.ceil((end - first) / 3));
      parts.push({ values, end, number, range: { from: isFirst ? first + warm : end - Math.ceil(steps / 2), to: end } });
      if (isFirst) break;
    }
    return parts;
  });
}

/** One row for each series: the windows at its places, and those between. */
function validationParts({ horizon }: EsRnnSpec, places: readonly Place[]): Part[] {
  const first = new Map<number, number>();
  for (const { member, origin } of places) first.set(member, Math.min(origin, first.get(member) ?? origin));
  return [...lastPlaces(places)].map(([number, { frame, origin }]) => ({
    ...{ values: frame.values, end: origin + horizon, number },
    range: { from: first.get(number)!, to: origin + 1 },
  }));
}

function toFit(spec: EsRnnSpec, parts: readonly Part[]): WindowsToFit {
  const { inputs, scales } = inputsOf(spec, parts);
  const ranges = parts.map(({ range }) => range);
  return { x: inputs, y: targetsOf(spec, parts, scales, ranges) };
}

type Weights = { readonly [layer: string]: { readonly [name: string]: Tensor } };

/** The last row of each table of the series' own weights becomes the mean of the others: what a series gets that was never seen. */
function withMeanSeries(weights: Weights, { series, seasons }: EsRnnSpec): Model<EsRnnOutputs>["weights"] {
  const own = ["alpha", ...seasons.flatMap((_, k) => [`gamma${k}`, `season${k}`])];
  const filled = own.map((name): [string, Weights[string]] => {
    const { table } = weights[name] as { readonly table: Tensor };
    const width = table.data.length / (series + 1);
    const data = Float32Array.from(table.data);
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let row = 0; row < series; row++) sum += data[row * width + column]!;
      data[series * width + column] = sum / series;
    }
    return [name, { table: hostTensor(data, table.shape, "float32") }];
  });
  return { ...weights, ...Object.fromEntries(filled) };
}
