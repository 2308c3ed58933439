// The regular grid behind a list of times: its step is the commonest difference, counted in months where months fit.

import { NumberStore, type Numbers } from "./number-store.js";
import { daysInMonth } from "./time.js";

const dayMs = 86_400_000;

/** Steps between neighbouring rows. */
export type Step =
  | { readonly unit: "month"; readonly count: number; readonly day: number }
  | { readonly unit: "ms"; readonly count: number }
  | { readonly unit: "business"; readonly count: 1 }
  /** Months of four and five weeks, as retailers count them. */
  | { readonly unit: "retail"; readonly count: 1 }
  /** No regular grid: rows follow each other; `count` is the commonest distance, for labels beyond the end. */
  | { readonly unit: "none"; readonly count: number };

/** The grid of one series. */
export interface Grid {
  readonly step: Step;
  /** Where each time lies on the grid, counted from the first; null if every row is the next step. */
  readonly positions: Numbers | null;
  readonly size: number;
}

/** Finds the commonest step of strictly increasing UTC times, over all the clocks of a panel. */
export function findStep(clocks: readonly Numbers[]): Step {
  const modal = mode(countDifferences(clocks, (before, after) => after - before));
  if (modal === 0) return { unit: "none", count: 1 };
  if (modal >= 27 * dayMs) return longStep(clocks, modal);
  if (modal === dayMs && isBusinessOnly(clocks)) return { unit: "business", count: 1 };
  return { unit: "ms", count: modal };
}

/** Same days of months; weeks that fit exactly; any days of months that follow each other, as last working days do; 4-4-5 weeks. */
function longStep(clocks: readonly Numbers[], modal: number): Step {
  const exact: Step = { unit: "ms", count: modal };
  const onSameDay = monthStep(clocks);
  if (onSameDay !== null) return onSameDay;
  if (clocks.every((times) => placeOn(times, exact) !== null)) return exact;
  const count = mode(countDifferences(clocks, (before, after) => monthIndex(after) - monthIndex(before)));
  const months: Step = { unit: "month", count, day: lastDayOf(clocks) };
  if (count >= 1 && clocks.every((times) => placeOn(times, months) !== null)) return months;
  const retail: Step = { unit: "retail", count: 1 };
  return clocks.every((times) => placeOn(times, retail) !== null) ? retail : exact;
}

/**
 * Lays one clock on the grid of a step. Null if a row lies off it by more than a tenth of a step, or if the grid would be
 * mostly empty.
 */
export function placeOn(times: Numbers, step: Step): Grid | null {
  if (step.unit === "none") return inOrder(times);
  if (step.unit === "retail") return isRetail(times) ? { ...inOrder(times), step } : null;
  const own = step.unit === "month" ? { ...step, day: lastDayOf([times]) } : step;
  const size = times.length;
  const first = times.get(0);
  let positions: NumberStore | null = null;
  let before = -1;
  for (let i = 0; i < size; i++) {
    const exact = i === 0 ? 0 : exactPosition(first, times.get(i), own);
    const rounded = Math.round(exact);
    // Written so that NaN, a day that is none of the grid's, does not pass.
    if (!(Math.abs(exact - rounded) <= 0.1) || rounded <= before) return null;
    if (rounded !== i && positions === null) positions = storeOf({ length: i, get: (row) => row });
    positions?.push(rounded);
    before = rounded;
  }
  if (before + 1 > 4 * size + 16 || isPartOfDay(before + 1, size, own)) return null;
  return { step: own, positions, size: before + 1 };
}

/** Hours of business and of trading: most steps of a day never have a row, and a grid would be mostly holes. */
function isPartOfDay(steps: number, rows: number, step: Step): boolean {
  return step.unit === "ms" && step.count < dayMs && rows >= 20 && steps > 2.2 * rows;
}

/** Packed: nearly all neighbours are as far apart as the others. */
function storeOf(numbers: Numbers): NumberStore {
  const store = new NumberStore();
  for (let i = 0; i < numbers.length; i++) store.push(numbers.get(i));
  return store;
}

/** Rows one after the other, whatever lies between them. */
export function inOrder(times: Numbers): Grid {
  // The newest ones say how the times go on.
  const first = Math.max(0, times.length - 1 - mostDifferences);
  const between = (_: unknown, i: number): number => times.get(first + i + 1) - times.get(first + i);
  const differences = Float64Array.from({ length: Math.max(0, times.length - 1 - first) }, between).sort();
  const typical = differences.length === 0 ? 1 : differences[differences.length >> 1]!;
  return { step: { unit: "none", count: typical }, positions: null, size: times.length };
}

/** The time of grid position `index`, also beyond the last row. */
export function timeOn({ step, positions }: Grid, times: Numbers): (index: number) => number {
  const first = times.get(0);
  if (step.unit === "none" || step.unit === "retail") {
    const list = storeOf(times);
    return step.unit === "none" ? timeInList(list, step.count) : timeInRetailMonths(list);
  }
  const onGrid = timeInSteps(first, step);
  return step.unit === "month" ? timeInMonths(times, positions, onGrid) : onGrid;
}

