// How a table of events was read, kept with a model so that other events are read alike.

import { z } from "zod";
import type { EventOptions, EventOrigin, Events } from "../data/event-types.js";

/** Part of a `preprocess.json`: columns that were named, and what was found; null where nothing was. */
export interface EventReading {
  readonly id: string | null;
  readonly time: string | null;
  readonly parameter: string | null;
  readonly value: string | null;
  readonly dateOrder: "dmy" | "mdy" | null;
  readonly origin: EventOrigin | null;
  readonly negative: readonly string[] | null;
  readonly statics: readonly string[] | null;
  readonly words: Readonly<Record<string, readonly string[]>> | null;
}

const name = z.string().nullable();
const names = z.array(z.string()).readonly().nullable();

/** Models of before do not say it. */
export const eventReadingSchema: z.ZodType<EventReading> = z
  .object({
    id: name,
    time: name,
    parameter: name,
    value: name,
    dateOrder: z.enum(["dmy", "mdy"]).nullable(),
    origin: z.enum(["first", "zero"]).nullable(),
    negative: names,
    statics: names,
    // Models of before know numbers only.
    words: z.record(z.string(), z.array(z.string()).readonly()).nullable().default({}),
  })
  .default({
    ...{ id: null, time: null, parameter: null, value: null, dateOrder: null, origin: null, negative: null, statics: null },
    words: {},
  });

/** What is kept of a reading. */
export function keptReading(
  { id, time, parameter, value }: Pick<EventOptions, "id" | "time" | "parameter" | "value">,
  { alike }: Pick<Events, "alike">,
): EventReading {
  return { id: id ?? null, time: time ?? null, parameter: parameter ?? null, value: value ?? null, dateOrder: null, ...alike };
}

/** The options that read other events alike. */
export function readAlike(kept: EventReading): EventOptions {
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== null));
}
