// "Did you mean": the known name closest to a misspelt one.

import { UsageError } from "../base/errors.js";
import { currentPlace } from "../ir/core/build.js";

/** The known name that is nearest in edit distance, or null if none is near. */
export function nearestName(given: string, known: readonly string[]): string | null {
  const scored = known.map((name) => ({ name, distance: editDistance(given.toLowerCase(), name.toLowerCase()) }));
  const best = scored.sort((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= Math.max(2, Math.ceil(given.length / 3)) ? best.name : null;
}

/** Throws for the first name that is not known, with the nearest known one. `thing` is what a name stands for, as in "option". */
export function checkNames(owner: string, thing: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  // Plain JavaScript may pass anything for a name.
  const near = typeof unknown === "string" ? nearestName(unknown, known) : null;
  throw new UsageError({
    code: `unknown_${thing}`,
    what: `${owner} has no ${thing} ${typeof unknown === "string" ? `"${unknown}"` : `that is not a name but ${unknown === null ? "null" : `a ${typeof unknown}`}`}`,
    where: currentPlace(),
    hint: near === null ? `It has: ${known.join(", ") || "none"}.` : `Did you mean "${near}"?`,
  });
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
