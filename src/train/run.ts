// Evaluation and prediction: one pass over rows in batches, without learning.

import { RunError } from "../base/errors.js";
import { HostTensor } from "../base/tensor.js";
import { isRecord } from "../base/tree.js";
import { isTensor } from "../trace/traced.js";
import type { CarriedStates } from "./carried.js";
import type { Prepared } from "./dataset.js";
import { BatchFeeder, planFeeds } from "./feeds.js";
import { joined } from "./joined.js";
import { type Logs, Tally } from "./measures.js";
import { makePause } from "./pause.js";
import { evaluationSections, predictionSections } from "./programs.js";
import type { Session } from "./session.js";
import type { Measures } from "./terms.js";
import { isAllFinite } from "./values.js";

/** Rows of a data set, and how many to take at once. */
export interface Pass {
  readonly data: Prepared;
  readonly rows: Int32Array;
  readonly batchSize: number;
}

/** Loss and metrics over the valid elements of these rows; null if it is cancelled. */
export async function evaluateRows(
  session: Session,
  measures: Measures,
  pass: Pass,
  isCancelled: () => boolean = () => false,
  { states = session.carried, called = "the given rows" }: { readonly states?: CarriedStates; readonly called?: string } = {},
): Promise<Logs | null> {
  const plan = planFeeds(pass.data, session.ports);
  const backend = await session.backend();
  const program = session.program(backend, "evaluate", plan.signature, () => evaluationSections(session.context, plan, measures));
  const residents = session.residents(backend, []);
  const tally = new Tally(measures);
  const feeder = new BatchFeeder(pass.data, states);
  const pause = makePause();
  for (const rows of batchesOf(pass)) {
    if (isCancelled()) return null;
    const prepared = feeder.prepare(rows);
    const feeds = prepared instanceof Promise ? await prepared : prepared;
    const totals = program.run("evaluate", residents, feeds());
    states.take(totals.states);
    tally.add(totals);
    await pause();
  }
  return tally.whole(pass.data.missing, called);
}

/** The outputs for these rows, by output name. */
export async function predictRows(session: Session, pass: Pass): Promise<Map<string, HostTensor>> {
  const plan = planFeeds(pass.data, session.ports);
  const backend = await session.backend();
  const program = session.program(backend, "predict", plan.signature, () => predictionSections(session.context, plan));
  const residents = session.residents(backend, []);
  const feeder = new BatchFeeder(pass.data, session.carried);
  const pause = makePause();
  const parts = new Map<string, HostTensor[]>();
  for (const rows of batchesOf(pass)) {
    const prepared = feeder.prepare(rows);
    const feeds = prepared instanceof Promise ? await prepared : prepared;
    const { outputs, states } = program.run("predict", residents, feeds());
    session.carried.take(states);
    if (!isRecord(outputs) || isTensor(outputs)) throw new TypeError("expected outputs by name");
    for (const [name, value] of Object.entries(outputs)) {
      if (value instanceof HostTensor) checkAnswer(name, value);
      if (value instanceof HostTensor) parts.set(name, [...(parts.get(name) ?? []), value]);
    }
    await pause();
  }
  return new Map([...parts].map(([name, list]) => [name, joined(list)]));
}

/** A NaN is never an answer; throws RunError `nan_output`. */
function checkAnswer(name: string, { exact, shape }: HostTensor): void {
  if (isAllFinite(exact)) return;
  const at = exact.findIndex((value: number) => Number.isNaN(value));
  if (at < 0) return;
  const row = Math.floor((at * (shape[0] ?? 1)) / exact.length);
  const label = name === "" ? "the output" : `output "${name}"`;
  const hint = "The weights are not finite, or the network lets a missing input through: see fillMissing and withDecay.";
  throw new RunError({ code: "nan_output", op: "predict", what: `${label} is NaN in row ${row} of a batch`, hint });
}

/** The pass in pieces of its batch size; the last may be smaller. */
export function batchesOf({ rows, batchSize }: Pick<Pass, "rows" | "batchSize">): Int32Array[] {
  const count = Math.ceil(rows.length / batchSize);
  return Array.from({ length: count }, (_, index) => rows.subarray(index * batchSize, Math.min((index + 1) * batchSize, rows.length)));
}
