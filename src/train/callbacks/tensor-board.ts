// TensorBoard: curves and histograms of a training as event files.

import type { Histogram, SummaryEvent } from "../../io/event-file.js";
import { checkOptions } from "../../nn/options.js";
import { tensorLeaves } from "../../trace/traced.js";
import type { Callback, TrainEvent } from "../types.js";
import { checkPath, logCallback } from "./log-files.js";

/** Options of `tensorBoard`. */
export interface TensorBoardOptions {
  /** Loss and gradient norm after every so many steps, too; off by default. */
  readonly everySteps?: number;
  /** Histograms of all weights after each epoch: false. */
  readonly histograms?: boolean;
}

/**
 * A callback that writes a TensorBoard event file into the folder: `epoch/loss` and every other value of the history by epoch,
 * `batch/loss` and `batch/gradientNorm` by step, histograms `weights/layer/name`. A resumed training goes on in the same file. Needs Node.
 *
 * @throws UsageError `bad_path`, `bad_option`; while training RunError `write_failed`
 * @example await model.fit(x, y, { callbacks: [tensorBoard("runs/a", { histograms: true })] }); // then: tensorboard --logdir runs
 */
export function tensorBoard(folder: string, options: TensorBoardOptions = {}): Callback {
  checkOptions("tensorBoard", options, { everySteps: "size", histograms: "boolean" });
  const { everySteps, histograms = false } = options;
  checkPath("tensorBoard", folder);
  let files = 0;
  return logCallback({
    name: "tensorBoard",
    // TensorBoard reads files whose names hold "tfevents", in the order of their names.
    path: () => `${folder}/events.out.tfevents.${String(Math.floor(Date.now() / 1000)).padStart(10, "0")}.deep-rnn.${files++}`,
    begin: async () => (await eventFile()).versionRecord(Date.now() / 1000),
    epoch: async ({ epoch, logs, model }) =>
      summary({ step: epoch, scalars: tagged("epoch", logs), histograms: histograms ? await weightHistograms(model) : {} }),
    batch: ({ step, logs }) =>
      everySteps !== undefined && step % everySteps === 0 ? summary({ step, scalars: tagged("batch", logs) }) : null,
  });
}

/** Loaded when the first record is written: browsers have no such files. */
const eventFile = () => import("#node/io/event-file");

async function summary(event: Omit<SummaryEvent, "wallTime">): Promise<Uint8Array> {
  return (await eventFile()).summaryRecord({ wallTime: Date.now() / 1000, ...event });
}

function tagged(group: string, logs: TrainEvent["logs"]): Record<string, number> {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [`${group}/${name}`, value]));
}

async function weightHistograms({ weights }: TrainEvent["model"]): Promise<Record<string, Histogram>> {
  const { histogramOf } = await eventFile();
  return Object.fromEntries(tensorLeaves(weights).map(({ path, leaf }) => [`weights/${path}`, histogramOf(leaf.data)]));
}
