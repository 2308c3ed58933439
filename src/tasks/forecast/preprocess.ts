// preprocess.json: what turns a table into windows and outputs into the target's unit, checked when it is loaded.

import { z } from "zod";
import { DataError } from "../../base/errors.js";
import type { SavedPreprocess } from "./types.js";

const count = z.int().min(1);

/** What belongs to one series. */
const ofSeries = {
  transform: z.object({
    log: z.boolean(),
    seasonalLag: z.int().min(0),
    relative: z.boolean(),
    mean: z.number(),
    scale: z.number().positive(),
    words: z.string(),
    reasons: z.array(z.string()),
  }),
  intervals: z.object({ half80: z.array(z.number().min(0)), half95: z.array(z.number().min(0)) }).nullable(),
  choice: z
    .object({
      weights: z.record(z.string(), z.number().min(0).max(1)),
      networkWeight: z.number().min(0).max(1),
      longSeason: z.int().min(0),
    })
    .nullable()
    .default(null), // models written before there was a choice are networks alone
};

const schema = z.object({
  format: z.literal("deep-rnn-forecast"),
  formatVersion: z.literal(1),
  task: z.literal("forecast"),
  columns: z.object({ time: z.array(z.string()), target: z.string() }),
  frequency: z.string(),
  season: count,
  input: count,
  horizon: count,
  dateOrder: z.enum(["dmy", "mdy"]).nullable(),
  missing: z.array(z.string()),
  duplicates: z.enum(["mean", "first", "last", "sum"]).nullable(),
  ...ofSeries,
  panel: z.object({ id: z.string().nullable(), wide: z.boolean(), series: z.record(z.string(), z.object(ofSeries)) }).exactOptional(),
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
  const { intervals, horizon } = parsed.data;
  if (intervals !== null && (intervals.half80.length !== horizon || intervals.half95.length !== horizon)) {
    throw new DataError("bad_preprocess", `${file}: intervals need ${horizon} steps.`, "Save the model again.", { file });
  }
  return parsed.data;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError("bad_preprocess", `${file} is not JSON (${reason}).`, "Save the model again.", { file });
  }
}
