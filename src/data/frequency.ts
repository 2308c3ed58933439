// The regular grid behind a list of times: its step is the commonest difference, counted in months where months fit.

import { daysInMonth, formatTime, type Precision } from "./time.js";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Steps between neighbouring rows. */
export type Step =
  | { readonly unit: "month"; readonly count: number; readonly day: number }
  | { readonly unit: "ms"; readonly count: number }
  | { readonly unit: "business"; readonly count: 1 }
  /** No regular grid: rows follow each other; `count` is the commonest distance, for labels beyond the end. */
  | { readonly unit: "none"; readonly count: number };

export interface Grid {
  readonly frequency: string;
  readonly step: Step;
  /** Where each time lies on the grid, counted from the first. */
  readonly positions: Int32Array;
  readonly size: number;
}

/** Finds the grid of strictly increasing UTC times. `frequency` overrides what is found. */
export function findGrid(times: Float64Array, frequency?: string): Grid {
  const step = frequency === undefined ? findStep(times) : (stepOfName(frequency, times) ?? findStep(times));
  const grid = place(times, step);
  return grid ?? irregular(times);
}

/** Whether `--frequency` is a name that is understood. */
export function isFrequencyName(name: string): boolean {
  return stepOfName(name, Float64Array.of(0)) !== null;
}

/** The label of grid position `index`, also beyond the last row. */
export function timeAt(grid: Grid, times: Float64Array, index: number): number {
  const { step } = grid;
  const first = times[0]!;
  if (step.unit === "ms") return first + index * step.count;
  if (step.unit === "none") {
    const last = times.length - 1;
    return index <= last ? times[index]! : times[last]! + (index - last) * step.count;
  }
  if (step.unit === "business") return businessDay(businessIndex(first) + index);
  const months = monthIndex(first) + index * step.count;
  const [year, month] = [Math.floor(months / 12), (months % 12) + 1];
  const timeOfDay = ((first % dayMs) + dayMs) % dayMs;
  return Date.UTC(year, month - 1, Math.min(step.day, daysInMonth(year, month))) + timeOfDay;
}

/** Rows in the natural season of a frequency, longest first; empty if it has none to offer. */
export function seasonsOf(frequency: string): readonly number[] {
  const named: Readonly<Record<string, readonly number[]>> = {
    yearly: [1],
    quarterly: [4],
    monthly: [12],
    weekly: [52],
    daily: [7],
    "business daily": [5],
    hourly: [24], // biome-ignore format: one table
  };
  if (Object.hasOwn(named, frequency)) return named[frequency]!;
  const parts = /^(\d+) (second|minute|hour|day|week|month)s?$/.exec(frequency);
  if (parts === null) return [];
  const cycles: Readonly<Record<string, readonly number[]>> = {
    second: [86_400, 3600, 60],
    minute: [1440, 60],
    hour: [24],
    day: [],
    week: [52],
    month: [12],
  };
  return cycles[parts[2]!]!.map((rows) => rows / Number(parts[1])).filter((rows) => Number.isInteger(rows) && rows > 1);
}

function findStep(times: Float64Array): Step {
  const differences = new Map<number, number>();
  for (let i = 1; i < times.length; i++) {
    const difference = times[i]! - times[i - 1]!;
    differences.set(difference, (differences.get(difference) ?? 0) + 1);
  }
  const modal = mode(differences);
  if (modal >= 27 * dayMs) return monthStep(times) ?? { unit: "ms", count: modal };
  if (modal === dayMs && isBusinessOnly(times)) return { unit: "business", count: 1 };
  return { unit: "ms", count: modal };
}

/** The commonest difference; the smallest of several. */
function mode(counts: ReadonlyMap<number, number>): number {
  let best = 0;
  let bestCount = 0;
  for (const [value, count] of counts) {
    if (count > bestCount || (count === bestCount && value < best)) {
      best = value;
      bestCount = count;
    }
  }
  return best;
}

/** Months fit if every time falls on the same day of its month, or on the last day where the month is shorter. */
function monthStep(times: Float64Array): Step | null {
  const dates = Array.from(times, (ms) => new Date(ms));
  const day = Math.max(...dates.map((date) => date.getUTCDate()));
  const fits = dates.every((date) => date.getUTCDate() === Math.min(day, daysInMonth(date.getUTCFullYear(), date.getUTCMonth() + 1)));
  if (!fits) return null;
  const counts = new Map<number, number>();
  for (let i = 1; i < times.length; i++) {
    const months = monthIndex(times[i]!) - monthIndex(times[i - 1]!);
    counts.set(months, (counts.get(months) ?? 0) + 1);
  }
  const count = mode(counts);
  return count < 1 ? null : { unit: "month", count, day };
}

