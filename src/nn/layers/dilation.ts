// Dilated recurrence: a step goes on from the states of several steps ago, so that a layer remembers further with the same weights.

import type { Tensors } from "../cell.js";

/** Sizes by state. */
export interface StateSizes {
  readonly [state: string]: number;
}

/**
 * The states that a scan carries for a dilation d: every state of the last d steps, the newest under its own name, older ones as "h-2" to
 * "h-d". Rows of any lengths, streams and either direction then work as without dilation; folding the steps into the batch would not
 * give them.
 */
export function carriedSizes(states: StateSizes, dilation: number): StateSizes {
  const sizes = Object.entries(states).flatMap(([state, size]) =>
    Array.from({ length: dilation }, (_, age): [string, number] => [aged(state, age), size]),
  );
  return Object.fromEntries(sizes);
}

/** What a step goes on from: the states of d steps ago, under their own names. */
export function dueStates(carried: Tensors, states: StateSizes, dilation: number): Tensors {
  return Object.fromEntries(Object.keys(states).map((state) => [state, carried[aged(state, dilation - 1)]!]));
}

/** The states that are carried on after a step: all one step older, the new ones in front. */
export function carriedOn(carried: Tensors, next: Tensors, dilation: number): Tensors {
  const moved = Object.entries(next).flatMap(([state, value]) =>
    Array.from({ length: dilation }, (_, age) => [aged(state, age), age === 0 ? value : carried[aged(state, age - 1)]!] as const),
  );
  return Object.fromEntries(moved);
}

function aged(state: string, age: number): string {
  return age === 0 ? state : `${state}-${age + 1}`;
}
