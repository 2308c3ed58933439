// Microseconds of one streaming step at batch 1, by hand: `node bench/stream.mjs [native|wasm ...]` after `npm run build`.
// Rounds of all programs take turns, so that whatever else the machine does hits all alike; medians are printed.
import { performance } from "node:perf_hooks";
import { init, lstm, sequential } from "../dist/src/index.js";

const shapes = [
  { name: "I1a LSTM 2x128 in 128", units: 128, steps: 2000 },
  { name: "I1b LSTM 2x512 in 512", units: 512, steps: 200 },
];
const rounds = 31;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function runner(backend, { name, units, steps }) {
  const { variant, threads } = await init({ backend });
  const model = sequential([lstm({ units, returnSequences: true }), lstm({ units })]);
  model.build(["time", units], { seed: 1 });
  const live = await model.stream();
  const x = Float32Array.from({ length: units }, (_, i) => Math.sin(i));
  const out = new Float32Array(units);
  const timed = (once) => {
    const start = performance.now();
    for (let i = 0; i < steps; i++) once();
    return ((performance.now() - start) / steps) * 1e3;
  };
  const input = [Array.from(x)];
  timed(() => live.stepInto(x, out));
  timed(() => live.step(input));
  return {
    title: `${name}, ${backend} ${variant}${threads > 1 ? `, ${threads} threads` : ""}`,
    kinds: { stepInto: () => timed(() => live.stepInto(x, out)), step: () => timed(() => live.step(input)) },
    // 4 matrices of units x 4 units floats are read at each step.
    megabytes: (4 * units * 4 * units * 4) / 1e6,
    samples: { stepInto: [], step: [] },
  };
}

const backends = process.argv.length > 2 ? process.argv.slice(2) : ["native", "wasm"];
const runners = [];
for (const backend of backends) for (const shape of shapes) runners.push(await runner(backend, shape));
for (let round = 0; round < rounds; round++) {
  for (const { kinds, samples } of runners) for (const [kind, time] of Object.entries(kinds)) samples[kind].push(time());
}
for (const { title, samples, megabytes } of runners) {
  const [into, step] = [median(samples.stepInto), median(samples.step)];
  const rate = (megabytes / into) * 1e3;
  console.log(`${title}: stepInto ${into.toFixed(1)} us (${rate.toFixed(1)} GB/s of weights), step ${step.toFixed(1)} us`);
}
