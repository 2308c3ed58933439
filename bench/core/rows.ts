// The rows that say how fast is fast enough, and what was measured for each.
import { threeStatesProducts } from "./cells.js";
import { oneLayer, ownNames } from "./groups.js";
import { median, type Outcome, type Outcomes, type Timing, timingOf } from "./measure.js";
import { operationsOf, shapeOf } from "./shapes.js";

/** One line of the final table. */
export interface Row {
  readonly what: string;
  /** Null with the reason in `note`. */
  readonly value: number | null;
  readonly unit: "x" | "%" | "ms";
  /** Whether a larger value is better. */
  readonly more: boolean;
  readonly must: number | null;
  readonly aim: number | null;
  readonly note: string;
}

export type Verdict = "aim" | "must" | "MISSED" | "-";

export function verdictOf({ value, must, aim, more }: Row): Verdict {
  if (value === null || must === null) return "-";
  const reaches = (bound: number): boolean => (more ? value >= bound : value <= bound);
  if (aim !== null && reaches(aim)) return "aim";
  return reaches(must) ? "must" : "MISSED";
}

/** Outcomes by group. */
export type Results = ReadonlyMap<string, Outcomes>;

const pytorchBounds: Readonly<Record<string, readonly [must: number, aim: number]>> = {
  T1: [1.2, 2],
  T2: [1.1, 1.4],
  T3: [1.1, 1.4],
  T4: [1.2, 2],
  T5: [3, 10],
  T6: [1.1, 1.4],
};
const inferenceBounds: Readonly<Record<string, readonly [must: number, aim: number]>> = {
  I1a: [1.3, 2.5],
  I1b: [1.3, 2.5],
  I2: [1, 1.3],
  I3: [1, 1.3],
  I4: [1, 1.3],
};
/** Share of the peak on T2, in percent. */
const shareBounds: Readonly<Record<string, readonly [must: number, aim: number]>> = { avx512: [50, 70], avx2: [60, 78] };

type Bounds = readonly [must: number, aim: number] | null;
type Measured = { readonly value: number; readonly note?: string } | { readonly missing: string };

function row(what: string, unit: Row["unit"], more: boolean, bounds: Bounds, measured: Measured): Row {
  const [must, aim] = bounds ?? [null, null];
  const found = "missing" in measured ? { value: null, note: measured.missing } : { value: measured.value, note: measured.note ?? "" };
  return { what, unit, more, must, aim, ...found };
}

/** How many times faster `name` is than `other`, in the same group. */
function speedup(outcomes: Outcomes, name: string, other: string): Measured {
  return relation(outcomes, name, other, (own, peer) => peer.ms / own.ms);
}

function relation(outcomes: Outcomes, name: string, other: string, of: (a: Timing, b: Timing) => number): Measured {
  const [first, second] = [outcomes.get(name), outcomes.get(other)];
  const absent = reasonOf(name, first) ?? reasonOf(other, second);
  if (absent !== null) return { missing: absent };
  return { value: of(first as Timing, second as Timing) };
}

function reasonOf(name: string, outcome: Outcome | undefined): string | null {
  if (outcome === undefined) return `${name} was not asked for`;
  return "missing" in outcome ? `${name}: ${outcome.missing}` : null;
}

/** All rows for which a group was measured. */
export function rowsOf(results: Results): readonly Row[] {
  return [
    ...trainingRows(results),
    ...inferenceRows(results),
    ...shareRows(results),
    ...wasmRows(results),
    ...cellRows(results),
    ...threadRows(results),
  ];
}

function trainingRows(results: Results): Row[] {
  return Object.entries(pytorchBounds).flatMap(([id, bounds]) => {
    const outcomes = results.get(id);
    return outcomes?.has("pytorch") ? [row(`${id} native against PyTorch`, "x", true, bounds, speedup(outcomes, "native", "pytorch"))] : [];
  });
}

function inferenceRows(results: Results): Row[] {
  return Object.entries(inferenceBounds).flatMap(([id, bounds]) => {
    const outcomes = results.get(id);
    if (!outcomes?.has("pytorch")) return [];
    const peers = ["pytorch", "onnxruntime-node"].flatMap((name) => {
      const timing = timingOf(outcomes, name);
      return timing === null ? [] : [{ name, ms: timing.ms }];
    });
    const fastest = peers.reduce<(typeof peers)[number] | null>((best, one) => (best === null || one.ms < best.ms ? one : best), null);
    const measured: Measured = fastest === null ? { missing: "no peer is here" } : speedup(outcomes, "native", fastest.name);
    const noted = fastest === null || "missing" in measured ? measured : { ...measured, note: `the faster is ${fastest.name}` };
    return [row(`${id} native against the faster peer`, "x", true, bounds, noted)];
  });
}

/** Operations per second over the peak measured between the bursts. */
export function shareOf(timing: Timing, operations: number): number | null {
  return timing.peak === null ? null : (100 * operations) / timing.ms / 1e6 / timing.peak;
}

function shareRows(results: Results): Row[] {
  const outcomes = results.get("T2");
  if (outcomes === undefined) return [];
  return [ownNames.native, ownNames.avx2].flatMap((name) => {
    const timing = timingOf(outcomes, name);
    if (timing === null) return [];
    const { variant = "" } = timing.facts.backend as { readonly variant?: string };
    const share = shareOf(timing, operationsOf(shapeOf("T2")));
    const measured: Measured =
      share === null ? { missing: "no peak" } : { value: share, note: `${timing.peak!.toFixed(0)} GFLOP/s is the peak` };
    return [row(`T2 share of the multiply-add peak, ${variant}`, "%", true, shareBounds[variant] ?? shareBounds.avx2!, measured)];
  });
}

