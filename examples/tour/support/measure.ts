// How strongly the loss depends on the state of every step, and how to get to it.
import type { Model } from "deep-rnn";
import { probe } from "deep-rnn/inspect";
import type { Task } from "./tasks.js";

/** |dL/dh_t| from the first step to the last, over all rows and units of the named states ("lstm-1/h", "lstm-1/c"). */
export async function gradientByStep(model: Model, { x, y }: Task<number[][] | number[][][]>, ...states: string[]): Promise<number[]> {
  const { taps } = await probe(model, x, y, { only: states });
  const squares: number[] = [];
  for (const name of states) {
    const { shape, data } = taps[name]!.cotangent!; // [rows, time, units]
    const [, time = 1, units = 1] = shape;
    for (const [index, value] of Array.from(data).entries()) {
      const step = Math.floor(index / units) % time;
      squares[step] = (squares[step] ?? 0) + value * value;
    }
  }
  return squares.map(Math.sqrt);
}
