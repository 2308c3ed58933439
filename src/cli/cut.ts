// Arrays in JSON stop at 10,000 rows, and say so; files hold all rows.
import { mostRows } from "../tasks/forecast/json.js";

/** The same arrays, cut; `truncated` is there only if one was. */
export function cut<A extends Readonly<Record<string, readonly unknown[]>>>(arrays: A): A & { readonly truncated?: true } {
  const isLong = Object.values(arrays).some(({ length }) => length > mostRows);
  if (!isLong) return arrays;
  const short = Object.fromEntries(Object.entries(arrays).map(([name, rows]) => [name, rows.slice(0, mostRows)]));
  return { ...arrays, ...short, truncated: true };
}
