// probe: what happens inside a model on some data: every tap's value, and how much the loss depends on it.

import { HostTensor, hostTensor, type Tensor } from "../base/tensor.js";
import { isRecord, type Tree, treeFromPaths } from "../base/tree.js";
import type { CompiledProgram, Feeds } from "../engine/program.js";
import type { TensorLike } from "../ops/index.js";
import { wholeBatchSize } from "../train/batches.js";
import { CarriedStates } from "../train/carried.js";
import { toColumns } from "../train/columns.js";
import { inputColumns, type Prepared, prepareData, prepareInputs } from "../train/dataset.js";
import { BatchFeeder, planFeeds } from "../train/feeds.js";
import { requiredInside } from "../train/inside.js";
import { joined } from "../train/joined.js";
import { Tally } from "../train/measures.js";
import { type ProbedTap, type ProbeProgram, probeProgram } from "../train/probe-program.js";
import { batchesOf } from "../train/run.js";
import type { Session } from "../train/session.js";
import { measuresFor } from "../train/setup.js";
import { orderedRows } from "../train/shuffle.js";
import type { Measures } from "../train/terms.js";
import type { Model, Named } from "../train/types.js";

/** A tapped value. */
export interface TappedValue {
  /** [rows, ...]; [rows, time, ...] for values of a step, with zeros after each row's last one. */
  readonly value: Tensor;
  /** Derivative of the loss by the value, in the same shape; null without targets and for values that are not float32. */
  readonly cotangent: Tensor | null;
}

/** What `probe` found. */
export interface Probed<O = Tensor> {
  /** To the bit what `predict` gives. */
  readonly outputs: O;
  /** To the bit what `evaluate` gives; null without targets. */
  readonly loss: number | null;
  /** By layer and name: "lstm-1/f", "bidirectional-1/backward/h". */
  readonly taps: Readonly<Record<string, TappedValue>>;
}

/** Options of `probe`. */
export interface ProbeOptions {
  readonly lengths?: Named<TensorLike>;
  /** Rows at once: 32. */
  readonly batchSize?: number | "full";
  /** Names of layers ("lstm-1") or taps ("lstm-1/f"): only these. */
  readonly only?: readonly string[];
}

/**
 * Runs a built model on data and shows its taps: gates (after their activation) and states of the library's cells, states of all others,
 * and whatever `tap(name, x)` names. With targets `y` each has the derivative of the mean loss by it, so `lstm-1/h` gives dL/dh of
 * every step. The program is one of its own, compiled at the first call; the model's other programs and its weights are left alone.
 * The network runs as in `predict`: nothing is dropped.
 *
 * @throws UsageError `not_a_model`, `not_built`, `unknown_tap`; with `y` also `not_compiled`
 * @example const { taps } = await probe(model, x, y); taps["lstm-1/h"]?.cotangent
 */
export async function probe<O>(
  model: Model<O>,
  x: Named<TensorLike>,
  y?: Named<TensorLike>,
  options: ProbeOptions = {},
): Promise<Probed<O>> {
  const inside = requiredInside(model, "probe");
  const session = inside.session("probe");
  const measures = y === undefined ? null : measuresFor(inside.compiled("probe"), session.ports);
  const { lengths, batchSize = 32, only = null } = options;
  const inputs = { x: inputColumns(x), lengths };
  const data =
    y === undefined || measures === null
      ? prepareInputs(inputs, session.ports)
      : prepareData({ ...inputs, y: toColumns(y, "y") }, session.ports, measures.losses);
  const { program, taps } = await compiled(session, data, measures, only);
  const residents = session.residents(program.backend, []);
  const feeder = new BatchFeeder(data, new CarriedStates(session.built));
  const parts = batchesOf({ rows: orderedRows(0, data.rows), batchSize: wholeBatchSize(batchSize, data.rows) });
  const run = (section: string, rows: Int32Array, more: Feeds = {}) =>
    program.compiled.run(section, residents, { ...feeder.feeds(rows), ...more });

  const tally = measures === null ? null : new Tally(measures);
  const outputs = new Gatherer();
  const values = new Gatherer();
  for (const rows of parts) {
    const found = run("values", rows);
    tally?.add(found);
    outputs.add(found.outputs);
    values.add(found.taps);
  }
  const cotangents = new Gatherer();
  if (tally !== null) {
    const scales = Object.fromEntries(tally.counts().map((count, index) => [`scale${index}`, 1 / Math.max(count, 1)]));
    for (const rows of parts) cotangents.add(run("cotangents", rows, { scales }).taps);
  }
  return {
    // Which of the two it is, is fixed by the network that O was declared for.
    outputs: treeFromPaths(outputs.joined()) as O,
    loss: tally === null ? null : tally.logs().loss!,
    taps: tapped(taps, values, tally === null ? null : cotangents),
  };
}

interface Compiled {
  readonly program: { readonly compiled: CompiledProgram; readonly backend: Awaited<ReturnType<Session["backend"]>> };
  readonly taps: readonly ProbedTap[];
}

/** Tap lists by program, for programs that the session already has. */
const tapsOf = new WeakMap<CompiledProgram, readonly ProbedTap[]>();

async function compiled(session: Session, data: Prepared, measures: Measures | null, only: readonly string[] | null): Promise<Compiled> {
  const plan = planFeeds(data, session.ports);
  const backend = await session.backend();
  let made: ProbeProgram | null = null;
  const signature = `${measures === null ? "values" : "cotangents"} ${JSON.stringify(only)} ${plan.signature}`;
  const program = session.program(backend, "probe", signature, () => {
    made = probeProgram(session.context, plan, measures, only);
    return made.sections;
  });
  const fresh = made as ProbeProgram | null;
  if (fresh !== null) tapsOf.set(program, fresh.taps);
  return { program: { compiled: program, backend }, taps: tapsOf.get(program)! };
}

/** Results of batches by name. */
class Gatherer {
  readonly #parts = new Map<string, HostTensor[]>();

  add(tree: Tree | undefined): void {
    if (!isRecord(tree)) return;
    for (const [name, value] of Object.entries(tree)) {
      if (value instanceof HostTensor) this.#parts.set(name, [...(this.#parts.get(name) ?? []), value]);
    }
  }

  parts(name: string): readonly HostTensor[] {
    return this.#parts.get(name)!;
  }

  joined(): Map<string, HostTensor> {
    return new Map([...this.#parts].map(([name, list]) => [name, joined(list)]));
  }
}

function tapped(taps: readonly ProbedTap[], values: Gatherer, cotangents: Gatherer | null): Record<string, TappedValue> {
  let floats = 0;
  return Object.fromEntries(
    taps.map(({ name, perRow, isFloat }, index): [string, TappedValue] => {
      const parts = values.parts(`tap${index}`);
      const value = perRow ? joined(parts) : parts[0]!;
      if (cotangents === null || !isFloat) return [name, { value, cotangent: null }];
      const slopes = cotangents.parts(`tap${floats++}`);
      return [name, { value, cotangent: perRow ? joined(slopes) : added(slopes) }];
    }),
  );
}

/** A value that all batches share collects what each of them gives. */
function added(parts: readonly HostTensor[]): HostTensor {
  const [first, ...rest] = parts;
  const data = first!.exact.slice();
  for (const { exact } of rest) for (let index = 0; index < data.length; index++) data[index]! += exact[index]!;
  return hostTensor(data, first!.shape, "float32");
}
