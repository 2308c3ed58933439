// The imputing network: BRITS over windows of a grid, trained by hiding more of it; gives a guess for every cell.

import { RunError } from "../../base/errors.js";
import { uniformAt } from "../../base/random.js";
import type { Tensor } from "../../base/tensor.js";
import { brits } from "../../nn/layers/brits.js";
import { tensor } from "../../ops/index.js";
import { adam, earlyStopping, functional, type Model } from "../../train/index.js";
import { type TaskCell, taskCell } from "../cells.js";
import type { TrainingFacts } from "../facts.js";
import { passOptions } from "../passes.js";
import { weightCount } from "../weight-count.js";
import type { Grid } from "./grid.js";
import type { ImputeOptions } from "./types.js";

/** Rows of a window; longer sequences are cut into overlapping ones. */
const windowRows = 96;
/** Share of the visible values that a training window hides from the network. */
const hiddenInTraining = 0.25;
/** Rows that training passes over at most: a budget in work, not in time. */
const rowBudget = 1_500_000;
const mostPasses = 100;
const clipNorm = 1;

/** Sizes and settings, each from the options or from the number of rows. */
export interface FillPlan {
  readonly cell: TaskCell;
  readonly units: number;
  /** Passes over the table. */
  readonly epochs: number;
  /** Times that a pass shows each window, each time with other values hidden. */
  readonly copies: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** A stretch of a sequence. */
type Window = Int32Array;

/**
 * Settings of a training.
 * @throws DataError `unknown_cell`; UsageError `not_a_cell`
 */
export function planFill(grid: Grid, { cell, units = 64, epochs, batchSize, learningRate = 2e-3, seed = 0 }: ImputeOptions): FillPlan {
  const windows = windowsOf(grid).length;
  const copies = Math.max(1, Math.min(8, Math.floor(256 / windows)));
  return {
    cell: taskCell(cell),
    units,
    epochs: epochs ?? Math.max(4, Math.min(mostPasses, Math.round(rowBudget / (copies * Math.max(1, grid.rows))))),
    copies,
    batchSize: batchSize ?? Math.max(4, Math.min(64, Math.ceil(windows / 8))),
    learningRate,
    seed,
  };
}

/** What guessing needs of a network. */
export interface FillModel {
  predict(x: { readonly x: Tensor; readonly dt: Tensor }, options: { readonly lengths: Lengths }): Promise<Tensor>;
}

type Lengths = { readonly x: Int32Array; readonly dt: Int32Array };

/** A network and how its training went. */
export interface TrainedFill {
  readonly parameters: number;
  readonly training: TrainingFacts;
  readonly model: Model;
}

/**
 * @param known    visible values on the standard scale, NaN elsewhere
 * @param targets  values to stop by, NaN elsewhere; the network sees none of them
 */
export async function trainFill(
  grid: Grid,
  { known, targets }: { readonly known: Float64Array; readonly targets: Float64Array },
  plan: FillPlan,
  { onEvent, signal, checkpoints }: ImputeOptions,
): Promise<TrainedFill> {
  const { cell, units, epochs, copies, batchSize, learningRate, seed } = plan;
  const windows = windowsOf(grid);
  const model = functional({ fill: brits(cell.cell, { units }) }, (l, { x, dt }: { x: Tensor; dt: Tensor }) => l.fill(x, { dt }));
  model.build({ x: ["time", grid.names.length], dt: ["time", 1] }, { seed });
  model.compile({ optimizer: adam({ learningRate, clipNorm }), loss: "mae" });
  const repeated = Array.from({ length: copies }, () => windows).flat();
  const shown = inputs(grid, repeated, (cell, window) => {
    const value = known[cell]!;
    return uniformAt(seed | 0, 0x7a1 + window, cell) < hiddenInTraining ? Number.NaN : value;
  });
  const folder = typeof checkpoints === "function" ? checkpoints() : checkpoints;
  const { callbacks, ...resuming } = await passOptions({
    checkpoints: folder,
    clipNorm,
    onPass: (pass) => onEvent?.({ kind: "epoch", epochs, ...pass }),
    onDifference: (message) => onEvent?.({ kind: "warning", code: "resumed_differently", message }),
  });
  const history = await model.fit(
    { ...shown, y: block(grid, repeated, (cell) => known[cell]!) },
    {
      epochs,
      batchSize,
      seed,
      verbose: "silent",
      bucketByLength: true,
      validationData: { ...inputs(grid, windows, (cell) => known[cell]!), y: block(grid, windows, (cell) => targets[cell]!) },
      ...(signal === undefined ? {} : { signal }),
      ...resuming,
      callbacks: [earlyStopping({ patience: Math.max(3, Math.ceil(epochs / 4)) }), ...callbacks],
    },
  );
  if (signal?.aborted === true) throw new RunError({ code: "interrupted", what: "imputing was interrupted" });
  const at = (values: readonly number[] = []): number | null => finiteOrNull(values[history.bestEpoch - 1] ?? Number.NaN);
  return {
    parameters: weightCount(model.weights),
    training: {
      epochs: history.epochs,
      bestEpoch: history.bestEpoch,
      stopped: history.stopped === "interrupted" ? "done" : history.stopped,
      loss: at(history.history.loss),
      valLoss: at(history.history.valLoss),
      learningRate,
      clippedShare: history.clippedShare,
    },
    model,
  };
}

/** Windows that overlap by half. */
function windowsOf({ sequences }: Grid): readonly Window[] {
  return sequences.flatMap((rows) => {
    if (rows.length <= windowRows) return [rows];
    const count = Math.ceil((rows.length - windowRows) / (windowRows / 2)) + 1;
    return Array.from({ length: count }, (_, index) => {
      const start = Math.min(index * (windowRows / 2), rows.length - windowRows);
      return rows.subarray(start, start + windowRows);
    });
  });
}

function inputs(
  grid: Grid,
  windows: readonly Window[],
  numberAt: (cell: number, window: number) => number,
): { readonly x: { readonly x: Tensor; readonly dt: Tensor }; readonly lengths: Lengths } {
  const time = longest(windows);
  const dt = new Float32Array(windows.length * time).fill(1);
  windows.forEach((rows, index) => {
    for (let place = 1; place < rows.length; place++)
      dt[index * time + place] = Math.max(0, grid.at[rows[place]!]! - grid.at[rows[place - 1]!]!);
  });
  const lengths = Int32Array.from(windows, ({ length }) => length);
  return {
    x: { x: block(grid, windows, numberAt), dt: tensor(dt, { shape: [windows.length, time, 1] }) },
    lengths: { x: lengths, dt: lengths },
  };
}

/** [windows, time, names] */
function block({ names }: Grid, windows: readonly Window[], numberAt: (cell: number, window: number) => number): Tensor {
  const [size, time] = [names.length, longest(windows)];
  const data = new Float32Array(windows.length * time * size);
  windows.forEach((rows, index) => {
    rows.forEach((row, place) => {
      for (let column = 0; column < size; column++) data[(index * time + place) * size + column] = numberAt(row * size + column, index);
    });
  });
  return tensor(data, { shape: [windows.length, time, size] });
}

/**
 * A guess for each cell that is NaN in `known` [rows, names], all on the standard scale; others are given back. Where windows overlap, the
 * one counts in which the row is farther from an end.
 */
export async function guesses(model: FillModel, grid: Grid, known: Float64Array): Promise<Float64Array> {
  const size = grid.names.length;
  const windows = windowsOf(grid);
  const { x, lengths } = inputs(grid, windows, (cell) => known[cell]!);
  const { data } = await model.predict(x, { lengths });
  const time = longest(windows);
  const out = known.slice();
  const depth = new Int32Array(grid.rows).fill(-1);
  windows.forEach((rows, index) => {
    rows.forEach((row, place) => {
      const inside = Math.min(place, rows.length - 1 - place);
      if (inside <= depth[row]!) return;
      depth[row] = inside;
      for (let column = 0; column < size; column++) {
        const cell = row * size + column;
        if (Number.isNaN(known[cell]!)) out[cell] = data[(index * time + place) * size + column]!;
      }
    });
  });
  return out;
}

function longest(windows: readonly Window[]): number {
  return windows.reduce((most, { length }) => Math.max(most, length), 0);
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
