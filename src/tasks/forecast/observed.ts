// Which windows are trained on: those whose targets were observed, of many every k-th.

import type { Frame } from "../../data/frame.js";
import { missingIn } from "../../data/windows.js";

/** Where windows may begin, and how many are wanted. */
export interface WindowRange {
  /** First origin. */
  readonly from: number;
  /** Targets lie before this row. */
  readonly to: number;
  readonly horizon: number;
  /** At most so many windows. */
  readonly most: number;
  readonly season: number;
}

/** Below this many complete windows, windows with a few bridged targets are let in. */
const enoughWindows = 64;

/**
 * Origins of windows whose targets lie in rows [from, to). Only complete ones if there are enough of them; otherwise those
 * with up to a quarter, then half of the targets bridged. `bridged` is the highest share let in. Of more than `most` every k-th is
 * taken, k such that at most `most` are left and the seasons stay mixed. A series may have many millions of rows: its windows are
 * counted and never listed.
 */
export function observedOrigins(
  frame: Frame,
  range: WindowRange,
): { readonly origins: readonly number[]; readonly every: number; readonly bridged: number } {
  const { horizon, most, season } = range;
  const all = Math.max(0, range.to - horizon - range.from + 1);
  const enough = Math.min(enoughWindows, all / 2);
  let found = { missing: horizon, bridged: frame.holes === null && all > 0 ? 0 : 1, count: all };
  for (const share of frame.holes === null ? [] : [0, 0.25, 0.5]) {
    const count = countWindows(frame, range, share * horizon);
    if (count === 0) continue;
    const isEnough = count >= enough;
    found = { missing: share * horizon, bridged: isEnough ? share : 1, count };
    if (isEnough) break;
  }
  let every = Math.max(1, Math.ceil(found.count / most));
  while (every > 1 && greatestDivisor(every, season) > 1) every++;
  // Counted from the end: the newest window is always among them.
  const start = (found.count - 1) % every;
  const origins: number[] = [];
  let place = 0;
  for (const origin of windowsIn(frame, range, found.missing)) if (place++ % every === start) origins.push(origin);
  return { origins, every, bridged: found.bridged };
}

function countWindows(frame: Frame, range: WindowRange, mostMissing: number): number {
  let count = 0;
  for (const _ of windowsIn(frame, range, mostMissing)) count++;
  return count;
}

/** Origins before whose horizon's end at most so many values are missing. */
function* windowsIn({ values, holes }: Frame, { from, to, horizon }: WindowRange, mostMissing: number): Generator<number> {
  const isMissing = (row: number): number => (Number.isNaN(values[row]) ? 1 : 0);
  let missing = holes === null || from + horizon > to ? 0 : missingIn(values, from, horizon);
  for (let origin = from; origin + horizon <= to; origin++) {
    if (holes !== null && origin > from) missing += isMissing(origin + horizon - 1) - isMissing(origin - 1);
    if (missing <= mostMissing) yield origin;
  }
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
