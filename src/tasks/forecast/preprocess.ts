// preprocess.json: what turns a table into windows and outputs into the target's unit, checked when it is loaded.

import { z } from "zod";
import { DataError } from "../../base/errors.js";
import { calendarParts } from "../../data/calendar.js";
import { memberNames } from "./members.js";
import { savedNetwork } from "./network/saved.js";
import type { SavedPreprocess } from "./types.js";

/** No season, input or horizon of a table is longer. */
const count = z.int().min(1).max(1e6);

/** What belongs to one series. */
const ofSeries = {
  transform: z.object({
    log: z.boolean(),
    seasonalLag: z.int().min(0),
    relative: z.boolean(),
    readsLevels: z.boolean().exactOptional(),
    own: count.exactOptional(),
    mean: z.number(),
    scale: z.number().positive(),
    words: z.string(),
    reasons: z.array(z.string()),
  }),
  intervals: z
    .object({
      half80: z.array(z.number().min(0)),
      half95: z.array(z.number().min(0)),
      apart: z.number().positive().nullable().default(null), // models written before: as wide wherever the members are
    })
    .refine(({ half80, half95 }) => half80.every((half, step) => half <= (half95[step] ?? half)), "half80 is wider than half95")
    .nullable(),
  choice: z
    .object({
      weights: z
        .record(z.string(), z.number().min(0).max(1))
        .refine((weights) => Object.keys(weights).every((name) => memberNames.includes(name)), "a method is not known")
        .refine((weights) => Math.abs(Object.values(weights).reduce((sum, weight) => sum + weight, 0) - 1) < 1e-6, "they do not sum to 1"),
      networkWeight: z.number().min(0).max(1),
      longSeason: z.int().min(0),
    })
    .nullable()
    .default(null), // models written before there was a choice are networks alone
  trainedTo: z.string().nullable().default(null),
};

const scale = { centre: z.number(), scale: z.number().positive() };

const beside = z
  .object({
    past: z.array(z.string()),
    future: z.array(z.string()),
    words: z.record(z.string(), z.array(z.string()).nullable()),
    scales: z.record(z.string(), z.object(scale)),
    calendar: z.array(z.enum(calendarParts)),
    holidays: z.array(z.iso.date()).nullable(),
    statics: z.array(
      z.discriminatedUnion("kind", [
        z.object({ name: z.string(), kind: z.literal("number"), ...scale }),
        z.object({ name: z.string(), kind: z.literal("category"), categories: z.array(z.string()) }),
      ]),
    ),
    mask: z.boolean(),
  })
  .refine(({ past, future, words }) => [...past, ...future].every((name) => Object.hasOwn(words, name)), "words of a column are not there");

/** The form of an ES-RNN: its inputs are made by it. */
const esRnnSpec = z.object({
  series: count,
  steps: count,
  horizon: count,
  window: count,
  form: z.enum(["multiplicative", "additive"]),
  seasons: z.array(count),
  blocks: z.array(z.array(count)),
  units: count,
  wobble: z.number().min(0),
  ownRate: z.number().positive(),
});

const schema = z.object({
  format: z.literal("deep-rnn-forecast"),
  // Version 1 knew no columns beside the target, version 2 one scale for all windows of a series.
  formatVersion: z.union([z.literal(1), z.literal(2), z.literal(3)]).transform((): 3 => 3),
  task: z.literal("forecast"),
  columns: z.object({ time: z.array(z.string()), target: z.string() }),
  beside: beside.nullable().default(null),
  frequency: z.string(),
  season: count,
  input: count,
  horizon: count,
  dateOrder: z.enum(["dmy", "mdy"]).nullable(),
  missing: z.array(z.string()),
  duplicates: z.enum(["error", "mean", "first", "last", "sum"]).nullable(),
  ...ofSeries,
  network: savedNetwork.nullable().default(null),
  esRnn: z.object({ spec: esRnnSpec, ids: z.array(z.string()) }).exactOptional(),
  panel: z
    .object({
      id: z.string().nullable(),
      wide: z.boolean(),
      targets: z.array(z.string()).min(1).exactOptional(),
      series: z.record(z.string(), z.object(ofSeries)),
    })
    .exactOptional(),
});

/**
 * Reads and checks the text of `preprocess.json`.
 * @throws DataError `bad_preprocess`, naming the field
 * @example const preprocess = parsePreprocess(await readFile("runs/forecast-sales-1/model/preprocess.json", "utf8"));
 */
export function parsePreprocess(text: string, file = "preprocess.json"): SavedPreprocess {
  const value = parseJson(text, file);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const field = issue.path.length === 0 ? "it" : issue.path.join(".");
    throw new DataError("bad_preprocess", `${file}: ${field} is wrong (${issue.message}).`, "Save the model again.", { file });
  }
  const { horizon, panel, columns, ...rest } = parsed.data;
  const wrong = (what: string): DataError => new DataError("bad_preprocess", `${file}: ${what}.`, "Save the model again.", { file });
  for (const { intervals, choice } of [rest, ...Object.values(panel?.series ?? {})]) {
    if (intervals !== null && !(intervals.half80.length === horizon && intervals.half95.length === horizon))
      throw wrong(`intervals need ${horizon} steps`);
    if ((choice === null) !== (rest.choice === null)) throw wrong("choice is there for some series and not for others");
  }
  const targets = panel?.targets ?? [columns.target];
  return { ...rest, columns, horizon, ...(panel === undefined ? {} : { panel: { ...panel, targets } }) };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError("bad_preprocess", `${file} is not JSON (${reason}).`, "Save the model again.", { file });
  }
}
