// A forecast of many series: one network over the windows of all, one combination of simple methods for each.

import { hostTensor, type Tensor } from "../../base/tensor.js";
import type { Table } from "../../data/types.js";
import { windowsAt } from "../../data/windows.js";
import { levelsAhead } from "./ahead.js";
import { describeChoice } from "./choice-words.js";
import { correctionOf } from "./correction.js";
import { evaluationOf, type Holdout, holdoutRows, scoreHoldout } from "./evaluate.js";
import { intervalsOf } from "./intervals.js";
import type { Trained, Trainer } from "./network/trainer.js";
import { type Dataset, targetOnly } from "./network/types.js";
import { rowsAt } from "./outputs.js";
import { type Member, networkOf, panelData, planPanel, skipWords } from "./panel-plan.js";
import { meanEvaluation, scaledCase, sharedChoice } from "./panel-scores.js";
import { Progress, throwIfAborted } from "./progress.js";
import { preprocessOf } from "./run.js";
import { type Phases, type Plan, shownSizes } from "./setup.js";
import { Training, trainingOf } from "./training.js";
import type { ForecastOptions, ForecastPhase, ForecastRow, ForecastRun, SavedPreprocess, SavedSeries } from "./types.js";
import { type SimplePart, simplePart, type Validated, validate } from "./validate.js";

/** Runs the task over all series of a table; those that cannot be forecast are left out with their reason. */
export async function runPanel(table: Table, options: ForecastOptions, trainer: Trainer): Promise<ForecastRun> {
  const started = performance.now();
  const warnings: { code: string; message: string }[] = [];
  const warn = (code: string, message: string): void => {
    warnings.push({ code, message });
    options.onEvent?.({ kind: "warning", code, message });
  };
  const panelPlan = planPanel(table, options);
  const { found, members, first, windows, lines, count } = panelPlan;
  const data = panelData(panelPlan);
  options.onEvent?.({ kind: "found", data, lines: found.found });
  for (const message of skipWords(panelPlan)) warn("series_skipped", message);
  const network = { ...networkOf(first), parameters: trainer.countParameters(first.spec) };
  options.onEvent?.({ kind: "planned", network, windows, ...shownSizes(first), totalEpochs: 3 * first.epochs, lines });
  const ofPhase = (phase: ForecastPhase): number => count((phases) => phases[phase].origins);
  const progress = new Progress(
    options,
    { select: ofPhase("select"), evaluate: ofPhase("evaluate"), refit: ofPhase("refit") },
    first.epochs,
  );
  const training = new Training({
    ...{ options, spec: first.spec, epochs: first.epochs, trainer, progress, warn },
    windows: (phase) => joined(members, ({ phases }) => ({ frame: phases[phase].frame, origins: phases[phase].origins })),
    validation: () => joined(members, ({ phases }) => ({ frame: phases.select.frame, origins: phases.validation })),
  });

  const chosen = await training.select();
  const validated = await validatePanel(chosen, members, options);
  const evaluated = await training.again("evaluate", chosen.bestEpoch);
  const holdouts: Holdout[] = [];
  for (const [n, { plan, phases }] of members.entries()) {
    throwIfAborted(options);
    const { part, own } = validated.parts[n]!;
    const known = { ...own, weight: validated.weight };
    holdouts.push(await scoreHoldout({ model: evaluated.model, frame: phases.evaluate.frame, plan, part, validated: known }));
  }
  const evaluation = meanEvaluation(
    holdouts.map((holdout, n) => evaluationOf(holdout, members[n]!.plan)),
    { isPure: options.pure === true },
  );
  options.onEvent?.({ kind: "scored", evaluation, verdict: evaluation.verdict });

  const final = await training.again("refit", chosen.bestEpoch);
  const forecast: ForecastRow[] = [];
  const saved: Record<string, SavedSeries> = {};
  for (const [n, { id, plan, phases }] of members.entries()) {
    throwIfAborted(options);
    const own = savedSeries(holdouts[n]!, plan, phases, validated.parts[n]!.part, validated.weight);
    saved[id] = own;
    const levels = await levelsAhead(final.model, phases.refit.frame, { ...preprocessOf(plan, own), ...own });
    forecast.push(...rowsAt(levels, { series: plan.series, transform: own.transform, origin: plan.sizes.rows, intervals: own.intervals }));
  }
  const choice = describeChoice(sharedChoice(validated.parts.map(({ part }) => part.choice)), validated.correction);
  const seconds = (performance.now() - started) / 1000;
  options.onEvent?.({ kind: "done", seconds });
  const preprocess: SavedPreprocess = {
    ...preprocessOf(first, saved[members[0]!.id]!),
    panel: { id: found.id, wide: options.wide === true, series: saved },
  };
  return {
    ...{ data, network, training: trainingOf(chosen, options), evaluation, choice, model: final.model, preprocess },
    holdout: holdouts.flatMap((holdout, n) => holdoutRows(holdout, members[n]!.plan)),
    forecast,
    history: Array.from(first.series.values, (value, i) => ({
      time: first.series.timeLabel(i),
      value: Number.isNaN(value) ? null : value,
    })),
    simple: holdouts[0]!.simple,
    curves: progress.curves,
    warnings,
    notes: [...found.found, ...lines, choice.reason],
    seconds,
  };
}

