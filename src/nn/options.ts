// Checks layer options: unknown names with a suggestion, and the kind of each value.

import { UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import { checkNames } from "./suggest.js";

/** What an option must be. */
export type OptionKind = "size" | "rate" | "boolean" | "number" | "nonNegative" | "text" | "any";

/** Known options of one layer. */
export interface OptionKinds {
  readonly [option: string]: OptionKind;
}

/** The options as a record; throws UsageError `bad_option` for whatever plain JavaScript may pass instead. */
export function optionRecord<O extends object>(owner: string, options: O): O {
  if (isRecord(options)) return options;
  throw bad(owner, `needs a record of options, got ${options === undefined ? "nothing" : shown(options)}`);
}

/** Throws UsageError `unknown_option` or `bad_option`. Options that are undefined count as absent. */
export function checkOptions(owner: string, options: object, kinds: OptionKinds, required: readonly string[] = []): void {
  optionRecord(owner, options);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  checkNames(
    owner,
    "option",
    given.map(([name]) => name),
    Object.keys(kinds),
  );
  for (const name of required) {
    if (!given.some(([known]) => known === name)) throw bad(owner, `needs the option "${name}"`);
  }
  for (const [name, value] of given) {
    const wanted = fault(kinds[name]!, value);
    if (wanted !== null) throw bad(owner, `option ${name} must be ${wanted}, got ${shown(value)}`);
  }
}

function fault(kind: OptionKind, value: unknown): string | null {
  switch (kind) {
    case "size":
      return typeof value === "number" && Number.isInteger(value) && value > 0 ? null : "a whole number above 0";
    case "rate":
      return typeof value === "number" && value >= 0 && value < 1 ? null : "at least 0 and below 1";
    case "boolean":
      return typeof value === "boolean" ? null : "true or false";
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? null : "a finite number";
    case "nonNegative":
      return typeof value === "number" && Number.isFinite(value) && value >= 0 ? null : "a number of at least 0";
    case "text":
      // A property of that name would not be one of the record's own.
      if (value === "__proto__") return "another name";
      return typeof value === "string" && value !== "" && !value.includes("/") ? null : 'a name without "/"';
    case "any":
      return null;
  }
}

function bad(owner: string, what: string): UsageError {
  return new UsageError({ code: "bad_option", what: `${owner}: ${what}` });
}

/** A value as messages show it: numbers plain, text in quotes. */
export function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}
