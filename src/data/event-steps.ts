// Events on steps of equal width: how wide a step is, and the table with a row for each step in which something was measured.

import { type EventColumns, eventColumns } from "./event-columns.js";
import type { Events } from "./event-types.js";
import { tableOf } from "./table.js";
import type { Table } from "./types.js";

/** Steps that a usual sequence has at most. */
const mostSteps = 50;

/** Where steps begin and how long they are, in the unit of the events. */
export interface StepClock {
  readonly start: number;
  readonly step: number;
}

/** The smallest round width with which a usual sequence, up to the 99 % point of their ends, has no more than 50 steps. */
export function stepClock(events: EventColumns, rows: readonly number[]): StepClock {
  const ends: number[] = [];
  let start = 0;
  for (const row of rows) {
    const [from, to] = [events.starts[row]!, events.starts[row + 1]!];
    if (from === to) continue;
    start = Math.min(start, events.times[from]!);
    ends.push(events.times[to - 1]!);
  }
  if (ends.length === 0) return { start: 0, step: 1 };
  const end = Float64Array.from(ends).sort()[Math.min(ends.length - 1, Math.floor(0.99 * ends.length))]!;
  return { start, step: stepFor(end - start) };
}

/** 1, 2 or 5 times a power of ten. */
function stepFor(span: number): number {
  if (!(span > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(span / mostSteps));
  const round = [power, 2 * power, 5 * power, 10 * power];
  return round.find((width) => span / width <= mostSteps + 1e-9) ?? 10 * power;
}

/**
 * The clock that `stepTable` finds.
 *
 * @example  const table = stepTable(await readEvents("next-week.csv"), eventClock(await readEvents("events.csv")));
 */
export function eventClock(given: Events): StepClock {
  const events = eventColumns(given);
  return stepClock(events, Array.from(events.ids.keys()));
}

/** Which step a time falls into. */
export function stepOf({ start, step }: StepClock, time: number): number {
  return Math.floor((time - start) / step + 1e-9);
}

/**
 * One row for each step of each sequence in which something was measured: id, the time at which the step begins, and the mean of each
 * variable, empty where it was not measured.
 *
 * @param clock  where steps begin and how long they are; found unless given
 * @example  const table = stepTable(await readEvents("events.csv"));
 */
export function stepTable(given: Events, clock: StepClock = eventClock(given)): Table {
  const events = eventColumns(given);
  const ids: string[] = [];
  const times: number[] = [];
  const columns: (number | null)[][] = events.names.map(() => []);
  events.ids.forEach((id, sequence) => {
    let place = events.starts[sequence]!;
    const end = events.starts[sequence + 1]!;
    while (place < end) {
      const step = stepOf(clock, events.times[place]!);
      const sums = new Float64Array(columns.length);
      const counts = new Int32Array(columns.length);
      for (; place < end && stepOf(clock, events.times[place]!) === step; place++) {
        sums[events.variables[place]!]! += events.values[place]!;
        counts[events.variables[place]!]! += 1;
      }
      ids.push(id);
      times.push(Number((clock.start + step * clock.step).toPrecision(12)));
      columns.forEach((column, variable) => {
        column.push(counts[variable] === 0 ? null : sums[variable]! / counts[variable]!);
      });
    }
  });
  return tableOf({ id: ids, time: times, ...Object.fromEntries(events.names.map((name, index) => [name, columns[index]!])) });
}
