// Adds up what batches return, and names it: loss, accuracy, and per output where there are several.

import { DataError } from "../base/errors.js";
import type { Stored } from "../base/stored.js";
import type { HostTensor } from "../base/tensor.js";
import { isRecord, type Tree } from "../base/tree.js";
import { Collector } from "./collector.js";
import type { Measures } from "./terms.js";

/** Values by name, in the order they are shown. */
export type Logs = Record<string, number>;

/** Running sums of one pass. */
export class Tally {
  readonly #measures: Measures;
  readonly #losses = new Map<string, { sum: number; count: number }>();
  readonly #penalties = new Map<string, { sum: number; count: number }>();
  readonly #metrics = new Map<string, { sum: number; count: number }>();
  readonly #elements = new Collector();

  constructor(measures: Measures) {
    this.#measures = measures;
  }

  /** Adds a batch. */
  add(fed: Readonly<Record<string, Tree>>): void {
    for (const [name, total] of readTotals(fed.losses)) accumulate(this.#losses, name, total);
    for (const [name, total] of readTotals(fed.penalties)) accumulate(this.#penalties, name, total);
    for (const [name, total] of readTotals(fed.metrics)) accumulate(this.#metrics, name, total);
    this.#elements.add(fed.elements);
  }

  /** The sums so far, for a checkpoint in the middle of a pass. */
  state(): Stored {
    const list = (totals: ReadonlyMap<string, { sum: number; count: number }>): Stored =>
      [...totals].map(([name, { sum, count }]) => [name, sum, count]);
    const [losses, penalties, metrics] = [this.#losses, this.#penalties, this.#metrics].map(list);
    return { losses: losses!, penalties: penalties!, metrics: metrics!, elements: this.#elements.state() };
  }

  /** Takes back what `state` gave. */
  restore(state: Stored): void {
    const read = (into: Map<string, { sum: number; count: number }>, list: unknown): void => {
      for (const [name, sum, count] of Array.isArray(list) ? list : []) into.set(String(name), { sum: Number(sum), count: Number(count) });
    };
    if (!isRecord(state)) return;
    read(this.#losses, state.losses);
    read(this.#penalties, state.penalties);
    read(this.#metrics, state.metrics);
    this.#elements.restore(state.elements ?? null);
  }

  /** Valid elements so far, by output in the order of the losses. */
  counts(): number[] {
    return [...this.#measures.losses.keys()].map((name) => this.#losses.get(name)?.count ?? 0);
  }

  /**
   * The logs of a pass that is over. A mean over nothing is no score: throws DataError `no_targets_seen` for an output of which every target
   * is missing.
   *
   * @param missing  outputs that may lack targets
   * @param rows     as the sentence calls what was passed over
   */
  whole(missing: ReadonlySet<string>, rows: string): Logs {
    const empty = [...this.#measures.losses.keys()].find((name) => missing.has(name) && this.#losses.get(name)?.count === 0);
    if (empty === undefined) return this.logs();
    const of = empty === "" ? "" : ` of "${empty}"`;
    throw new DataError(
      "no_targets_seen",
      `Every target${of} in ${rows} is missing or has the weight 0: there is nothing to compare with.`,
    );
  }

  /** The pass so far: the whole loss with its penalties, then each output's own if there are several, then metrics. */
  logs(): Logs {
    const outputs = [...this.#measures.losses.keys()];
    const logs: Logs = { loss: wholeLoss(this.#losses, this.#penalties, this.#measures) };
    if (outputs.length > 1) for (const name of outputs) logs[`${name}Loss`] = mean(this.#losses.get(name));
    for (const name of outputs) {
      for (const metric of this.#measures.metrics.get(name) ?? []) {
        const { measured } = metric;
        const value =
          measured.kind === "mean"
            ? measured.finish(mean(this.#metrics.get(`${name} ${metric.name}`)))
            : measured.finish(this.#elements.of(name, this.#measures.losses.get(name)!));
        logs[name === "" ? metric.name : `${name}${capital(metric.name)}`] = value;
      }
    }
    return logs;
  }
}

/** The loss of the batches of one step together, and the count of the first output. */
export function stepLoss(
  batches: readonly Readonly<Record<string, Tree>>[],
  measures: Measures,
): { readonly loss: number; readonly count: number } {
  const losses = new Map<string, { sum: number; count: number }>();
  const penalties = new Map<string, { sum: number; count: number }>();
  for (const fed of batches) {
    for (const [name, total] of readTotals(fed.losses)) accumulate(losses, name, total);
    for (const [name, total] of readTotals(fed.penalties)) accumulate(penalties, name, total);
  }
  return { loss: wholeLoss(losses, penalties, measures), count: [...losses.values()][0]?.count ?? 0 };
}

/** What several terms have in all batches together, for those that name their counts. */
export function addCounts(batches: readonly Readonly<Record<string, Tree>>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { counts: fed } of batches)
    for (const [name, count] of Object.entries(isRecord(fed) ? fed : {})) counts[name] = (counts[name] ?? 0) + scalarOf(count as Tree);
  return counts;
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

type Totals = ReadonlyMap<string, { sum: number; count: number }>;

/** The outputs' mean losses, each times its weight, and the penalties. */
function wholeLoss(losses: Totals, penalties: Totals, { lossWeights }: Measures): number {
  const ofOutputs = [...losses].reduce((sum, [name, total]) => sum + (lossWeights.get(name) ?? 1) * mean(total), 0);
  return [...penalties.values()].reduce((sum, total) => sum + mean(total), ofOutputs);
}

function mean(total: { sum: number; count: number } | undefined): number {
  // Counts are fractions where samples have weights; with none there is no sum either.
  return total === undefined ? 0 : total.count > 0 ? total.sum / total.count : total.sum;
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
