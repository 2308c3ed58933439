// Does a backend compute what the float64 reference computes? A small network, forward and backward, number by number.
import type { Tensor, Tree } from "../../index.js";
import { dense, gru, init, jit, lstm, mean, sequential, square, sub, tensor, valueAndGrad } from "../../index.js";

/** Loss and all gradients of the test network on one backend. */
export interface SelfTest {
  readonly backend: string;
  readonly variant: string;
  readonly class: string;
  readonly threads: number;
  readonly numbers: Float64Array;
}

/** Float32 sums of this size differ from float64 ones by a few 1e-7 of the largest gradient; a wrong kernel by far more. */
export const selfTestLimit = 1e-5;

const [rows, steps, features, units] = [37, 9, 5, 19] as const;

/**
 * Runs the test on a backend; it is the one in use afterwards.
 *
 * @throws UsageError `backend_unavailable`
 */
export async function selfTest(backend: "native" | "wasm" | "reference", threads: number): Promise<SelfTest> {
  const info = await init({ backend, threads });
  const model = sequential([lstm({ units, returnSequences: true }), gru({ units }), dense({ units: 2 })]);
  model.build(["time", features], { seed: 3 });
  const x = wave([rows, steps, features], 0.37);
  const y = wave([rows, 2], 0.91);
  const [loss, gradients] = await jit(
    valueAndGrad((weights: Tree, input: Tensor, target: Tensor) => mean(square(sub(model.call(weights, input), target)))),
  )(model.weights, x, y);
  const numbers = Float64Array.from([loss.item(), ...numbersOf(gradients)]);
  return { backend: info.backend, variant: info.variant, class: info.class, threads: info.threads, numbers };
}

/** Largest difference, relative to the largest number; Infinity if the counts differ or a number is none. */
export function disagreement(test: SelfTest, reference: SelfTest): number {
  if (test.numbers.length !== reference.numbers.length) return Infinity;
  const size = reference.numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = test.numbers.reduce((most, value, i) => {
    const off = Math.abs(value - (reference.numbers[i] ?? Number.NaN));
    return Number.isNaN(off) ? Infinity : Math.max(most, off);
  }, 0);
  return worst / size;
}

/** Not one bit differs. */
export function sameBits(a: SelfTest, b: SelfTest): boolean {
  return a.numbers.length === b.numbers.length && a.numbers.every((value, i) => Object.is(value, b.numbers[i]));
}

function wave(shape: readonly number[], pace: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(pace * i) + 0.3 * Math.cos(0.11 * i)),
    { shape },
  );
}

function numbersOf(tree: Tree): number[] {
  if (isTensor(tree)) return [...tree.data];
  return Object.values(tree).flatMap((branch) => numbersOf(branch));
}

function isTensor(tree: Tree): tree is Tensor {
  return "dtype" in tree && "data" in tree;
}
