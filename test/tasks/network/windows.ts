// Small generated windows, and networks trained on them.

import { uniformAt } from "../../../src/base/random.js";
import { hostTensor, type Tensor } from "../../../src/base/tensor.js";
import { taskCell } from "../../../src/tasks/cells.js";
import { networkOf } from "../../../src/tasks/forecast/network/predict.js";
import { libraryTrainer } from "../../../src/tasks/forecast/network/train.js";
import type { Trained, TrainJob } from "../../../src/tasks/forecast/network/trainer.js";
import {
  type Channels,
  type Dataset,
  type Network,
  type NetworkSpec,
  noChannels,
  type Predictive,
  plainNetwork,
} from "../../../src/tasks/forecast/network/types.js";

export const steps = 12;
export const horizon = 4;

/** A small network of these parts. */
export function specOf(parts: Partial<NetworkSpec> = {}): NetworkSpec {
  return { cell: taskCell("gru"), units: [8, 8], steps, horizon, dropout: 0, seed: 1, ...plainNetwork, ...parts };
}

export function floats(shape: readonly number[], at: (index: number) => number): Tensor {
  const size = shape.reduce((product, each) => product * each, 1);
  return hostTensor(
    Float32Array.from({ length: size }, (_, index) => at(index)),
    [...shape],
    "float32",
  );
}

/** Uniform numbers in (0, 1). */
export function noise(seed: number): () => number {
  let counter = 0;
  return () => uniformAt(seed, 0x5eed, counter++) + 2 ** -25;
}

/** Windows of one series after the other: `value(row)` is the target, `columns[c](row)` the other columns, past ones first. */
export function windowsOf(
  value: (row: number) => number,
  {
    count = 96,
    columns = [],
    channels = noChannels,
    from = 0,
  }: {
    readonly count?: number;
    readonly columns?: readonly ((row: number) => number)[];
    readonly channels?: Channels;
    readonly from?: number;
  } = {},
): Dataset {
  const width = 1 + columns.length;
  const all = [value, ...columns];
  const known = columns.slice(channels.past);
  return {
    x: floats([count, steps, width], (index) => all[index % width]!(from + rowOf(index, steps, width))),
    y: floats([count, horizon], (index) => value(from + rowOf(index, horizon, 1) + steps)),
    future:
      known.length === 0
        ? null
        : floats([count, horizon, known.length], (index) =>
            known[index % known.length]!(from + rowOf(index, horizon, known.length) + steps),
          ),
    mask: null,
    numbers: null,
    categories: null,
    size: null,
  };
}

/** Windows begin one row after the other. */
function rowOf(index: number, rows: number, width: number): number {
  const place = Math.floor(index / width);
  return Math.floor(place / rows) + (place % rows);
}

export const wave = (row: number): number => Math.sin(row * 0.7) + 0.3 * Math.cos(row * 0.31);

/** The same as counts around 5, in their own unit and over their size. */
export function countWindows(): Dataset {
  const plain = windowsOf((row) => Math.max(0, Math.round(5 * (1 + 0.8 * wave(row)))));
  const { data, shape } = plain.x;
  return { ...plain, x: floats(shape, (index) => Number(data[index]!) / 5), size: floats([shape[0]!, 1], () => 5) };
}

/** Trains on the windows as the task does. */
export function trainedOn(
  data: Dataset,
  spec: NetworkSpec,
  job: Partial<TrainJob> & { readonly measured?: Dataset } = {},
): Promise<Trained> {
  const { measured, ...rest } = job;
  const inputs = {
    steps: spec.steps,
    horizon: spec.horizon,
    at: (): Dataset => data,
    dataset: (places: TrainJob["data"]): Dataset => (places === measuredPlaces ? measured! : data),
  };
  return libraryTrainer.train({
    ...{ spec, data: [], inputs, epochs: 12, batchSize: 16, learningRate: 0.01, weightDecay: 0, clipNorm: 1, onEpoch: () => null },
    validation: measured === undefined ? null : measuredPlaces,
    ...rest,
  });
}

const measuredPlaces: TrainJob["data"] = [];

export async function networkFor(data: Dataset, spec: NetworkSpec, job: Parameters<typeof trainedOn>[2] = {}): Promise<Network> {
  return networkOf(spec, (await trainedOn(data, spec, job)).model);
}

/** Mean distance of the values from what came, where something did. */
export function errorOf(predictives: readonly Predictive[], y: Tensor): number {
  let [sum, count] = [0, 0];
  for (const [n, { value }] of predictives.entries())
    for (const [h, each] of value.entries()) {
      const actual = Number(y.data[n * value.length + h]!);
      if (Number.isNaN(actual)) continue;
      sum += Math.abs(each - actual);
      count++;
    }
  return sum / count;
}

/** Share of what came that lies between the quantiles of two levels. */
export function coverageOf(predictives: readonly Predictive[], y: Tensor, [low, high]: readonly [number, number]): number {
  let inside = 0;
  for (const [n, { quantiles }] of predictives.entries()) {
    const at = (level: number): Float64Array => quantiles!.values[quantiles!.levels.indexOf(level)]!;
    for (let h = 0; h < at(low).length; h++) {
      const actual = Number(y.data[n * at(low).length + h]!);
      if (actual >= at(low)[h]! && actual <= at(high)[h]!) inside++;
    }
  }
  return inside / y.data.length;
}
