// From series to the tensors of ES-RNN: values on a scale of their own, places in the seasons, first guesses of them, targets.

import { hostTensor, type Tensor } from "../../../base/tensor.js";
import { seasonalIndices } from "../simple/deseasonalise.js";
import type { EsRnnInputs, EsRnnSpec } from "./network.js";

/** One series up to a row. */
export interface EsRnnRow {
  /** In the unit of the target, NaN where missing. Rows from `end` on are not read. */
  readonly values: Float64Array;
  readonly end: number;
  /** Its number among the series trained on; their count for one that was not. */
  readonly number: number;
}

/** What turns scaled outputs back: value = offset + scale · output, of logarithms if the form is multiplicative. */
export interface RowScale {
  readonly offset: number;
  readonly scale: number;
}

/** Which of a series' windows are targets: those whose first row lies in [from, to). */
export interface TargetRange {
  readonly from: number;
  readonly to: number;
}

/** Inputs of the rows, and the scale of each. */
export function inputsOf(spec: EsRnnSpec, rows: readonly EsRnnRow[]): { inputs: EsRnnInputs & Record<string, Tensor>; scales: RowScale[] } {
  const { steps, form, seasons } = spec;
  const isRatio = form === "multiplicative";
  const values = new Float32Array(rows.length * steps * 2);
  const scales = rows.map((row) => scaleOf(spec, row));
  rows.forEach((row, n) => {
    const { offset, scale } = scales[n]!;
    for (let t = 0; t < steps; t++) {
      const value = row.values[row.end - steps + t] ?? Number.NaN;
      const at = 2 * (n * steps + t);
      const isSeen = !Number.isNaN(value);
      values[at] = isSeen ? (isRatio ? value / Math.exp(offset) : (value - offset) / scale) : isRatio ? 1 : 0;
      values[at + 1] = isSeen ? 1 : 0;
    }
  });
  const float = (data: readonly number[], shape: number[]): Tensor => hostTensor(Float32Array.from(data), shape, "float32");
  const starts = rows.map((row, n) => seasonStarts(spec, row, scales[n]!.scale));
  const perSeason = seasons.flatMap((season, k): [string, Tensor][] => {
    const placesOf = ({ end, number }: EsRnnRow): number[] =>
      Array.from({ length: season }, (_, j) => number * season + phaseOf(end - steps + j, season));
    return [
      [`places${k}`, float(rows.flatMap(placesOf), [rows.length, season])],
      [
        `start${k}`,
        float(
          starts.flatMap((each) => [...each[k]!]),
          [rows.length, season],
        ),
      ],
    ];
  });
  const inputs = {
    values: hostTensor(values, [rows.length, steps, 2], "float32"),
    series: float(
      rows.map(({ number }) => number),
      [rows.length],
    ),
    ...Object.fromEntries(perSeason),
  };
  return { inputs, scales };
}

/** Targets of every step, NaN where there are none: rows beyond the end, missing ones, windows outside the range. */
export function targetsOf(
  { steps, horizon, form }: EsRnnSpec,
  rows: readonly EsRnnRow[],
  scales: readonly RowScale[],
  ranges: readonly TargetRange[],
): { forecast: Tensor; turns: Tensor } {
  const data = new Float32Array(rows.length * steps * horizon).fill(Number.NaN);
  rows.forEach(({ values, end }, n) => {
    const { offset, scale } = scales[n]!;
    const { from, to } = ranges[n]!;
    for (let t = 0; t < steps; t++) {
      const origin = end - steps + t + 1;
      if (origin < from || origin >= to) continue;
      for (let h = 0; h < horizon && origin + h < end; h++) {
        const value = values[origin + h]!;
        data[(n * steps + t) * horizon + h] = ((form === "multiplicative" ? Math.log(value) : value) - offset) / scale;
      }
    }
  });
  return {
    forecast: hostTensor(data, [rows.length, steps, horizon], "float32"),
    turns: hostTensor(new Float32Array(rows.length * steps), [rows.length, steps, 1], "float32"),
  };
}

/** Mean and spread of the rows that are read; only the mean of the logarithms if the form is multiplicative. */
function scaleOf({ steps, form }: EsRnnSpec, { values, end }: EsRnnRow): RowScale {
  const read = values.subarray(Math.max(0, end - steps), end).filter((value) => !Number.isNaN(value));
  const mean = (list: Float64Array): number => list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);
  if (form === "multiplicative") return { offset: mean(read.map(Math.log)), scale: 1 };
  const offset = mean(read);
  const scale = Math.sqrt(mean(read.map((value) => (value - offset) ** 2)));
  return { offset, scale: scale > 0 ? scale : 1 };
}

/** Seasons that the first guess is made of. */
const guessSeasons = 4;

/** The seasonal indices of the first observed seasons, of a second season without the first; zeros where two seasons are not there. */
function seasonStarts(spec: EsRnnSpec, { values, end }: EsRnnRow, scale: number): Float64Array[] {
  const { steps, seasons, form } = spec;
  const isRatio = form === "multiplicative";
  let from = Math.max(0, end - steps);
  while (from < end - 1 && Number.isNaN(values[from])) from++;
  const before: { readonly season: number; readonly indices: Float64Array }[] = [];
  return seasons.map((season) => {
    const rows = values.subarray(from, Math.min(end, from + guessSeasons * season));
    const found = rows.length < 2 * season ? null : seasonalIndices(rows, season, isRatio);
    const indices = found?.map((value) => (isRatio ? Math.log(value) : value / scale)) ?? new Float64Array(season);
    const own = indices.map((value, i) =>
      before.reduce((rest, { season: inner, indices: known }) => rest - known[i % inner]!, Number.isFinite(value) ? value : 0),
    );
    if (found !== null) before.push({ season, indices: own });
    return own.map((_, j) => own[phaseOf(end - steps + j - from, season)]!);
  });
}

function phaseOf(row: number, season: number): number {
  return ((row % season) + season) % season;
}
