// Which task a saved model is for, as its preprocess.json says.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "./context.js";
import { usageError } from "./failure.js";

const formats = {
  "deep-rnn-classify-events": "classify",
  "deep-rnn-impute": "impute",
} as const;

/** What a saved model can be for. */
export type SavedTask = "forecast" | "classify" | "impute";

/** Anything else is for the forecast to judge. */
export function savedTask(model: string): SavedTask {
  const file = join(model, "preprocess.json");
  if (!existsSync(model) || !statSync(model).isDirectory() || !existsSync(file)) return "forecast";
  const format = /"format"\s*:\s*"([^"]*)"/.exec(readFileSync(file, "utf8"))?.[1] ?? "";
  return format in formats ? formats[format as keyof typeof formats] : "forecast";
}

/** What a model does with the file that is given to it. */
export const doing: Readonly<Record<SavedTask, string>> = {
  forecast: "forecasts a table",
  classify: "classifies events",
  impute: "fills a table",
};

/** Options of the verbs for saved models that only some of them have a use for. */
const usedBy: Readonly<Record<string, readonly SavedTask[]>> = {
  "--anomalies": ["forecast"],
  "--anomaly-level": ["forecast"],
  "--holidays": ["forecast"],
  "--test": ["forecast"],
  "--duplicates": ["forecast"],
  "--label": ["classify"],
};

/**
 * Refuses a flag that does nothing for a model of this task; what comes from the environment or a file is meant for several.
 * @throws DataError `unused_option`
 */
export function refuseUnused(given: string, task: SavedTask, { settings }: Pick<Context, "settings">): void {
  for (const [flag, tasks] of Object.entries(usedBy)) {
    const name = flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (settings.values[name]?.origin !== "flag" || tasks.includes(task)) continue;
    throw usageError("unused_option", `${given} ${doing[task]}: ${flag} does nothing there.`, "Leave it out.");
  }
}
