// The child's side of a measurement: answers each request on standard input with the times of a short burst of work.
import { createInterface } from "node:readline";

/** Something that can be timed. */
export interface Job {
  /** What the parent wants to know beside times: losses, checks, versions. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Does the work `units` times over: steps, calls. */
  run(units: number): Promise<void> | void;
  /** Units that are always done together, where a call costs something beside them: 1. */
  readonly together?: number;
  /** This processor's measured multiply-add peak in GFLOP/s, where the system knows a way to measure it. */
  readonly peak?: () => number;
}

/** The times of one burst; milliseconds per unit of each block of work. */
export interface Burst {
  readonly wall: readonly number[];
  /** Processor time of the whole process: what wall time would be if nobody else used the core. */
  readonly cpu: readonly number[];
  readonly peak?: number;
}

/** A block takes about this long, so that neither the clock nor one interruption decides. */
const blockMs = 50;
/** A unit of work at least this long is measured from the first. */
const longMs = 150;

/** Says it is ready, answers requests, ends with its input. A reason instead of a job is reported as such. */
export async function serve(job: Job | { readonly missing: string }): Promise<void> {
  if ("missing" in job) return answer(job);
  answer({ ready: true, ...job.facts });
  for await (const line of createInterface({ input: process.stdin })) {
    const { ms } = JSON.parse(line) as { readonly ms: number };
    answer(await measure(job, ms));
  }
}

/** The first unit says how many make a block. It also wakes caches up, so it counts only where it is long. */
async function measure(job: Job, ms: number): Promise<Burst> {
  const begin = performance.now();
  const block = async (units: number): Promise<{ wall: number; cpu: number }> => {
    const before = process.cpuUsage();
    const start = performance.now();
    await job.run(units);
    const passed = performance.now() - start;
    const used = process.cpuUsage(before);
    return { wall: passed / units, cpu: (used.user + used.system) / 1000 / units };
  };
  const least = job.together ?? 1;
  const first = await block(least);
  const blocks = first.wall * least >= longMs ? [first] : [];
  const units = Math.max(least, Math.round(blockMs / first.wall));
  while (blocks.length === 0 || performance.now() - begin < ms) blocks.push(await block(units));
  const wall = blocks.map((one) => one.wall);
  const cpu = blocks.map((one) => one.cpu);
  return { wall, cpu, ...(job.peak === undefined ? {} : { peak: job.peak() }) };
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
