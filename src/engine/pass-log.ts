// Gathers what passes say while a section is traced: gradients are taken then, long before the optimiser runs.

import type { Prepare } from "../autodiff/reverse.js";
import type { PassEntry } from "../passes/log.js";
import { prepareForGradient } from "../passes/prepare.js";

let current: PassEntry[] | null = null;

/** Runs `inside` and gives what passes reported meanwhile. */
export function withPassLog<R>(inside: () => R): { readonly result: R; readonly log: readonly PassEntry[] } {
  const outer = current;
  const log: PassEntry[] = [];
  current = log;
  try {
    return { result: inside(), log };
  } finally {
    current = outer;
  }
}

/** Prepares scans for a gradient and reports to whoever gathers. */
export const preparedForGradient: Prepare = (outputs, wrt) => prepareForGradient(outputs, wrt, (entry) => current?.push(entry));
