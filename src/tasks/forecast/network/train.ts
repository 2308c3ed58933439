// The network of the forecast task: recurrent layers that read a window, and a dense layer that gives all steps ahead at once.

import { DataError } from "../../../base/errors.js";
import { nearestName } from "../../../data/table.js";
import type { Layer } from "../../../nn/layer.js";
import { dense, dropoutLayer } from "../../../nn/layers/feedforward.js";
import { gru, lru, lstm, minGru, minLstm, simpleRnn } from "../../../nn/layers/named.js";
import {
  adamw,
  type Callback,
  checkpoint,
  latestCheckpoint,
  type Model,
  type Stored,
  sequential,
  type TrainEvent,
} from "../../../train/index.js";
import { weightCount } from "../../weight-count.js";
import { networkForecaster } from "../network-forecaster.js";
import type { PastEpoch, Trained, Trainer, TrainJob } from "./trainer.js";
import type { NetworkSpec } from "./types.js";

interface LayerOptions {
  readonly units: number;
  readonly returnSequences: boolean;
}

/** Built-in cells by the names of `--cell`. */
const cells: Readonly<Record<string, (options: LayerOptions, activation: string) => Layer>> = {
  gru: (options) => gru(options),
  "gru-reset-before": (options) => gru({ ...options, resetAfter: false }),
  lstm: (options) => lstm(options),
  "lstm-peephole": (options) => lstm({ ...options, peephole: true }),
  "min-gru": (options) => minGru(options),
  "min-lstm": (options) => minLstm(options),
  lru: (options) => lru(options),
  elman: (options, activation) => simpleRnn({ ...options, activation }),
};

const elmanActivations: readonly string[] = ["tanh", "relu", "leakyRelu", "sigmoid"];

/** The trainer that uses this library. */
export const libraryTrainer: Trainer = {
  countParameters: (spec) => weightCount(buildModel(spec).weights),
  train,
};

async function train(job: TrainJob): Promise<Trained> {
  const { spec, inputs, epochs, batchSize, learningRate, weightDecay, clipNorm, signal, checkpoints } = job;
  const model = buildModel(spec);
  model.compile({ optimizer: adamw({ learningRate, weightDecay, clipNorm: clipNorm === 0 ? false : clipNorm }), loss: "mse" });
  const memory = new Memory(job, model);
  const [data, validation] = [inputs.dataset(job.data), job.validation && inputs.dataset(job.validation)];
  const history = await model.fit(
    { x: data.x, y: data.y },
    {
      epochs,
      batchSize,
      seed: spec.seed,
      verbose: "silent",
      ...(validation === null ? {} : { validationData: { x: validation.x, y: validation.y } }),
      ...(signal === undefined ? {} : { signal }),
      ...(checkpoints === undefined
        ? {}
        : { resumeFrom: await latestCheckpoint(checkpoints), log: (line: string) => memory.sentences.push(line) }),
      callbacks: [
        memory.callback(),
        ...(checkpoints === undefined ? [] : [checkpoint({ path: checkpoints, everySeconds: checkpointSeconds })]),
      ],
    },
  );
  if (memory.best.weights !== null) model.weights = memory.best.weights;
  return {
    model,
    forecaster: networkForecaster(model, inputs),
    losses: history.history.loss ?? [],
    valLosses: history.history.valLoss ?? [],
    bestEpoch: validation === null ? history.epochs : memory.best.epoch,
    stopped: memory.isAsked ? "asked" : history.stopped === "interrupted" ? "done" : history.stopped,
    clippedShare: history.clippedShare,
  };
}

/** A kill costs this much work at most; writing takes some hundredths of a second. */
const checkpointSeconds = 5;

/** What a training remembers beside its network, kept in checkpoints. */
class Memory {
  readonly sentences: string[] = [];
  best: { readonly loss: number; readonly epoch: number; readonly weights: Model["weights"] | null } = {
    loss: Number.POSITIVE_INFINITY,
    epoch: 0,
    weights: null,
  };
  isAsked = false;
  readonly #job: TrainJob;
  readonly #model: Model;
  /** Gradient norms of the running pass. */
  #norms: number[] = [];
  #past: PastEpoch[] = [];
  #startedMs: number = performance.now();

