// Looks up what a user named: the value, or an error with the closest known name.

import { UsageError } from "../base/errors.js";
import { nearestName } from "../nn/suggest.js";

/** What was looked for, in the words of a message. */
export interface NameLookup {
  /** As in `optimiser`. */
  readonly kind: string;
  readonly code: string;
  readonly op: string;
}

/** The value of that name; throws UsageError with a suggestion if there is none. */
export function lookUp<V>(name: string, values: ReadonlyMap<string, V>, { kind, code, op }: NameLookup): V {
  const found = values.get(name);
  if (found !== undefined) return found;
  const names = [...values.keys()];
  const near = nearestName(name, names);
  const hint = near === null ? `Choose from ${names.join(", ")}.` : `Did you mean "${near}"?`;
  throw new UsageError({ code, op, what: `there is no ${kind} called "${name}"`, hint });
}
