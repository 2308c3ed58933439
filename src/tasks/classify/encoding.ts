// From events to a network's numbers: steps of equal width with holes, static values and a summary of each variable, all on one scale.

import type { EventColumns, EventStatic } from "../../data/event-columns.js";
import { type StepClock, stepClock, stepOf } from "../../data/event-steps.js";

/** How one variable or summary is put on a common scale: logarithm if its tail is long, clipped to what is usual, standardised. */
export interface Scale {
  readonly log: boolean;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  readonly deviation: number;
}

/** A static value: one standardised number and whether it is known, or a 0/1 for each of a few codes or words. */
export interface StaticEncoding {
  readonly name: string;
  /** Words of the file, as `EventStatic.categories`; null for numbers. */
  readonly words: readonly string[] | null;
  /** Values that get a 0/1 each; null for a plain number. */
  readonly codes: readonly number[] | null;
  readonly scale: Scale;
}

/** All that turns events into inputs; measured on training sequences only and stored with the model. */
export interface EventEncoding extends StepClock {
  readonly variables: readonly { readonly name: string; readonly scale: Scale }[];
  readonly statics: readonly StaticEncoding[];
  readonly summaries: readonly Scale[];
}

/** Inputs of some sequences: steps in which nothing was measured are left out, `dt` says how many steps have passed. */
export interface Encoded {
  readonly rows: number;
  readonly time: number;
  /** [rows, time, variables], NaN where nothing was measured. */
  readonly x: Float32Array;
  /** [rows, time, 1] */
  readonly dt: Float32Array;
  readonly lengths: Int32Array;
  /** [rows, fixedSize] */
  readonly fixed: Float32Array;
  readonly fixedSize: number;
}

/** What sums of scaled values may be wrong by. */
const rounding = 1e-9;
/** Deviations beyond which a summary is as far as it can be. */
const farthest = 5;
/** What is said of the values of one variable: scaled, in order of time. NaN where there is nothing to say. */
const summaryKinds: readonly ((values: readonly number[], times: readonly number[]) => number)[] = [
  (values) => values.at(-1) ?? Number.NaN,
  meanOf,
  (values) => values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
  (values) => values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  (values) => Math.log1p(values.length),
  // Squares: too low and too high are both bad, and a regression on the values alone cannot say so.
  (values) => (values.at(-1) ?? Number.NaN) ** 2,
  (values) => meanOf(values) ** 2,
  (values) => (values.length < 2 ? Number.NaN : Math.sqrt(mean(values.map((value) => (value - meanOf(values)) ** 2)))),
  slopeOf,
  (values) => values[0] ?? Number.NaN,
];

/** Numbers that the static values of a sequence take; they come first in `fixed`, the summaries after them. */
export function staticSize({ statics }: EventEncoding): number {
  return statics.reduce((sum, { codes }) => sum + (codes?.length ?? 2), 0);
}

/** Measures the encoding on the sequences `rows`. */
export function measureEncoding(events: EventColumns, rows: readonly number[]): EventEncoding {
  const byVariable: number[][] = events.names.map(() => []);
  for (const row of rows) {
    const [from, to] = [events.starts[row]!, events.starts[row + 1]!];
    for (let at = from; at < to; at++) byVariable[events.variables[at]!]!.push(events.values[at]!);
  }
  const part = {
    ...stepClock(events, rows),
    variables: events.names.map((name, index) => ({ name, scale: scaleOf(byVariable[index]!) })),
    statics: events.statics.map((column) => staticEncoding(column, rows)),
  };
  const raw = summariesOf(events, rows, part.variables, summaryKinds.length);
  const width = summaryKinds.length * events.names.length;
  const summaries = Array.from({ length: width }, (_, column) =>
    plainScale(
      Array.from(rows, (_row, index) => raw[index * width + column]!).filter((value) => !Number.isNaN(value)),
      // Slopes are as small as steps are long.
      summaryKinds[column % summaryKinds.length] === slopeOf ? rounding / Math.max(1, part.step) : rounding,
    ),
  );
  return { ...part, summaries };
}

/** The numbers of the sequences `rows`, in their order. Variables and statics are found by name; what is not there is missing. */
export function encodeEvents(events: EventColumns, encoding: EventEncoding, rows: readonly number[]): Encoded {
  const steps = rows.map((row) => stepsOf(events, encoding, row));
  const time = Math.max(1, ...steps.map((each) => each.at.length));
  const size = encoding.variables.length;
  const x = new Float32Array(rows.length * time * size).fill(Number.NaN);
  const dt = new Float32Array(rows.length * time).fill(1);
  steps.forEach(({ at, values }, index) => {
    at.forEach((step, place) => {
      dt[index * time + place] = place === 0 ? 1 : step - at[place - 1]!;
      x.set(values[place]!, (index * time + place) * size);
    });
  });
  const width = encoding.summaries.length;
  // Models of before know fewer kinds: the first ones.
  const raw = summariesOf(events, rows, encoding.variables, width / size);
  const fixedRows = rows.map((row, index) => [
    ...encoding.statics.flatMap((column) => staticNumbers(column, events.statics, row)),
    ...encoding.summaries.map((scale, column) => zeroIfMissing(scaled(scale, raw[index * width + column]!))),
  ]);
  const fixedSize = fixedRows[0]?.length ?? 0;
  return {
    rows: rows.length,
    time,
    x,
    dt,
    // A sequence without any event is one step in which nothing was seen.
    lengths: Int32Array.from(steps, ({ at }) => Math.max(1, at.length)),
    fixed: Float32Array.from(fixedRows.flat()),
    fixedSize,
  };
}

