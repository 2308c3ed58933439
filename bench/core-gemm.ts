// GFLOP/s of matrix products beside this processor's measured multiply-add peak, per variant: `node dist/bench/core-gemm.js`.
import type { Machine } from "../src/backends/core/machine.js";
import { Assembly, allMachines, titleOf } from "../test/core/assemble.js";

interface Shape {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** B as it is, transposed, or packed in advance. */
  readonly right: "rows" | "columns" | "packed";
  /** A read by columns, as in a weight gradient. */
  readonly leftColumns?: boolean;
}

const shapes: readonly Shape[] = [
  { name: "square 512", m: 512, n: 512, k: 512, right: "rows" },
  { name: "x W   [3200,128][128,512]", m: 3200, n: 512, k: 128, right: "packed" },
  { name: "step  [64,256][256,1024]", m: 64, n: 1024, k: 256, right: "packed" },
  { name: "step  [32,128][128,512]", m: 32, n: 512, k: 128, right: "packed" },
  { name: "step  [16,32][32,128]", m: 16, n: 128, k: 32, right: "packed" },
  { name: "dX    [3200,512][512,128]T", m: 3200, n: 128, k: 512, right: "columns" },
  { name: "dW    [128,3200]T[3200,512]", m: 128, n: 512, k: 3200, right: "rows", leftColumns: true },
  { name: "one row [1,512][512,2048]", m: 1, n: 2048, k: 512, right: "packed" },
];

/** Processor time, so that other programs on the machine disturb less; the best of three. */
function secondsPerRun(run: () => void): number {
  run();
  let best = Number.POSITIVE_INFINITY;
  for (let count = 1, good = 0; good < 3; ) {
    const start = process.cpuUsage();
    for (let i = 0; i < count; i++) run();
    const { user, system } = process.cpuUsage(start);
    const passed = (user + system) / 1e6;
    if (passed < 0.05) {
      count = Math.ceil(count * Math.min(100, Math.max(2, 0.06 / Math.max(passed, 1e-6))));
      continue;
    }
    best = Math.min(best, passed / count);
    good++;
  }
  return best;
}

function peakOf(machine: Machine): number {
  const operations = machine.peak(1);
  const rounds = 1e5;
  return (operations * rounds) / secondsPerRun(() => machine.peak(rounds)) / 1e9;
}

/** Many repetitions of the product within one run, so that the call costs nothing. */
function rateOf(machine: Machine, { m, n, k, right, leftColumns = false }: Shape): number {
  const p = new Assembly(machine);
  const repeats = Math.max(1, Math.ceil(2e7 / (m * n * k)));
  const [a, b, c] = [p.buffer(m * k), p.buffer(k * n), p.buffer(m * n)];
  const panels = p.buffer(Math.ceil(n / machine.panelWidth) * machine.panelWidth * k);
  const left = leftColumns ? { buffer: a, row: 1, col: m } : { buffer: a, row: k };
  const rightView = right === "columns" ? { buffer: b, row: 1, col: k } : { buffer: b, row: n };
  for (let i = 0; i < repeats; i++) {
    const operand = right === "packed" ? { buffer: panels } : rightView;
    p.gemm([m, n, k, 1], [left, operand, { buffer: c, row: n }], { packed: right === "packed" });
  }
  const seconds = secondsPerRun(p.repeated());
  p.free();
  return (2 * m * n * k * repeats) / seconds / 1e9;
}

for (const machine of await allMachines()) {
  const peak = peakOf(machine);
  console.log(`${titleOf(machine)}: multiply-add peak ${peak.toFixed(0)} GFLOP/s`);
  for (const shape of shapes) {
    const rate = rateOf(machine, shape);
    console.log(`  ${shape.name.padEnd(30)} ${rate.toFixed(1).padStart(7)} GFLOP/s  ${((100 * rate) / peak).toFixed(0).padStart(3)} %`);
  }
}
