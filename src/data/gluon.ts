// Series as GluonTS writes them, one object each: start, target, static and dynamic features; made rows of a table.

import { placeOn, timeOn } from "./frequency.js";
import { stepOfName } from "./frequency-names.js";
import { numbersOf } from "./number-store.js";
import { formatTime, parseTime } from "./time.js";

/** Whether an object is a series of GluonTS and not a row: a list of targets with a beginning. */
export function isGluon(value: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(value.target) && (typeof value.start === "string" || Array.isArray(value.feat_static_cat));
}

/**
 * The same as lists of equal length and scalars. Dynamic features that go on beyond the target are the known future. `freq` in
 * the object makes times of `start`; without it the rows are numbered, and the frequency has to be given when the panel is made.
 */
export function fromGluon(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { target, start, freq, ...rest } = value;
  const targets = Array.isArray(target) ? target : [];
  const entries = Object.entries(rest).flatMap(([name, entry]): [string, unknown][] => {
    if (!Array.isArray(entry)) return [[name, entry]];
    const isTable = entry.length > 0 && entry.every((each) => Array.isArray(each));
    if (isTable) return entry.map((list, k) => [`${name}_${k}`, list]);
    return name.startsWith("feat_static") ? entry.map((each, k) => [`${name}_${k}`, each]) : [[name, entry]];
  });
  const rows = Math.max(targets.length, ...entries.map(([, entry]) => (Array.isArray(entry) ? entry.length : 0)));
  const padded = (list: readonly unknown[]): unknown[] => Array.from({ length: rows }, (_, i) => list[i] ?? null);
  const times = timesFrom(start, freq, rows);
  return {
    ...Object.fromEntries(entries.map(([name, entry]) => [name, Array.isArray(entry) ? padded(entry) : entry])),
    ...(times === null ? {} : { time: times }),
    target: padded(targets),
  };
}

function timesFrom(start: unknown, freq: unknown, rows: number): string[] | null {
  const first = typeof start === "string" ? parseTime(start, null) : null;
  const step = typeof freq === "string" ? stepOfName(freq) : null;
  if (first === null || step === null) return null;
  const grid = placeOn(numbersOf([first.ms]), step);
  if (grid === null) return null;
  const timeAt = timeOn(grid, numbersOf([first.ms]));
  return Array.from({ length: rows }, (_, i) => formatTime(timeAt(i), first.precision));
}
