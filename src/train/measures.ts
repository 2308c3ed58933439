// Adds up what batches return, and names it: loss, accuracy, and per output where there are several.

import type { Stored } from "../base/stored.js";
import type { HostTensor } from "../base/tensor.js";
import { isRecord, type Tree } from "../base/tree.js";
import type { Measures } from "./terms.js";

/** Values by name, in the order they are shown. */
export type Logs = Record<string, number>;

/** Running sums of one pass. */
export class Tally {
  readonly #measures: Measures;
  readonly #losses = new Map<string, { sum: number; count: number }>();
  readonly #metrics = new Map<string, { sum: number; count: number }>();

  constructor(measures: Measures) {
    this.#measures = measures;
  }

  /** Adds a batch. */
  add(fed: Readonly<Record<string, Tree>>): void {
    for (const [name, total] of readTotals(fed.losses)) accumulate(this.#losses, name, total);
    for (const [name, total] of readTotals(fed.metrics)) accumulate(this.#metrics, name, total);
  }

  /** The sums so far, for a checkpoint in the middle of a pass. */
  state(): Stored {
    const list = (totals: ReadonlyMap<string, { sum: number; count: number }>): Stored =>
      [...totals].map(([name, { sum, count }]) => [name, sum, count]);
    return { losses: list(this.#losses), metrics: list(this.#metrics) };
  }

  /** Takes back what `state` gave. */
  restore(state: Stored): void {
    const read = (into: Map<string, { sum: number; count: number }>, list: unknown): void => {
      for (const [name, sum, count] of Array.isArray(list) ? list : []) into.set(String(name), { sum: Number(sum), count: Number(count) });
    };
    const { losses, metrics } = state as { readonly losses: unknown; readonly metrics: unknown };
    read(this.#losses, losses);
    read(this.#metrics, metrics);
  }

  /** Valid elements so far, by output in the order of the losses. */
  counts(): number[] {
    return [...this.#measures.losses.keys()].map((name) => this.#losses.get(name)?.count ?? 0);
  }

  /** The pass so far: the sum of the outputs' mean losses, then each of them if there are several, then metrics. */
  logs(): Logs {
    const outputs = [...this.#measures.losses.keys()];
    const logs: Logs = { loss: meanOf(this.#losses) };
    if (outputs.length > 1) for (const name of outputs) logs[`${name}Loss`] = mean(this.#losses.get(name));
    for (const name of outputs) {
      for (const metric of this.#measures.metrics.get(name) ?? []) {
        const value = metric.finish(mean(this.#metrics.get(`${name} ${metric.name}`)));
        logs[name === "" ? metric.name : `${name}${capital(metric.name)}`] = value;
      }
    }
    return logs;
  }
}

/** A batch's own loss and the count of the first output. */
export function batchLoss(fed: Readonly<Record<string, Tree>>): { readonly loss: number; readonly count: number } {
  const losses = readTotals(fed.losses);
  return { loss: meanOf(losses), count: [...losses.values()][0]?.count ?? 0 };
}

/** The same logs under the names of validation: valLoss, valAccuracy. */
export function validationLogs(logs: Logs): Logs {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [`val${capital(name)}`, value]));
}

/** The number in a scalar, unrounded. */
export function scalarOf(tree: Tree | undefined): number {
  // A scalar result of a program is a host tensor.
  return Number((tree as HostTensor).exact[0]);
}

function readTotals(tree: Tree | undefined): Map<string, { sum: number; count: number }> {
  const totals = new Map<string, { sum: number; count: number }>();
  if (!isRecord(tree)) return totals;
  for (const [name, total] of Object.entries(tree)) {
    const { sum, count } = total as Readonly<Record<string, Tree>>;
    totals.set(name, { sum: scalarOf(sum), count: scalarOf(count) });
  }
  return totals;
}

function accumulate(into: Map<string, { sum: number; count: number }>, name: string, { sum, count }: { sum: number; count: number }): void {
  const known = into.get(name) ?? { sum: 0, count: 0 };
  into.set(name, { sum: known.sum + sum, count: known.count + count });
}

function meanOf(totals: ReadonlyMap<string, { sum: number; count: number }>): number {
  return [...totals.values()].reduce((sum, total) => sum + mean(total), 0);
}

function mean(total: { sum: number; count: number } | undefined): number {
  return total === undefined ? 0 : total.sum / Math.max(total.count, 1);
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
