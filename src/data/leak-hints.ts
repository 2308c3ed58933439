// Columns that know the target too well: the target itself, the target some rows early, or a straight line through it.

import { counted } from "../base/words.js";
import type { Hint } from "./description.js";
import type { Numbers } from "./number-store.js";
import type { CovariateColumn } from "./roles.js";
import type { RowGroup } from "./rows.js";

/** Rows looked back and ahead for a shifted target. */
const mostShift = 3;
const leastRows = 8;
/** A correlation as near to one as this is no coincidence of the season. */
const nearOne = 0.9999;

/** Hints about the numeric `columns` beside a target; rows in the order of time within each group. */
export function findLeakHints(target: CovariateColumn, columns: readonly CovariateColumn[], groups: readonly RowGroup[]): Hint[] {
  return columns.flatMap((column): Hint[] => {
    const hint = shiftHint(target, column, groups) ?? correlationHint(target, column, groups);
    return hint === null ? [] : [hint];
  });
}

function shiftHint(target: CovariateColumn, column: CovariateColumn, groups: readonly RowGroup[]): Hint | null {
  for (let ahead = 0; ahead <= mostShift; ahead++) {
    if (!equalsShifted(target, column, groups, ahead)) continue;
    const code = ahead === 0 ? "same_as_target" : "next_target";
    const when = ahead === 0 ? "" : ` ${counted(ahead, "row")} early: it knows the future`;
    return { code, column: column.name, message: `${column.name} is ${target.name}${when}. Leave it out.` };
  }
  return null;
}

/** Whether the column is the target `ahead` rows later wherever both are seen, and the target moves there at all. */
function equalsShifted(target: CovariateColumn, column: CovariateColumn, groups: readonly RowGroup[], ahead: number): boolean {
  let [equal, moves, before] = [0, 0, Number.NaN];
  for (const { rows } of groups) {
    for (let i = 0; i + ahead < rows.length; i++) {
      const [own, other] = [column.get(rows.get(i)), target.get(rows.get(i + ahead))];
      if (Number.isNaN(own) || Number.isNaN(other)) continue;
      if (Math.abs(own - other) > 1e-9 * Math.max(Math.abs(own), Math.abs(other))) return false;
      equal++;
      if (other !== before) moves++;
      before = other;
    }
  }
  return equal >= leastRows && 4 * moves >= equal;
}

function correlationHint(target: CovariateColumn, column: CovariateColumn, groups: readonly RowGroup[]): Hint | null {
  const r = correlation(target, column, groups);
  if (!(Math.abs(r) >= nearOne)) return null;
  // Two counters rise together without one telling anything about the other: their steps must agree as well.
  const steps = correlation(stepsOf(target), stepsOf(column), groups);
  if (!(Math.abs(steps) >= nearOne)) return null;
  const message = `${column.name} follows ${target.name} (correlation ${r.toFixed(4)}): it is the same in another unit. Leave it out.`;
  return { code: "follows_target", column: column.name, message };
}

type Pairs = { get(row: number): number; readonly isStep?: true };

function stepsOf(column: CovariateColumn): Pairs {
  return { get: (row) => column.get(row), isStep: true };
}

/** Pearson's correlation over rows in which both are seen, of values or of steps between neighbouring rows. */
function correlation(a: Pairs, b: Pairs, groups: readonly RowGroup[]): number {
  let [n, meanA, meanB, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  for (const { rows } of groups) {
    for (let i = a.isStep === true ? 1 : 0; i < rows.length; i++) {
      const [x, y] = [at(a, rows, i), at(b, rows, i)];
      if (Number.isNaN(x) || Number.isNaN(y)) continue;
      n++;
      const [dx, dy] = [x - meanA, y - meanB];
      meanA += dx / n;
      meanB += dy / n;
      aa += dx * (x - meanA);
      bb += dy * (y - meanB);
      ab += dx * (y - meanB);
    }
  }
  return n < leastRows || aa === 0 || bb === 0 ? Number.NaN : ab / Math.sqrt(aa * bb);
}

function at(values: Pairs, rows: Numbers, i: number): number {
  const value = values.get(rows.get(i));
  return values.isStep === true ? value - values.get(rows.get(i - 1)) : value;
}
