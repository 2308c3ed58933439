// The tasks of the tour: small, drawn from a seed, each hard in one way.
import { randomKey, uniform } from "deep-rnn";

/** Sequences [rows, steps, features] and targets. */
export interface Task<Y = number[][]> {
  readonly x: number[][][];
  readonly y: Y;
}

export interface TaskSize {
  readonly rows: number;
  readonly steps: number;
  readonly seed: number;
}

/** `count` numbers between -1 and 1: the same on every machine. */
export function noise(seed: number, count: number): number[] {
  return Array.from(uniform(randomKey(seed), [count]).data, (value) => 2 * value - 1);
}

/** Recall: the first step says +1 or -1, noise follows; which of the two was it? The mean squared error of not knowing is 1. */
export function recall({ rows, steps, seed }: TaskSize): Task {
  const draws = noise(seed, rows * steps);
  const y = Array.from({ length: rows }, (_, row) => [row % 2 === 0 ? 1 : -1]);
  const x = y.map(([sign = 0], row) => Array.from({ length: steps }, (_, t) => [t === 0 ? sign : 0, draws[row * steps + t] ?? 0]));
  return { x, y };
}

/**
 * The adding problem (Hochreiter & Schmidhuber 1997): two of the numbers between 0 and 1 are marked, one in each half of the sequence; what
 * is their sum? Always answering 1 has an error of 1/6.
 */
export function adding({ rows, steps, seed }: TaskSize): Task {
  const draws = noise(seed, rows * (steps + 2)).map((value) => (value + 1) / 2);
  const half = Math.floor(steps / 2);
  const y: number[][] = [];
  const x = Array.from({ length: rows }, (_, row) => {
    const [first = 0, second = 0, ...values] = draws.slice(row * (steps + 2), (row + 1) * (steps + 2));
    const marked = [Math.floor(first * half), half + Math.floor(second * (steps - half))];
    y.push([marked.reduce((sum, t) => sum + (values[t] ?? 0), 0)]);
    return values.map((value, t) => [value, marked.includes(t) ? 1 : 0]);
  });
  return { x, y };
}
