// Forecasters that stand in for a network: the road from rows to scores must not depend on training.

import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import type { Table } from "../../src/data/types.js";
import { layRun } from "../../src/tasks/forecast/laid-run.js";
import { networkOf } from "../../src/tasks/forecast/network/predict.js";
import type { Trained, Trainer, TrainJob } from "../../src/tasks/forecast/network/trainer.js";
import { networkForecaster } from "../../src/tasks/forecast/network-forecaster.js";
import { planRun, type RunPlan } from "../../src/tasks/forecast/run-plan.js";
import type { TaskOptions } from "../../src/tasks/forecast/types.js";

/** All that is decided about a table before its first training step. */
export function planOf(table: Table, options: TaskOptions): RunPlan {
  return planRun(layRun(table, options));
}

export interface Call {
  readonly windows: number;
  readonly validation: number;
  readonly epochs: number;
  readonly x: Tensor;
  readonly y: Tensor;
}

/** A trainer whose network always gives `output`, with validation losses that are lowest at `bestEpoch`. */
export function constantTrainer(output: number, bestEpoch = 3): { trainer: Trainer; calls: Call[] } {
  const calls: Call[] = [];
  const train = (job: TrainJob): Promise<Trained> => {
    const { inputs, validation, spec } = job;
    calls.push({ windows: job.data.length, validation: validation?.length ?? 0, epochs: job.epochs, ...inputs.dataset(job.data) });
    const losses: number[] = [];
    const valLosses: number[] = [];
    for (let epoch = 1; epoch <= job.epochs; epoch++) {
      const valLoss = validation === null ? null : Math.abs(epoch - bestEpoch);
      losses.push(1 / epoch);
      if (valLoss !== null) valLosses.push(valLoss);
      if (job.onEpoch({ epoch, loss: 1 / epoch, valLoss, step: epoch, learningRate: 0.001, gradientNorm: 1, clippedShare: 0 }) !== null)
        break;
    }
    const model = {
      predict: (fed: Tensor | { readonly x: Tensor }): Promise<Tensor> => {
        const [count] = ("x" in fed ? fed.x : fed).shape as [number];
        return Promise.resolve(hostTensor(new Float32Array(count * spec.horizon).fill(output), [count, spec.horizon], "float32"));
      },
      save: (): Promise<void> => Promise.resolve(),
      summary: (): string => "constant",
      stream: (): Promise<never> => Promise.reject(new Error("a constant has no steps")),
      weights: {},
    };
    const forecaster = networkForecaster(networkOf(spec, model), inputs);
    return Promise.resolve({
      model,
      forecaster,
      losses,
      valLosses,
      bestEpoch: Math.min(bestEpoch, job.epochs),
      stopped: "done",
      clippedShare: null,
    });
  };
  return {
    trainer: {
      describe: ({ cell, units }) => ({ cell: cell.name, activation: cell.activation, layers: units.length, units, parameters: 1 }),
      train,
    },
    calls,
  };
}

/** A monthly table from 2000-01 on. */
export function monthly(values: readonly (number | string)[], name = "Sales"): string {
  const rows = values.map((value, i) => `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")},${value}`);
  return `Month,${name}\n${rows.join("\n")}\n`;
}

/** The message and the place of the error that `f` throws. */
export async function failure(f: () => unknown): Promise<{ message: string; code: string; line: number | null; column: string | null }> {
  try {
    await f();
  } catch (error) {
    if (error instanceof Error && "code" in error && "line" in error && "column" in error) {
      const { message, code, line, column } = error as Error & { code: string; line: number | null; column: string | null };
      return { message, code, line, column };
    }
    throw error;
  }
  throw new Error("nothing was thrown");
}