function timeInList(times: Numbers, step: number): (index: number) => number {
  const last = times.length - 1;
  return (index) => (index <= last ? times.get(index) : times.get(last) + (index - last) * step);
}

/** Beyond the end the weeks of the last twelve months come again. */
function timeInRetailMonths(times: Numbers): (index: number) => number {
  const last = times.length - 1;
  const span = (k: number): number => (k > last ? span(k - 12) : k < 1 ? 28 * dayMs : times.get(k) - times.get(k - 1));
  return (index) => {
    let ms = times.get(Math.min(index, last));
    for (let k = last + 1; k <= index; k++) ms += span(k);
    return ms;
  };
}

/** Rows that stand on another day of their month keep it; beyond the end, last working days stay what they are. */
function timeInMonths(times: Numbers, positions: Numbers | null, onGrid: (index: number) => number): (index: number) => number {
  const own = new Map<number, number>();
  for (let i = 0; i < times.length; i++) {
    const position = positions?.get(i) ?? i;
    if (onGrid(position) !== times.get(i)) own.set(position, times.get(i));
  }
  if (own.size === 0) return onGrid;
  const areWorkingDays = everyTime(times, (ms) => !isWeekend(ms));
  return (index) => {
    const known = own.get(index);
    if (known !== undefined) return known;
    let ms = onGrid(index);
    while (areWorkingDays && isWeekend(ms)) ms -= dayMs;
    return ms;
  };
}

// Takes the first time and not the list, so that a clock does not keep the table it was read from.
function timeInSteps(first: number, step: Exclude<Step, { unit: "none" | "retail" }>): (index: number) => number {
  if (step.unit === "ms") return (index) => first + index * step.count;
  if (step.unit === "business") return (index) => businessDay(businessIndex(first) + index);
  const timeOfDay = ((first % dayMs) + dayMs) % dayMs;
  return (index) => {
    const months = monthIndex(first) + index * step.count;
    const [year, month] = [Math.floor(months / 12), (months % 12) + 1];
    return Date.UTC(year, month - 1, Math.min(step.day, daysInMonth(year, month))) + timeOfDay;
  };
}

function isRetail(times: Numbers): boolean {
  for (let i = 1; i < times.length; i++) {
    const days = (times.get(i) - times.get(i - 1)) / dayMs;
    if (days !== 28 && days !== 35) return false;
  }
  return true;
}

/** What is commonest among so many differences of a panel is so among all. */
const mostDifferences = 2_000_000;

function countDifferences(clocks: readonly Numbers[], between: (before: number, after: number) => number): Map<number, number> {
  const counts = new Map<number, number>();
  const most = Math.ceil(mostDifferences / clocks.length);
  for (const times of clocks) {
    for (let i = 1; i < Math.min(times.length, most); i++) {
      const difference = between(times.get(i - 1), times.get(i));
      counts.set(difference, (counts.get(difference) ?? 0) + 1);
    }
  }
  return counts;
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

/** Months fit if every time of a clock falls on the same day of its month, or on the last day where the month is shorter. */
function monthStep(clocks: readonly Numbers[]): Step | null {
  const fits = clocks.every((times) => {
    const day = lastDayOf([times]);
    return everyTime(times, (ms) => {
      const date = new Date(ms);
      return date.getUTCDate() === Math.min(day, daysInMonth(date.getUTCFullYear(), date.getUTCMonth() + 1));
    });
  });
  if (!fits) return null;
  const count = mode(countDifferences(clocks, (before, after) => monthIndex(after) - monthIndex(before)));
  return count < 1 ? null : { unit: "month", count, day: lastDayOf(clocks) };
}

function lastDayOf(clocks: readonly Numbers[]): number {
  let day = 1;
  for (const times of clocks) for (let i = 0; i < times.length; i++) day = Math.max(day, new Date(times.get(i)).getUTCDate());
  return day;
}

function everyTime(times: Numbers, test: (ms: number) => boolean): boolean {
  for (let i = 0; i < times.length; i++) if (!test(times.get(i))) return false;
  return true;
}

function exactPosition(first: number, time: number, step: Step): number {
  if (step.unit === "ms") return (time - first) / step.count;
  if (step.unit === "business") return isWeekend(time) ? Number.NaN : businessIndex(time) - businessIndex(first);
  return step.unit === "month" ? (monthIndex(time) - monthIndex(first)) / step.count : Number.NaN;
}

/** Daily times of at least two weeks without a single Saturday or Sunday. */
function isBusinessOnly(clocks: readonly Numbers[]): boolean {
  return clocks.some((times) => times.length >= 10) && clocks.every((times) => everyTime(times, (ms) => !isWeekend(ms)));
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
