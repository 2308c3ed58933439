// A small recurrent layer in bytecode, with every row-wise opcode in its loop: the subject of the loop and agreement tests.
import type { Machine } from "../../src/backends/core/machine.js";
import { Assembly, type Outcome } from "./assemble.js";
import { signed } from "./numbers.js";

export interface Recurrence {
  /** Rows at each step. */
  readonly rows: readonly number[];
  readonly hidden: number;
  readonly reverse?: boolean;
  readonly serial?: boolean;
  readonly threads?: number;
}

export interface RecurrenceResult {
  /** All hidden states, packed: [N, hidden]. */
  readonly states: Float32Array;
  /** Row sums of the states, [N]. */
  readonly sums: Float32Array;
  readonly outcome: Outcome;
}

/** Packed rows before each step. */
export function offsetsOf(rows: readonly number[]): number[] {
  let before = 0;
  return rows.map((count) => {
    before += count;
    return before - count;
  });
}

/** Gate inputs of row r at packed place n; the same numbers whatever the lengths of other rows. */
export function inputsFor(rows: readonly number[], hidden: number): Float32Array {
  const columns = rows.map((count, t) => Array.from({ length: count }, (_, r) => signed(hidden, 1000 * t + r)));
  return Float32Array.from(columns.flat().flatMap((row) => [...row]));
}

/** h = tanh(x + table[index] + dropout(h) U) over a ragged domain; row r starts from its own random state. */
export function runRecurrence(
  machine: Machine,
  { rows, hidden, reverse = false, serial = false, threads = 1 }: Recurrence,
): RecurrenceResult {
  const batch = Math.max(1, ...rows);
  const total = rows.reduce((a, b) => a + b, 0);
  const p = new Assembly(machine);
  const x = p.buffer(inputsFor(rows, hidden));
  const start = p.buffer(Float32Array.from(Array.from({ length: batch }, (_, r) => [...signed(hidden, 77 + r)]).flat()));
  const weights = p.buffer(signed(hidden * hidden, 5));
  const panels = p.buffer(Math.ceil(hidden / machine.panelWidth) * machine.panelWidth * hidden);
  const table = p.buffer(signed(3 * hidden, 6));
  const index = p.buffer(Int32Array.from({ length: total }, (_, i) => (i % 4) - 1));
  const keys = p.buffer(Int32Array.from({ length: 2 * batch }, (_, i) => 31 * i));
  const [gate, token, noise, dropped] = [
    p.buffer(batch * hidden),
    p.buffer(batch * hidden),
    p.buffer(batch * hidden),
    p.buffer(batch * hidden),
  ];
  const [counters, states, sums] = [p.buffer(Int32Array.from({ length: hidden }, (_, i) => i)), p.buffer(total * hidden), p.buffer(total)];
  const [rowTable, offsets] = [p.buffer(Int32Array.from(rows)), p.buffer(Int32Array.from(offsetsOf(rows)))];
  const whole = (buffer: number): { buffer: number; row: number } => ({ buffer, row: hidden });
  const stepped = (buffer: number): { buffer: number; row: number; step: number } => ({ buffer, row: hidden, step: hidden });

  p.pack(hidden, hidden, whole(weights), panels);
  p.loop(rows.length, rowTable, offsets, { reverse, serial });
  p.random("active", hidden, "uniform", [{ buffer: keys, row: 2 }, { buffer: counters }, whole(noise)]);
  p.tile(
    "active",
    hidden,
    [whole(start), whole(noise), whole(dropped)],
    [
      ["load", 0, 0],
      ["load", 1, 1],
      ["const", 2, 0x3f000000],
      ["lt", 3, 1, 2],
      ["const", 4, 0],
      ["select", 5, 3, 0, 4],
      ["store", 0, 2, 5],
    ],
  );
  p.gemm(["active", hidden, hidden, 1], [whole(dropped), { buffer: panels }, whole(gate)], { packed: true });
  p.gather(["active", hidden, 3], 9, [whole(table), { buffer: index, row: 1, step: 1 }, whole(token)]);
  p.tile(
    "active",
    hidden,
    [whole(gate), stepped(x), whole(token), whole(start)],
    [
      ["load", 0, 0],
      ["load", 1, 1],
      ["load", 2, 2],
      ["add", 0, 0, 1],
      ["add", 0, 0, 2],
      ["tanh", 0, 0],
      ["store", 0, 3, 0],
    ],
  );
  p.copy(["active", hidden], { buffer: start, strides: [hidden, 1] }, { buffer: states, strides: [hidden, 1], step: hidden });
  p.reduce("sum", ["active", hidden, 1], {
    src: { buffer: start, outer: hidden, mid: 1, inner: 1 },
    dst: { buffer: sums, outer: 1, inner: 1, step: 1 },
  });
  p.endLoop();
  const outcome = p.run({ threads });
  const result = { states: p.f32(states), sums: p.f32(sums), outcome };
  p.free();
  return result;
}
