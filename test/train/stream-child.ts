// Run by stream.test.ts with --expose-gc: prints how much the JavaScript heap grows in 100,000 steps of a stream.
import { dense, init, lstm, sequential } from "../../src/index.js";

const backend = process.argv[2] as "native" | "wasm";
const reason = await init({ backend }).then(
  () => "",
  (error: Error) => error.message,
);
let bytes = 0;
if (reason === "") {
  const model = sequential([lstm({ units: 8, returnSequences: true }), lstm({ units: 6 }), dense({ units: 3 })]);
  model.build(["time", 5], { seed: 1 });
  const live = await model.stream();
  const [x, out] = [Float32Array.of(0.1, -0.2, 0.3, 0.4, -0.5), new Float32Array(3)];
  const steps = (count: number): void => {
    for (let step = 0; step < count; step++) live.stepInto(x, out);
  };
  // Until everything is compiled for good.
  steps(50_000);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  steps(100_000);
  bytes = process.memoryUsage().heapUsed - before;
}
console.log(JSON.stringify({ reason, bytes }));
