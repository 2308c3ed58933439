// Microseconds of one streaming step at batch 1: `npm run bench -- stream [native|wasm ...]`.
// Rounds of all programs take turns, so that whatever else the machine does hits all alike; medians are printed.
import { init, lstm, sequential } from "../src/index.js";

interface Shape {
  readonly name: string;
  readonly units: number;
  readonly steps: number;
}

const shapes: readonly Shape[] = [
  { name: "I1a LSTM 2x128 in 128", units: 128, steps: 2000 },
  { name: "I1b LSTM 2x512 in 512", units: 512, steps: 200 },
];
const rounds = 31;
const known = ["native", "wasm"] as const;
type Known = (typeof known)[number];

/** Times both shapes on the named backends. Resolves to the exit code. */
export async function runStreams(args: readonly string[]): Promise<number> {
  const backends = known.filter((name) => args.length === 0 || args.includes(name));
  if (args.some((name) => !known.some((each) => each === name))) {
    process.stderr.write("npm run bench -- stream [native] [wasm]\n");
    return 2;
  }
  const runners: Runner[] = [];
  for (const backend of backends) for (const shape of shapes) runners.push(await runner(backend, shape));
  for (let round = 0; round < rounds; round++)
    for (const { into, step, samples } of runners) {
      samples.into.push(into());
      samples.step.push(step());
    }
  for (const { title, samples, megabytes } of runners) {
    const [into, step] = [median(samples.into), median(samples.step)];
    const rate = (megabytes / into) * 1e3;
    process.stdout.write(`${title}: stepInto ${into.toFixed(1)} us (${rate.toFixed(1)} GB/s of weights), step ${step.toFixed(1)} us\n`);
  }
  return 0;
}

interface Runner {
  readonly title: string;
  readonly megabytes: number;
  readonly samples: { readonly into: number[]; readonly step: number[] };
  into(): number;
  step(): number;
}

async function runner(backend: Known, { name, units, steps }: Shape): Promise<Runner> {
  const { variant, threads } = await init({ backend });
  const model = sequential([lstm({ units, returnSequences: true }), lstm({ units })]);
  model.build(["time", units], { seed: 1 });
  const live = await model.stream();
  const x = Float32Array.from({ length: units }, (_, i) => Math.sin(i));
  const out = new Float32Array(units);
  const input = [Array.from(x)];
  const timed = (once: () => unknown): number => {
    const start = performance.now();
    for (let i = 0; i < steps; i++) once();
    return ((performance.now() - start) / steps) * 1e3;
  };
  const into = (): number => timed(() => live.stepInto(x, out));
  const step = (): number => timed(() => live.step(input));
  into();
  step();
  return {
    title: `${name}, ${backend} ${variant}${threads > 1 ? `, ${threads} threads` : ""}`,
    // 4 matrices of units x 4 units floats are read at each step.
    megabytes: (4 * units * 4 * units * 4) / 1e6,
    samples: { into: [], step: [] },
    into,
    step,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