/** Means within each step that holds something. */
function stepsOf(
  events: EventColumns,
  encoding: EventEncoding,
  row: number,
): { readonly at: readonly number[]; readonly values: readonly Float32Array[] } {
  const { variables } = encoding;
  const at: number[] = [];
  const values: Float32Array[] = [];
  const counts: Float32Array[] = [];
  for (let place = events.starts[row]!; place < events.starts[row + 1]!; place++) {
    const index = stepOf(encoding, events.times[place]!);
    if (at.at(-1) !== index) {
      at.push(index);
      values.push(new Float32Array(variables.length));
      counts.push(new Float32Array(variables.length));
    }
    const variable = events.variables[place]!;
    values.at(-1)![variable]! += scaled(variables[variable]!.scale, events.values[place]!);
    counts.at(-1)![variable]! += 1;
  }
  values.forEach((sums, index) => {
    for (let variable = 0; variable < sums.length; variable++)
      sums[variable] = counts[index]![variable] === 0 ? Number.NaN : sums[variable]! / counts[index]![variable]!;
  });
  return { at, values };
}

/** The first so many kinds of summaries of each variable [rows, variables * kinds]; NaN where a sequence never has it. */
function summariesOf(events: EventColumns, rows: readonly number[], variables: EventEncoding["variables"], kinds: number): Float64Array {
  const width = kinds * variables.length;
  const out = new Float64Array(rows.length * width).fill(Number.NaN);
  const used = summaryKinds.slice(0, kinds);
  rows.forEach((row, index) => {
    const seen = variables.map((): { readonly values: number[]; readonly times: number[] } => ({ values: [], times: [] }));
    for (let place = events.starts[row]!; place < events.starts[row + 1]!; place++) {
      const variable = events.variables[place]!;
      seen[variable]!.values.push(scaled(variables[variable]!.scale, events.values[place]!));
      seen[variable]!.times.push(events.times[place]!);
    }
    seen.forEach(({ values, times }, variable) => {
      used.forEach((summary, kind) => {
        const value = summary(values, times);
        out[index * width + variable * kinds + kind] = Number.isFinite(value) ? value : Number.NaN;
      });
    });
  });
  return out;
}

/** NaN of nothing. */
function meanOf(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : mean(values);
}

/** Change per unit of time of the least-squares line; NaN at fewer than two times. */
function slopeOf(values: readonly number[], times: readonly number[]): number {
  const [middle, centre] = [meanOf(times), meanOf(values)];
  const spread = times.reduce((sum, time) => sum + (time - middle) ** 2, 0);
  return spread > 0 ? times.reduce((sum, time, i) => sum + (time - middle) * (values[i]! - centre), 0) / spread : Number.NaN;
}

function staticEncoding({ name, categories, values }: EventStatic, rows: readonly number[]): StaticEncoding {
  const known = rows.map((row) => values[row]!).filter((value) => !Number.isNaN(value));
  const distinct = [...new Set(known)].sort((a, b) => a - b);
  const isCode = categories !== null || (distinct.length > 2 && distinct.length <= 8 && distinct.every(Number.isInteger));
  return { name, words: categories, codes: isCode ? distinct : null, scale: scaleOf(known) };
}

function staticNumbers({ name, words, codes, scale }: StaticEncoding, statics: readonly EventStatic[], row: number): number[] {
  const column = statics.find((each) => each.name === name);
  const raw = column?.values[row] ?? Number.NaN;
  // Words of another file have other places.
  const value = words === null || Number.isNaN(raw) ? raw : words.indexOf(column?.categories?.[raw] ?? "");
  if (codes !== null) return codes.map((code) => Number(code === value));
  return [zeroIfMissing(scaled(scale, value)), Number.isNaN(value) ? 0 : 1];
}

function scaled({ log, low, high, mean, deviation }: Scale, value: number): number {
  const clipped = Math.min(high, Math.max(low, value));
  return ((log ? Math.log1p(clipped) : clipped) - mean) / deviation;
}

/** Clipped at the 0.1 and 99.9 % points, so that a slip of the pen is no measurement a thousand times the rest. */
function scaleOf(values: readonly number[]): Scale {
  if (values.length === 0) return { log: false, low: 0, high: 0, mean: 0, deviation: 1 };
  const [low, high] = [quantile(values, 0.001), quantile(values, 0.999)];
  const clipped = values.map((value) => Math.min(high, Math.max(low, value)));
  const plain = plainScale(clipped);
  const skewness = mean(clipped.map((value) => ((value - plain.mean) / plain.deviation) ** 3));
  const log = low >= 0 && skewness > 2;
  const inside = log ? plainScale(clipped.map(Math.log1p)) : plain;
  return { log, low, high, mean: inside.mean, deviation: inside.deviation };
}

/** @param least  deviations up to here are rounding, and so is a billionth of the mean */
function plainScale(values: readonly number[], least = 0): Scale {
  const centre = values.length === 0 ? 0 : mean(values);
  const deviation = values.length === 0 ? 1 : Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
  // A variable that never changes carries its mask only.
  const safe = deviation > Math.max(least, rounding * Math.abs(centre)) ? deviation : 1;
  return { log: false, low: centre - farthest * safe, high: centre + farthest * safe, mean: centre, deviation: safe };
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function zeroIfMissing(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