/** The windows of all series as one set. */
function joined(
  members: readonly Member[],
  pick: (member: Member) => { frame: Phases["select"]["frame"]; origins: readonly number[] },
): Dataset {
  const sets = members.map((member) => {
    const { frame, origins } = pick(member);
    return windowsAt(frame, origins, { input: member.plan.steps, horizon: member.plan.sizes.horizon });
  });
  return targetOnly({ x: stacked(sets.map(({ x }) => x)), y: stacked(sets.map(({ y }) => y)) });
}

function stacked(tensors: readonly Tensor[]): Tensor {
  const [, ...inner] = tensors[0]!.shape;
  const rows = tensors.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const width = inner.reduce((product, size) => product * size, 1);
  const data = new Float32Array(rows * width);
  let at = 0;
  for (const tensor of tensors) {
    data.set(Float32Array.from(tensor.data), at);
    at += tensor.data.length;
  }
  return hostTensor(data, [rows, ...inner], "float32");
}

interface PanelPart {
  readonly part: SimplePart;
  readonly own: Validated;
}

/** Origins tried over all series together: a large panel needs few from each. */
const mostTrials = 4000;

/** The simple part of every series, and one weight of the network for all. */
async function validatePanel(
  { model }: Trained,
  members: readonly Member[],
  options: ForecastOptions,
): Promise<{ parts: PanelPart[]; correction: ReturnType<typeof correctionOf>; weight: number }> {
  const most = Math.max(2, Math.min(16, Math.floor(mostTrials / members.length)));
  const parts: PanelPart[] = [];
  for (const { plan, phases } of members) {
    throwIfAborted(options);
    const part = simplePart(plan, most);
    parts.push({ part, own: await validate(model, phases.select.frame, plan, part) });
  }
  if (options.pure === true) return { parts, correction: { weight: 1, gain: null, standardError: null, origins: 0 }, weight: 1 };
  const cases = parts.flatMap(({ own }) => own.cases.slice(-1).flatMap(scaledCase));
  const correction = correctionOf(cases, cases.length);
  return { parts, correction, weight: correction.weight };
}

function savedSeries(holdout: Holdout, plan: Plan, phases: Phases, part: SimplePart, networkWeight: number): SavedSeries {
  const { choice, residuals } = holdout.known;
  return {
    transform: phases.refit.frame.transform,
    intervals: intervalsOf(residuals, plan.sizes.horizon),
    choice: choice && { weights: choice.weights, networkWeight, longSeason: part.data.longSeason },
  };
}
