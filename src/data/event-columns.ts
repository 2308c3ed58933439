// Events of all sequences in packed columns, one after the other: the form that tasks count and scale.

import type { Events } from "./event-types.js";
import type { StaticColumn } from "./types.js";

/** A static column with one number for each sequence. */
export interface EventStatic {
  readonly name: string;
  /** Words, where the values are words; `values` are then places in this list. */
  readonly categories: readonly string[] | null;
  /** NaN where it is not known. */
  readonly values: Float64Array;
}

/** Of sequence `i` the events are those from `starts[i]` to before `starts[i + 1]`, oldest first. */
export interface EventColumns {
  readonly ids: readonly string[];
  readonly starts: Uint32Array;
  readonly times: Float64Array;
  /** Place in `names` of what was measured. */
  readonly variables: Uint32Array;
  readonly values: Float64Array;
  readonly names: readonly string[];
  readonly statics: readonly EventStatic[];
}

/** Packs events. `names` are the variables to take, in this order: all of them unless given. */
export function eventColumns(events: Events, names: readonly string[] = events.parameters): EventColumns {
  const places = events.parameters.map((name) => names.indexOf(name));
  const width = events.parameters.length;
  const starts = new Uint32Array(events.ids.length + 1);
  const [times, variables, values]: [number[], number[], number[]] = [[], [], []];
  for (const index of events.ids.keys()) {
    const { times: at, values: measured, mask } = events.sequence(index);
    for (let cell = 0; cell < mask.length; cell++) {
      const place = places[cell % width]!;
      if (mask[cell] !== 1 || place < 0) continue;
      times.push(at[Math.floor(cell / width)]!);
      variables.push(place);
      values.push(measured[cell]!);
    }
    starts[index + 1] = times.length;
  }
  return {
    ids: events.ids,
    starts,
    times: Float64Array.from(times),
    variables: Uint32Array.from(variables),
    values: Float64Array.from(values),
    names,
    statics: events.statics.map(eventStatic),
  };
}

function eventStatic(column: StaticColumn): EventStatic {
  if (column.kind === "number") return { name: column.name, categories: null, values: column.values };
  const values = Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : code));
  return { name: column.name, categories: column.categories, values };
}
