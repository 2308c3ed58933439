// Progress over the three trainings: how much is done, how long the rest will take, and when to stop.

import { RunError } from "../../base/errors.js";
import type { EpochReport, TrainJob } from "./network/trainer.js";
import type { ForecastEvent, ForecastOptions, ForecastPhase, LossCurve } from "./types.js";

const phaseNames: readonly ForecastPhase[] = ["select", "evaluate", "refit"];

/** Counts work in windows passed through the network; the later phases are assumed to need all epochs until the best is known. */
export class Progress {
  readonly curves: LossCurve[] = [];
  readonly #work: Record<ForecastPhase, { windows: number; epochs: number }>;
  readonly #options: ForecastOptions;
  readonly #started: number = performance.now();
  #restoredSeconds = 0;
  #doneWork = 0;
  /** Networks that each phase trains, one after the other. */
  readonly #members: number;
  /** Windows really passed; early stopping makes `#doneWork` jump. */
  #passed = 0;

  constructor(
    options: ForecastOptions,
    windows: Readonly<Record<ForecastPhase, number>>,
    { epochs, members = 1 }: { readonly epochs: number; readonly members?: number },
  ) {
    this.#options = options;
    this.#members = members;
    const of = (phase: ForecastPhase): { windows: number; epochs: number } => ({ windows: windows[phase], epochs: epochs * members });
    this.#work = { select: of("select"), evaluate: of("evaluate"), refit: of("refit") };
  }

  /** The best epoch is known: the other phases take that many. */
  settle(epochs: number): void {
    this.#work.evaluate.epochs = epochs * this.#members;
    this.#work.refit.epochs = epochs * this.#members;
    this.#doneWork = this.#work.select.windows * this.#work.select.epochs;
  }

  /** The listeners of one phase: for each pass, and for passes of an interrupted run. */
  listen(phase: ForecastPhase): Pick<TrainJob, "onEpoch"> & Required<Pick<TrainJob, "onRestored">> {
    const curve = { phase, loss: [] as number[], valLoss: [] as number[] };
    this.curves.push(curve);
    const show = ({ loss, valLoss, ...report }: EpochReport, seconds: number): void => {
      curve.loss.push(loss);
      if (valLoss !== null) curve.valLoss.push(valLoss);
      this.#doneWork += this.#work[phase].windows;
      const total = phaseNames.reduce((sum, name) => sum + this.#work[name].windows * this.#work[name].epochs, 0);
      const done = Math.min(1, this.#doneWork / total);
      const etaSeconds = done > 0 ? (seconds * (1 - done)) / done : 0;
      this.#passed += this.#work[phase].windows;
      const windowsPerSecond = seconds > 0 ? this.#passed / seconds : 0;
      const facts = { phase, epochs: this.#work[phase].epochs, loss, valLoss, ...report };
      this.emit({ kind: "epoch", ...facts, seconds, etaSeconds, windowsPerSecond, done });
    };
    return {
      onEpoch: (report) => {
        const seconds = this.#seconds();
        show(report, seconds);
        return this.#isOverTime(phase, report.epoch, seconds) ? "time" : null;
      },
      onRestored: (epochs) => {
        const before = this.#seconds();
        for (const { seconds, ...report } of epochs) show(report, before + seconds);
        this.#restoredSeconds += epochs.at(-1)?.seconds ?? 0;
      },
    };
  }

  /** Since the start of the task, with the time that an interrupted run had spent on the same passes. */
  #seconds(): number {
    return (performance.now() - this.#started) / 1000 + this.#restoredSeconds;
  }

  emit(event: ForecastEvent): void {
    this.#options.onEvent?.(event);
  }

  /** A third of the time for each phase, the same for each of its networks; what one leaves over goes to the next. */
  #isOverTime(phase: ForecastPhase, epoch: number, seconds: number): boolean {
    const { maxSeconds } = this.#options;
    const member = Math.ceil((epoch * this.#members) / this.#work[phase].epochs);
    const due = (phaseNames.indexOf(phase) + member / this.#members) / phaseNames.length;
    return maxSeconds !== undefined && seconds > maxSeconds * due;
  }
}

/** Ends the task once its signal is aborted, with an error that no failure shares. */
export function throwIfAborted({ signal }: ForecastOptions): void {
  if (signal?.aborted === true) throw new RunError({ code: "interrupted", what: "the forecast was interrupted" });
}
