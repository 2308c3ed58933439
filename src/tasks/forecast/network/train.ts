// Training the networks of the forecast task: each member by itself from its own seed, with checkpoints.

import { RunError } from "../../../base/errors.js";
import { adamw, type Model } from "../../../train/index.js";
import { networkForecaster } from "../network-forecaster.js";
import { assemble, buildMember, countParameters, isPlain } from "./build.js";
import { distributionOf } from "./distributions/index.js";
import { feedTeacher, feedWindows, windowTargets } from "./feed.js";
import { fitted, type WindowsToFit } from "./fitted.js";
import { networkOf } from "./predict.js";
import type { EpochReport, Trained, Trainer, TrainJob } from "./trainer.js";
import type { Dataset, NetworkSpec } from "./types.js";

/** The trainer that uses this library. */
export const libraryTrainer: Trainer = {
  describe: (spec) => {
    const { cell, units } = spec;
    return { cell: cell.name, activation: cell.activation, layers: units.length, units, parameters: countParameters(spec) };
  },
  train,
};

/** One network that was trained. */
type TrainedMember = History & { readonly model: Model };
type History = Omit<Trained, "forecaster" | "model">;

async function train(job: TrainJob): Promise<Trained> {
  const { spec, checkpoints, signal } = job;
  const members: TrainedMember[] = [];
  for (let member = 0; member < spec.ensemble && signal?.aborted !== true; member++) {
    const own = checkpoints === undefined || member === 0 ? {} : { checkpoints: `${checkpoints}/member-${member + 1}` };
    members.push(await trainMember({ ...job, ...own, ...reportsOf(job, member) }, member));
  }
  const [first] = members;
  if (first === undefined) throw new RunError({ code: "interrupted", what: "the training was interrupted before it began" });
  if (spec.ensemble === 1) return atWork(spec, first.model, { job, history: first });
  // An aborted training gives what there is; the task says that it was interrupted.
  const made = { ...spec, ensemble: members.length };
  const model = assemble(
    made,
    members.map((each) => each.model),
  );
  return atWork(made, model, { job, history: inMean(members) });
}

/** Passes of all members are counted as one training's. */
function reportsOf({ epochs, onEpoch, onRestored }: TrainJob, member: number): Pick<TrainJob, "onEpoch" | "onRestored"> {
  const moved = <E extends EpochReport>(report: E): E => ({ ...report, epoch: report.epoch + member * epochs });
  return {
    onEpoch: (report) => onEpoch(moved(report)),
    onRestored: (past, sentences) => onRestored?.(past.map(moved), sentences),
  };
}

function atWork(
  spec: NetworkSpec,
  model: Model<unknown>,
  { job, history }: { readonly job: TrainJob; readonly history: History },
): Trained {
  return { ...history, model, forecaster: networkForecaster(networkOf(spec, model), job.inputs) };
}

/** Steps that the running average of weights goes back (Polyak & Juditsky 1992), or one pass where that has fewer. */
const averagedSteps = 50;

async function trainMember(job: TrainJob, member: number): Promise<TrainedMember> {
  const { spec, inputs, data, validation, learningRate, weightDecay, clipNorm } = job;
  const model = buildMember(spec, member);
  const loss = spec.distribution === "none" && spec.error === "absolute" ? "mae" : distributionOf(spec.distribution).loss;
  model.compile({ optimizer: adamw({ learningRate, weightDecay, clipNorm: clipNorm === 0 ? false : clipNorm }), loss });
  const learnt = inputs.dataset(data);
  const steps = Math.min(averagedSteps, Math.ceil(learnt.y.shape[0]! / job.batchSize));
  const history = await fitted(model, job, {
    data: windowsFor(spec, learnt, false),
    validation: validation && windowsFor(spec, inputs.dataset(validation), true),
    seed: spec.seed + member,
    ema: 1 - 1 / Math.max(1, steps),
  });
  return { model, ...history };
}

function windowsFor(spec: NetworkSpec, data: Dataset, isMeasure: boolean): WindowsToFit {
  if (isPlain(spec)) return { x: data.x, y: data.y };
  if (spec.strategy === "recursive") return feedTeacher(spec, data, isMeasure);
  return { x: feedWindows(spec, data), y: windowTargets(data) };
}

/** The passes of an ensemble: means over its members, and the epoch that is best for them together. */
function inMean(members: readonly TrainedMember[]): History {
  const losses = meanCurve(members.map((each) => each.losses));
  const valLosses = meanCurve(members.map((each) => each.valLosses));
  const shares = members.map(({ clippedShare }) => clippedShare ?? 0);
  const best = valLosses.reduce((index, loss, i) => (loss < valLosses[index]! ? i : index), 0);
  const isLost = members.some(({ bestEpoch }) => bestEpoch < 1);
  const reasons = members.map(({ stopped }) => stopped);
  return {
    losses,
    valLosses,
    bestEpoch: isLost ? 0 : valLosses.length === 0 ? losses.length : best + 1,
    stopped: reasons.find((reason) => reason === "nan") ?? reasons.find((reason) => reason !== "done") ?? "done",
    clippedShare: members.some(({ clippedShare }) => clippedShare === null) ? null : shares.reduce((a, b) => a + b, 0) / shares.length,
  };
}

/** Epoch by epoch the mean over the members that got so far. */
function meanCurve(curves: readonly (readonly number[])[]): number[] {
  const length = Math.max(...curves.map((curve) => curve.length));
  return Array.from({ length }, (_, epoch) => {
    const there = curves.flatMap((curve) => (epoch < curve.length ? [curve[epoch]!] : []));
    return there.reduce((sum, value) => sum + value, 0) / there.length;
  });
}
