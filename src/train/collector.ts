// Keeps every valid element of a pass for the metrics that need them all.

import type { Stored } from "../base/stored.js";
import { HostTensor } from "../base/tensor.js";
import { isRecord, type Tree } from "../base/tree.js";
import { joined } from "./joined.js";
import type { Loss } from "./losses/index.js";
import type { Collected } from "./metrics/collected.js";

const parts = ["actual", "predicted", "weights"] as const;

/** Elements by output, batch after batch. */
export class Collector {
  readonly #batches = new Map<string, HostTensor[]>();

  /** Adds what a batch returned. */
  add(elements: Tree | undefined): void {
    if (!isRecord(elements)) return;
    for (const [output, values] of Object.entries(elements)) {
      if (!isRecord(values)) continue;
      for (const part of parts) {
        const value: unknown = values[part];
        if (value instanceof HostTensor && value.exact.length > 0) this.#note(`${output} ${part}`, value);
      }
    }
  }

  /** Everything that came for this output. */
  of(output: string, loss: Loss): Collected {
    const [actual, predicted, weights] = parts.map((part) => this.#batches.get(`${output} ${part}`));
    if (actual === undefined || predicted === undefined)
      return { actual: [], predicted: [], columns: 1, isClass: loss.targets === "class", isExclusive: false, weights: null };
    const scores = joined(predicted);
    const width = scores.shape.length === 1 ? 1 : scores.shape.at(-1)!;
    const isExclusive = loss.targets === "class" || loss.name === "categoricalCrossEntropy" || (loss.name === null && width > 1);
    const columns = isExclusive ? width : scores.exact.length / scores.shape[0]!;
    return {
      actual: joined(actual).exact,
      predicted: scores.exact,
      columns,
      isClass: loss.targets === "class",
      isExclusive,
      weights: weights === undefined ? null : spread(joined(weights).exact, scores.exact.length / columns),
    };
  }

  /** What came so far, for a checkpoint in the middle of a pass. */
  state(): Stored {
    return Object.fromEntries([...this.#batches].map(([name, batches]) => [name, joined(batches)]));
  }

  /** Takes back what `state` gave. */
  restore(state: Stored): void {
    if (!isRecord(state)) return;
    for (const [name, value] of Object.entries(state)) if (value instanceof HostTensor) this.#batches.set(name, [value]);
  }

  #note(name: string, value: HostTensor): void {
    const known = this.#batches.get(name);
    if (known === undefined) this.#batches.set(name, [value]);
    else known.push(value);
  }
}

/** A weight for each of so many rows; several rows of one entry share its weight. */
function spread(weights: ArrayLike<number>, rows: number): ArrayLike<number> {
  const each = rows / weights.length;
  return each === 1 ? weights : Float64Array.from({ length: rows }, (_, row) => weights[Math.floor(row / each)]!);
}
