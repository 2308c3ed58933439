// What a run leaves, for comparing it with another: its result, its metrics without what the clock says, and its files.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Desk } from "./run.js";

/** The files of a forecast whose bits must be the same. */
const forecastFiles: readonly string[] = ["forecast.csv", "model/weights.safetensors"];

/** The result, the metrics and the named files of a run. */
export function outcomeOf(desk: Desk, run: string, files: readonly string[] = forecastFiles): unknown {
  const read = (name: string): string => readFileSync(join(desk.path, run, name), "latin1");
  const metrics = linesOf(read("metrics.jsonl")).map(({ seconds: _seconds, ...record }) => record);
  return { result: JSON.parse(read("result.json")).result, metrics, files: files.map(read) };
}

/** JSON lines. */
export function linesOf(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
