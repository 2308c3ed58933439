// The history of a training as a text file: a table for spreadsheets, or a JSON object a line for programs.

import { checkOptions } from "../../nn/options.js";
import type { Callback, TrainEvent } from "../types.js";
import { checkPath, logCallback } from "./log-files.js";

/** Options of `csvLog`. */
export interface CsvLogOptions {
  /** Between the columns: ",". */
  readonly separator?: string;
}

/**
 * A callback that writes a row per epoch: its number, the steps so far, and every value of the history. The file is begun anew by a new
 * training and goes on with a resumed one. Needs Node.
 *
 * @throws UsageError `bad_path`, `bad_option`; while training RunError `write_failed`
 * @example await model.fit(x, y, { callbacks: [csvLog("runs/a/history.csv")] })
 */
export function csvLog(path: string, options: CsvLogOptions = {}): Callback {
  checkOptions("csvLog", options, { separator: "any" });
  const { separator = "," } = options;
  const cell = (value: string): string => (value.includes(separator) || /["\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const row = (cells: readonly (string | number)[]): string => `${cells.map((value) => cell(String(value))).join(separator)}\n`;
  return logCallback({
    name: "csvLog",
    path: () => checkPath("csvLog", path),
    begin: ({ logs }) => row(["epoch", "step", ...Object.keys(logs)]),
    epoch: ({ epoch, step, logs }) => row([epoch, step, ...Object.values(logs)]),
    batch: () => null,
  });
}

/** Options of `jsonlLog`. */
export interface JsonlLogOptions {
  /** Also a line after every so many steps; off by default. */
  readonly everySteps?: number;
}

/**
 * A callback that writes a JSON object per epoch and line: `{"epoch":1,"step":25,"loss":0.31,"valLoss":0.29}`. Values that are not
 * finite become null. The file is begun anew by a new training and goes on with a resumed one. Needs Node.
 *
 * @throws UsageError `bad_path`, `bad_option`; while training RunError `write_failed`
 * @example await model.fit(x, y, { callbacks: [jsonlLog("runs/a/metrics.jsonl", { everySteps: 100 })] })
 */
export function jsonlLog(path: string, options: JsonlLogOptions = {}): Callback {
  checkOptions("jsonlLog", options, { everySteps: "size" });
  const { everySteps } = options;
  const line = ({ epoch, step, logs }: TrainEvent): string => `${JSON.stringify({ epoch, step, ...logs })}\n`;
  return logCallback({
    name: "jsonlLog",
    path: () => checkPath("jsonlLog", path),
    begin: () => "",
    epoch: line,
    batch: (event) => (everySteps !== undefined && event.step % everySteps === 0 ? line(event) : null),
  });
}
