// Local times without a zone, where clocks are set back in autumn: an hour that is there twice is no mistake.

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Whether all repeated times look like a clock that was set back: twice each, in the first hours of a Sunday in spring or autumn
 * (of either hemisphere), and no more than an hour of them on one day.
 */
export function areClockChanges(repeated: Iterable<{ readonly ms: number; readonly times: number }>): boolean {
  const perDay = new Map<number, { first: number; last: number }>();
  for (const { ms, times } of repeated) {
    const date = new Date(ms);
    const isChange = date.getUTCDay() === 0 && date.getUTCHours() < 4 && [2, 3, 8, 9, 10].includes(date.getUTCMonth());
    if (times !== 2 || !isChange) return false;
    const day = Math.floor(ms / dayMs);
    const hour = perDay.get(day) ?? { first: ms, last: ms };
    perDay.set(day, { first: Math.min(hour.first, ms), last: Math.max(hour.last, ms) });
  }
  return perDay.size > 0 && [...perDay.values()].every(({ first, last }) => last - first < hourMs);
}
