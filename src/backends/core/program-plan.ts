// Places temporaries in one arena: buffers whose lifetimes do not meet share memory.

import { buffersOf } from "../../ir/lowered/operands.js";
import type { Buffer, LoweredSection } from "../../ir/lowered/program.js";

/** From the first to the last top-level instruction that touches a buffer, both included. */
export interface Lifetime {
  readonly buffer: number;
  readonly first: number;
  readonly last: number;
}

const alignment = 64;

/** Homes that the arena provides: temporaries, and what the host copies in before or out after a run. */
export function isInArena({ home }: Buffer): boolean {
  return home.kind === "temporary" || home.kind === "fed" || home.kind === "result";
}

/** Lifetimes of the arena's buffers. A loop is one instruction: its threads are at different places of it, so nothing in it shares memory. */
export function lifetimesOf(section: LoweredSection): Lifetime[] {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  section.instructions.forEach((instruction, index) => {
    for (const buffer of buffersOf(instruction)) {
      if (!first.has(buffer)) first.set(buffer, index);
      last.set(buffer, index);
    }
  });
  const end = section.instructions.length;
  return section.buffers.flatMap((buffer) => {
    const { id, home } = buffer;
    if (!isInArena(buffer)) return [];
    const start = first.get(id);
    if (start === undefined && home.kind === "temporary") return [];
    return [{ buffer: id, first: home.kind === "fed" ? -1 : (start ?? end), last: home.kind === "result" ? end : (last.get(id) ?? -1) }];
  });
}

/** Byte offsets in the arena. */
export interface ArenaPlan {
  readonly offsets: ReadonlyMap<number, number>;
  readonly bytes: number;
}

/** Largest first, each at the lowest place that no buffer living at the same time occupies. */
export function planArena(lifetimes: readonly Lifetime[], bytesOf: (buffer: number) => number): ArenaPlan {
  const placed: { readonly life: Lifetime; readonly start: number; readonly end: number }[] = [];
  const offsets = new Map<number, number>();
  const rounded = (buffer: number): number => Math.max(alignment, Math.ceil(bytesOf(buffer) / alignment) * alignment);
  const ordered = [...lifetimes].sort((a, b) => rounded(b.buffer) - rounded(a.buffer) || a.first - b.first);
  let bytes = 0;
  for (const life of ordered) {
    const size = rounded(life.buffer);
    const meeting = placed
      .filter((other) => other.life.first <= life.last && life.first <= other.life.last)
      .sort((a, b) => a.start - b.start);
    let start = 0;
    for (const other of meeting) {
      if (start + size <= other.start) break;
      start = Math.max(start, other.end);
    }
    placed.push({ life, start, end: start + size });
    offsets.set(life.buffer, start);
    bytes = Math.max(bytes, start + size);
  }
  return { offsets, bytes };
}
