// One line per epoch for people; nothing here reaches standard output.

import type { Callback, FitOptions } from "./types.js";

const quietMs = 200;

/** A callback that prints epochs, or null when nothing is to be printed. */
export function progressCallback(options: FitOptions, epochs: number): Callback | null {
  const { verbose = "auto" } = options;
  if (verbose === "silent" || (verbose === "auto" && options.log === undefined && !hasTerminal())) return null;
  // In browsers and in Node alike, console.error is where text for people goes.
  const log = options.log ?? ((line: string) => console.error(line));
  let start = 0;
  let lastShown = 0;
  return {
    name: "progress",
    onTrainStart() {
      start = Date.now();
    },
    onEpochEnd({ epoch, logs }) {
      const now = Date.now();
      // A terminal is for reading: fast epochs are skipped, but never the last one.
      if (verbose === "auto" && epoch < epochs && now - lastShown < quietMs) return;
      lastShown = now;
      const values = Object.entries(logs).map(([name, value]) => `${name} ${shown(value)}`);
      log([`epoch ${epoch}/${epochs}`, ...values, `${((now - start) / 1000).toFixed(1)} s`].join("  "));
    },
  };
}

function hasTerminal(): boolean {
  return typeof process !== "undefined" && process.stderr?.isTTY === true;
}

function shown(value: number): string {
  return Number(value.toPrecision(4)).toString();
}
