// TensorBoard: curves and histograms of a training as event files.

import { checkOptions } from "../../nn/options.js";
import type { Callback } from "../types.js";
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
    begin: async () => (await records()).firstRecord(),
    epoch: async (event) => (await records()).epochRecord(event, histograms),
    batch: (event) =>
      everySteps !== undefined && event.step % everySteps === 0 ? records().then(({ batchRecord }) => batchRecord(event)) : null,
  });
}

const records = () => import("#node/train/callbacks/event-records");
