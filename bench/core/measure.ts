// Interleaved measurement: A B C A B C, so that a slow minute of the machine is slow for all.
import { Child, type Facts, type System } from "./child.js";
import type { Task } from "./task.js";

/** One system at one task, and what it is called in its group. */
export interface Contestant {
  readonly name: string;
  readonly system: System;
  readonly task: Task;
}

export interface Pace {
  /** Bursts of every contestant. */
  readonly rounds: number;
  readonly burstMs: number;
  /** Longest wait for a child to be ready, and for a burst. */
  readonly limitMs: number;
  readonly warmMs: number;
  readonly clock: "wall" | "cpu";
}

/** Times of one contestant; milliseconds. */
export interface Timing {
  /** Median of the bursts' medians, by the clock that was asked for. */
  readonly ms: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** The median of each burst, by wall and by processor time. */
  readonly wallBursts: readonly number[];
  readonly cpuBursts: readonly number[];
  /** Measured multiply-add peak, GFLOP/s: the median over bursts. */
  readonly peak: number | null;
  readonly facts: Facts;
}

export type Outcome = Timing | { readonly missing: string };
export type Outcomes = ReadonlyMap<string, Outcome>;

/** Measures all contestants of a group against each other. */
export async function measureGroup(contestants: readonly Contestant[], pace: Pace): Promise<Outcomes> {
  const running = contestants.map((contestant) => ({ contestant, child: new Child(contestant.system, contestant.task) }));
  const outcomes = new Map<string, Outcome>();
  try {
    const ready = await Promise.all(running.map(async (one) => ({ ...one, facts: await one.child.ready(pace.limitMs) })));
    const present = ready.flatMap(({ contestant, child, facts }) => {
      if (!("missing" in facts)) return [{ contestant, child, facts, bursts: new Bursts() }];
      outcomes.set(contestant.name, { missing: String(facts.missing) });
      return [];
    });
    for (let round = 0; round < pace.rounds; round++) {
      for (const { contestant, child, bursts } of present) {
        if (outcomes.has(contestant.name)) continue;
        const burst = await child.burst(pace.burstMs, pace.limitMs);
        if ("missing" in burst) outcomes.set(contestant.name, burst);
        else bursts.add(burst);
      }
    }
    for (const { contestant, facts, bursts } of present) {
      if (!outcomes.has(contestant.name)) outcomes.set(contestant.name, bursts.timing(facts, pace.clock));
    }
  } finally {
    for (const { child } of running) child.stop();
  }
  return outcomes;
}

class Bursts {
  readonly #wall: number[] = [];
  readonly #cpu: number[] = [];
  readonly #peaks: number[] = [];

  add(burst: { readonly wall: readonly number[]; readonly cpu: readonly number[]; readonly peak?: number }): void {
    this.#wall.push(median(burst.wall));
    this.#cpu.push(median(burst.cpu));
    if (burst.peak !== undefined) this.#peaks.push(burst.peak);
  }

  timing(facts: Facts, clock: Pace["clock"]): Timing {
    const wallMs = median(this.#wall);
    const cpuMs = median(this.#cpu);
    const peak = this.#peaks.length === 0 ? null : median(this.#peaks);
    return { ms: clock === "wall" ? wallMs : cpuMs, wallMs, cpuMs, wallBursts: this.#wall, cpuBursts: this.#cpu, peak, facts };
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The timing of that name, or null. */
export function timingOf(outcomes: Outcomes, name: string): Timing | null {
  const found = outcomes.get(name);
  return found === undefined || "missing" in found ? null : found;
}
