// Records of a TensorBoard event file about a training. Loaded when the first is written: browsers have no such files.

import { type Histogram, histogramOf, summaryRecord, versionRecord } from "../../io/event-file-node.js";
import { tensorLeaves } from "../../trace/traced.js";
import type { TrainEvent } from "../types.js";

/** What every file begins with. */
export function firstRecord(): Uint8Array {
  return versionRecord(seconds());
}

/** The logs of an epoch, with histograms of all weights where asked. */
export function epochRecord({ epoch, logs, model }: TrainEvent, withHistograms: boolean): Uint8Array {
  const histograms = withHistograms ? weightHistograms(model) : {};
  return summaryRecord({ wallTime: seconds(), step: epoch, scalars: tagged("epoch", logs), histograms });
}

/** The logs of a step. */
export function batchRecord({ step, logs }: TrainEvent): Uint8Array {
  return summaryRecord({ wallTime: seconds(), step, scalars: tagged("batch", logs) });
}

function seconds(): number {
  return Date.now() / 1000;
}

function tagged(group: string, logs: TrainEvent["logs"]): Record<string, number> {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [`${group}/${name}`, value]));
}

function weightHistograms({ weights }: TrainEvent["model"]): Record<string, Histogram> {
  return Object.fromEntries(tensorLeaves(weights).map(({ path, leaf }) => [`weights/${path}`, histogramOf(leaf.data)]));
}
