// Gathers what passes say and do while a section is traced: gradients are taken then, long before the optimiser runs.

import type { Prepare } from "../autodiff/reverse.js";
import type { Node } from "../ir/core/node.js";
import type { PassEntry } from "../passes/log.js";
import { type Prepared, prepareForGradient } from "../passes/prepare.js";

interface Gathered {
  readonly log: PassEntry[];
  readonly prepared: Map<Node, readonly Node[]>;
}

let current: Gathered | null = null;

/** Runs `inside` and gives what passes reported meanwhile, and what scans became for gradients. */
export function withPassLog<R>(inside: () => R): { readonly result: R; readonly log: readonly PassEntry[]; readonly prepared: Prepared } {
  const outer = current;
  const gathered: Gathered = { log: [], prepared: new Map() };
  current = gathered;
  try {
    return { result: inside(), ...gathered };
  } finally {
    current = outer;
  }
}

/** Prepares scans for a gradient and reports to whoever gathers. */
export const preparedForGradient: Prepare = (outputs, wrt) => {
  const ready = prepareForGradient(outputs, wrt, (entry) => current?.log.push(entry));
  for (const [scan, results] of ready.prepared) current?.prepared.set(scan, results);
  return ready;
};
