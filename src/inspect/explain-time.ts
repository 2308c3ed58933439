// How long a step should take by its operations, and how long it takes where it can be run.

import type { Backend } from "../backends/contract.js";
import type { CoreBackend } from "../backends/core/backend.js";
import type { Machine } from "../backends/core/machine.js";
import type { Cost } from "./explain-count.js";
import type { ExplainedProgram } from "./explain-subject.js";

/** What a machine does in a second, as far as the estimate needs it. */
export interface Speed {
  /** Multiply-adds in registers, in operations per second, all threads together. */
  readonly peak: number;
  /** False where no core is loaded and a usual value stands in. */
  readonly isMeasured: boolean;
}

/** A current processor core with 8 lanes; used where none can be measured. */
const usualPeak = 50e9;
/** The interpreter in float64. */
const referenceRate = 3e7;
/** Shares of the peak that products and pointwise programs reach, and what starting an instruction takes. */
const productShare = 0.6;
const pointwiseShare = 0.2;
const startSeconds = 2e-7;
/** What a section takes beside its instructions: feeding it, calling it, reading its results. */
const sectionSeconds = 4e-5;

const peaks = new WeakMap<Machine, number>();

/** The backend's speed; the usual one without a backend. */
export function speedOf(backend: Backend | null): Speed {
  if (backend === null || !isCore(backend)) return { peak: usualPeak, isMeasured: false };
  const known = peaks.get(backend.machine) ?? measuredPeak(backend.machine);
  peaks.set(backend.machine, known);
  return { peak: known * backend.info.threads, isMeasured: true };
}

/** Milliseconds by operations alone: products and pointwise work at their usual shares of the peak. */
export function estimatedMs(cost: Cost, sections: number, speed: Speed, backend: Backend | null): number {
  if (backend?.info.backend === "reference") return (1e3 * (cost.productOperations + cost.weightedOperations)) / referenceRate;
  const products = cost.productOperations / (productShare * speed.peak);
  const pointwise = cost.weightedOperations / (pointwiseShare * speed.peak);
  return 1e3 * (products + pointwise + cost.started * startSeconds + sections * sectionSeconds);
}

/** Median milliseconds of a run; null where it would only measure the interpreter, or take too long. */
export function measuredMs(program: ExplainedProgram, backend: Backend | null, estimate: number): number | null {
  if (backend === null || backend.info.backend === "reference" || estimate > longestMs) return null;
  const run = program.runOn(backend);
  run();
  const times: number[] = [];
  const end = performance.now() + longestMs;
  while (times.length < repetitions && (times.length < 3 || performance.now() < end)) {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)]!;
}

const longestMs = 1500;
const repetitions = 15;

/** The best of many short bursts: WebAssembly is compiled well only after it has run for a while. */
function measuredPeak(machine: Machine): number {
  let rounds = 1000;
  let best = 0;
  const end = performance.now() + peakMs;
  while (performance.now() < end) {
    const start = performance.now();
    const operations = machine.peak(rounds);
    const seconds = (performance.now() - start) / 1e3;
    best = Math.max(best, operations / Math.max(seconds, 1e-9));
    if (seconds < 0.001 && rounds < 1e9) rounds *= 2;
  }
  return best;
}

const peakMs = 150;

function isCore(backend: Backend): backend is CoreBackend {
  return "machine" in backend;
}