/** Positions on the grid; null if a row lies off it by more than a tenth of a step, or if the grid would be mostly empty. */
function place(times: Float64Array, step: Step): Grid | null {
  const positions = new Int32Array(times.length);
  for (let i = 0; i < times.length; i++) {
    const exact = exactPosition(times[0]!, times[i]!, step);
    const rounded = Math.round(exact);
    if (Math.abs(exact - rounded) > 0.1 || (i > 0 && rounded <= positions[i - 1]!)) return null;
    positions[i] = rounded;
  }
  const size = positions.length === 0 ? 0 : positions.at(-1)! + 1;
  if (size > 4 * times.length + 16) return null;
  return { frequency: nameOf(step), step, positions, size };
}

function exactPosition(first: number, time: number, step: Step): number {
  if (step.unit === "ms") return (time - first) / step.count;
  if (step.unit === "business") return isWeekend(time) ? Number.NaN : businessIndex(time) - businessIndex(first);
  return step.unit === "month" ? (monthIndex(time) - monthIndex(first)) / step.count : Number.NaN;
}

function irregular(times: Float64Array): Grid {
  const differences = Float64Array.from({ length: Math.max(0, times.length - 1) }, (_, i) => times[i + 1]! - times[i]!).sort();
  const typical = differences.length === 0 ? 1 : differences[differences.length >> 1]!;
  return {
    frequency: "irregular",
    step: { unit: "none", count: typical },
    positions: Int32Array.from(times, (_, i) => i),
    size: times.length,
  };
}

function nameOf(step: Step): string {
  if (step.unit === "business") return "business daily";
  if (step.unit === "none") return "irregular";
  if (step.unit === "month") {
    const named: Readonly<Record<number, string>> = { 1: "monthly", 3: "quarterly", 12: "yearly" };
    return named[step.count] ?? (step.count % 12 === 0 ? `${step.count / 12} years` : `${step.count} months`);
  }
  const { count } = step;
  if (count === 7 * dayMs) return "weekly";
  if (count === dayMs) return "daily";
  if (count === 60 * minuteMs) return "hourly";
  if (count % dayMs === 0) return `${count / dayMs} days`;
  if (count % (60 * minuteMs) === 0) return `${count / (60 * minuteMs)} hours`;
  const many = (size: number, unit: string): string => `${size} ${unit}${size === 1 ? "" : "s"}`;
  if (count % minuteMs === 0) return many(count / minuteMs, "minute");
  return count % 1000 === 0 ? many(count / 1000, "second") : `${count} ms`;
}

function stepOfName(name: string, times: Float64Array): Step | null {
  const text = name.trim().toLowerCase();
  const day = Math.max(...Array.from(times, (ms) => new Date(ms).getUTCDate()));
  const months: Readonly<Record<string, number>> = { monthly: 1, quarterly: 3, yearly: 12, annual: 12 };
  if (Object.hasOwn(months, text)) return { unit: "month", count: months[text]!, day };
  if (text === "business daily") return { unit: "business", count: 1 };
  const fixed: Readonly<Record<string, number>> = { weekly: 7 * dayMs, daily: dayMs, hourly: 60 * minuteMs };
  if (Object.hasOwn(fixed, text)) return { unit: "ms", count: fixed[text]! };
  const parts = /^(\d+) (second|minute|hour|day|week|month|year)s?$/.exec(text);
  if (parts === null || Number(parts[1]) < 1) return null;
  const count = Number(parts[1]);
  if (parts[2] === "month" || parts[2] === "year") return { unit: "month", count: count * (parts[2] === "year" ? 12 : 1), day };
  const unit = { second: 1000, minute: minuteMs, hour: 60 * minuteMs, day: dayMs, week: 7 * dayMs }[parts[2]!] ?? dayMs;
  return { unit: "ms", count: count * unit };
}

/** Daily times of at least two weeks without a single Saturday or Sunday. */
function isBusinessOnly(times: Float64Array): boolean {
  return times.length >= 10 && times.every((ms) => !isWeekend(ms));
}

function isWeekend(ms: number): boolean {
  const day = new Date(ms).getUTCDay();
  return day === 0 || day === 6;
}

/** Weekdays since Monday 5 January 1970. */
function businessIndex(ms: number): number {
  const days = Math.floor(ms / dayMs) - 4;
  const week = Math.floor(days / 7);
  return week * 5 + Math.min(days - week * 7, 5);
}

function businessDay(index: number): number {
  const week = Math.floor(index / 5);
  return (4 + week * 7 + (index - week * 5)) * dayMs;
}

function monthIndex(ms: number): number {
  const date = new Date(ms);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** How a grid position is printed: as fine as the file, and never coarser than the step needs. */
export function labelOf(grid: Grid, times: Float64Array, precision: Precision): (index: number) => string {
  return (index) => formatTime(timeAt(grid, times, index), precision);
}
