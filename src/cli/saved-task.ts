// Which task a saved model is for, as its preprocess.json says.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const formats = {
  "deep-rnn-classify-events": "classify",
  "deep-rnn-impute": "impute",
} as const;

/** Anything else is for the forecast to judge. */
export function savedTask(model: string): "forecast" | "classify" | "impute" {
  const file = join(model, "preprocess.json");
  if (!existsSync(model) || !statSync(model).isDirectory() || !existsSync(file)) return "forecast";
  const format = /"format"\s*:\s*"([^"]*)"/.exec(readFileSync(file, "utf8"))?.[1] ?? "";
  return format in formats ? formats[format as keyof typeof formats] : "forecast";
}