  constructor(job: TrainJob, model: Model) {
    this.#job = job;
    this.#model = model;
  }

  callback(): Callback {
    return {
      name: "forecast",
      onBatchEnd: ({ logs }) => void this.#norms.push(logs.gradientNorm ?? Number.NaN),
      onEpochEnd: (event) => this.#onEpochEnd(event),
      state: () => ({ best: this.best, isAsked: this.isAsked, norms: this.#norms, past: this.#past.map((epoch) => ({ ...epoch })) }),
      restore: (state) => this.#restore(state),
    };
  }

  #onEpochEnd({ epoch, step, logs, learningRate, stop }: TrainEvent): void {
    const [loss, valLoss] = [logs.loss ?? Number.NaN, logs.valLoss ?? null];
    if (valLoss !== null && valLoss < this.best.loss) this.best = { loss: valLoss, epoch, weights: this.#model.weights };
    const report = { epoch, loss, valLoss, step, learningRate, ...normsOf(this.#norms, this.#job.clipNorm) };
    this.#norms = [];
    this.#past.push({ ...report, seconds: (performance.now() - this.#startedMs) / 1000 });
    const reason = this.#job.onEpoch(report);
    if (reason === null) return;
    this.isAsked = true;
    stop(reason);
  }

  // The state comes from the callback above, in a file whose every byte is accounted for.
  #restore(state: Stored): void {
    const { best, isAsked, norms, past } = state as unknown as {
      readonly best: Memory["best"];
      readonly isAsked: boolean;
      readonly norms: readonly number[];
      readonly past: readonly PastEpoch[];
    };
    this.best = best;
    this.isAsked = isAsked;
    this.#norms = [...norms];
    this.#past = [...past];
    this.#startedMs -= (past.at(-1)?.seconds ?? 0) * 1000;
    this.#job.onRestored?.(past, this.sentences);
  }
}

function normsOf(norms: readonly number[], clipNorm: number): { gradientNorm: number; clippedShare: number } {
  const clipped = clipNorm === 0 ? 0 : norms.filter((norm) => norm > clipNorm).length;
  const steps = Math.max(1, norms.length);
  return { gradientNorm: norms.reduce((sum, norm) => sum + norm, 0) / steps, clippedShare: clipped / steps };
}

/**
 * Layers, dropout between them, and an output that starts at zero.
 * @throws DataError `unknown_cell`, `unknown_activation`, `bad_option`
 */
function buildModel(spec: NetworkSpec): Model {
  const { units, horizon, dropout, seed, activation } = spec;
  const makeCell = cellOf(spec);
  const layers = units.flatMap((width, i) => {
    const layer = makeCell({ units: width, returnSequences: i < units.length - 1 }, activation);
    return dropout > 0 ? [layer, dropoutLayer({ rate: dropout })] : [layer];
  });
  const model = sequential([...layers, dense({ units: horizon, kernelInitializer: "zeros" })]);
  model.build(["time", 1], { seed });
  return model;
}

function cellOf({ cell, activation }: NetworkSpec): (options: LayerOptions, activation: string) => Layer {
  const make = Object.hasOwn(cells, cell) ? cells[cell] : undefined;
  if (make === undefined) throw unknown("cell", cell, Object.keys(cells));
  if (cell === "elman" && !elmanActivations.includes(activation)) throw unknown("activation", activation, elmanActivations);
  if (cell !== "elman" && activation !== "tanh") {
    throw new DataError(
      "bad_option",
      `--activation ${activation} is for elman cells; ${cell} brings its own.`,
      "Leave it out, or give --cell elman.",
    );
  }
  return make;
}

function unknown(kind: "cell" | "activation", given: string, known: readonly string[]): DataError {
  const near = nearestName(given, known);
  return new DataError(
    `unknown_${kind}`,
    `There is no ${kind} "${given}".`,
    near === null ? `Choose from ${known.join(", ")}.` : `Did you mean "${near}"?`,
  );
}