function wasmRows(results: Results): Row[] {
  const ids = ["T1", "T2", "T3", "T4", "T5", "T6"].filter((id) => results.get(id)?.has(ownNames.relaxed));
  const againstAvx2 = ids
    .filter((id) => id < "T5")
    .map((id) => {
      const outcomes = results.get(id)!;
      // Without a group member of its own, AVX2 is what native runs.
      const name = outcomes.has(ownNames.avx2) ? ownNames.avx2 : ownNames.native;
      const { variant = "" } = (timingOf(outcomes, name)?.facts.backend ?? {}) as { readonly variant?: string };
      return row(`${id} WASM relaxed against ${variant || "native"}`, "x", true, [0.4, 0.5], speedup(outcomes, ownNames.relaxed, name));
    });
  const againstJax = ids
    .filter((id) => results.get(id)!.has("jax-js"))
    .map((id) => {
      const bounds: Bounds = id === "T5" ? null : [4, 8];
      return row(`${id} WASM relaxed against jax-js`, "x", true, bounds, speedup(results.get(id)!, ownNames.relaxed, "jax-js"));
    });
  return [...againstAvx2, ...againstJax];
}

/** Time of `name` over that of the plain LSTM, each per valid step. */
function timeRatio(outcomes: Outcomes, name: string): Measured {
  const perStep = ({ ms, facts }: Timing): number => ms / Number(facts.validSteps);
  return relation(outcomes, name, "plain", (own, plain) => perStep(own) / perStep(plain));
}

function cellRows(results: Results): Row[] {
  const rows: Row[] = [];
  const t1 = results.get("cells T1");
  if (t1 !== undefined) {
    const bits = relation(t1, "defineCell", "plain", (own, plain) => Number(own.facts.digest === plain.facts.digest));
    const noted =
      "missing" in bits ? bits : { ...bits, note: bits.value === 1 ? "weights after six steps" : "weights differ after six steps" };
    rows.push(
      row("T1 LSTM by defineCell: equal bits (1 = yes)", "x", true, [1, 1], noted),
      row("T1 LSTM by defineCell, time against lstm", "x", false, [1.05, 1], timeRatio(t1, "defineCell")),
      row("T1 layer-norm LSTM, time against lstm", "x", false, [1.4, 1.2], timeRatio(t1, "layerNorm")),
    );
  }
  for (const id of ["T1", "T2"]) {
    const outcomes = results.get(`cells ${id}`);
    if (outcomes === undefined) continue;
    rows.push(
      row(`${id} lengths 10 to 50, time per valid step`, "x", false, [1.2, 1.05], timeRatio(outcomes, "lengths")),
      row(`${id} variational dropout, time per step`, "x", false, [1.2, 1.05], timeRatio(outcomes, "recurrentDropout")),
      row(`${id} zoneout, time per step`, "x", false, [1.2, 1.05], timeRatio(outcomes, "zoneout")),
    );
  }
  const unknown = results.get("unknown cell T1");
  if (unknown !== undefined) {
    const { input, hidden, batch, time, out } = oneLayer;
    const head = hidden * out;
    const own = (threeStatesProducts(input, hidden) + head) * batch * time;
    const plain = (4 * hidden * (input + hidden) + head) * batch * time;
    const measured = relation(unknown, "threeStates", "plain", (a, b) => a.ms / own / (b.ms / plain));
    rows.push(row("cell with three states, time per multiply-add against lstm", "x", false, [1.5, 1.5], measured));
  }
  const minGru = results.get("minGRU");
  if (minGru !== undefined)
    rows.push(row("minGRU B8 T4096 H128, tokens/s against lstm", "x", true, [2, 4], speedup(minGru, "minGru", "plain")));
  return rows;
}

function threadRows(results: Results): Row[] {
  const rows = ["T2", "T3"].flatMap((id) => {
    const outcomes = results.get(`threads ${id}`);
    return outcomes === undefined ? [] : [row(`${id} two threads against one`, "x", true, [1.6, 1.85], wallSpeedup(outcomes))];
  });
  const first = [...results].filter(([id]) => id.startsWith("first call")).map(([, outcomes]) => outcomes);
  return first.length === 0 ? rows : [...rows, firstCallRow(first)];
}

/** Two threads use twice the processor time: only the clock on the wall tells. */
function wallSpeedup(outcomes: Outcomes): Measured {
  return relation(outcomes, "2", "1", (two, one) => one.wallMs / two.wallMs);
}

/** What the first step takes beyond a later one: trace, compile, plan. Building the weights is told apart. */
function firstCallRow(outcomes: readonly Outcomes[]): Row {
  const timings = outcomes.flatMap((one) => timingOf(one, "firstCall") ?? []);
  const what = "T6 first call: trace, compile, plan";
  if (timings.length === 0) return row(what, "ms", false, [300, 100], { missing: reasonOf("native", outcomes[0]?.get("firstCall")) ?? "" });
  const beyond = timings.map(({ wallMs, facts }) => Number(facts.firstMs) - wallMs);
  const build = median(timings.map(({ facts }) => Number(facts.buildMs)));
  return row(what, "ms", false, [300, 100], { value: median(beyond), note: `drawing the weights before it: ${build.toFixed(0)} ms` });
}
