// Kinds of settings: one check for each, whether the value comes from a flag, the environment or a config file.
import { z } from "zod";
import { calendarParts } from "../../data/calendar.js";

/** What a setting may be. */
export interface Kind {
  /** The sentence that refuses a value: "A whole number of at least 1 is needed." */
  readonly need: string;
  /** Checks a value from JSON, and turns it into the value that is used. */
  readonly schema: z.ZodType;
  /** The JSON value that a word of the command line or of the environment stands for. */
  readonly read: (text: string) => unknown;
  /** All values, where they can be listed. */
  readonly choices?: readonly string[];
  /** What a shell completes the value with. */
  readonly completes?: "file" | "folder";
  /** Given several times, the values make a list. */
  readonly repeatable?: true;
}

/** A checked value, or nothing if it is refused. */
export function checked(kind: Kind, value: unknown): { readonly value: unknown } | null {
  const parsed = kind.schema.safeParse(value);
  return parsed.success ? { value: parsed.data } : null;
}

/** A sentence as the second half of another one. */
export function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

// An empty word is no zero.
const toNumber = (text: string): unknown => (text.trim() === "" ? text : Number(text));
const asIs = (text: string): unknown => text;

const switchWords: Readonly<Record<string, boolean>> = {
  "1": true,
  true: true,
  yes: true,
  on: true,
  "0": false,
  false: false,
  no: false,
  off: false,
};

/** On or off. */
export const toggle: Kind = {
  need: "true or false is needed.",
  schema: z.boolean(),
  read: (text) => switchWords[text.toLowerCase()] ?? text,
};

/** Any text that is not empty. */
export const words: Kind = { need: "A text is needed.", schema: z.string().min(1), read: asIs };

/** The name of a cell, or the path of a file with one. */
export const cell: Kind = { ...words, completes: "file" };

/** The path of a file, or of a folder. */
export function path(completes: "file" | "folder"): Kind {
  return { need: "A path is needed.", schema: z.string(), read: asIs, completes };
}

/** Whole number of at least `least`. */
export function whole(least: number): Kind {
  return { need: `A whole number of at least ${least} is needed.`, schema: z.int().min(least), read: toNumber };
}

/** Number inside a range; the ends count unless they are open. */
export function inRange(low: number, high: number, ends: "closed" | "open-low" | "half-open" = "closed"): Kind {
  const above = ends === "open-low" ? z.number().gt(low) : z.number().min(low);
  const schema = high === Infinity ? above : ends === "half-open" ? above.lt(high) : above.max(high);
  return { need: `${rangeWords(low, high, ends)} is needed.`, schema, read: toNumber };
}

/** One width, or several separated by commas: `128` or `64,32`. */
export const widths: Kind = {
  need: "A whole number of at least 1, or several separated by commas, is needed.",
  schema: z.union([z.int().min(1), z.array(z.int().min(1)).min(1)]),
  read: (text) => {
    const list = text.split(",").map(toNumber);
    return list.length === 1 ? list[0] : list;
  },
};

/** Texts that are not empty, one per use of the flag: `--missing -200 --missing n.v.`. */
export const texts: Kind = {
  need: "A text that is not empty, or a list of them, is needed.",
  schema: z.union([
    z.array(z.union([z.string().regex(/\S/), z.number().transform(String)])),
    z
      .string()
      .regex(/\S/)
      .transform((text) => [text]),
  ]),
  read: (text) => [text],
  repeatable: true,
};

/** Names of columns, separated by commas, in one use of the flag or in several: a name with a comma in it stands in a list of a config file. */
export const columnNames: Kind = {
  need: "A name of a column, or several separated by commas, is needed.",
  schema: z.union([z.array(z.string().min(1)).min(1), z.string().min(1).transform(namesIn)]),
  read: namesIn,
  repeatable: true,
};

function namesIn(text: string): string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Cycles of the calendar: those that suit the data, none, or by name. */
export const calendar: Kind = {
  need: `on, off or some of ${calendarParts.join(", ")}, separated by commas, is needed.`,
  schema: z.union([z.boolean(), z.array(z.enum(calendarParts)).min(1)]),
  read: (text) => switchWords[text.toLowerCase()] ?? namesIn(text),
};

/** One of a few names. */
export function oneOf<const C extends readonly string[]>(choices: C): Kind {
  return { need: `Allowed choices are ${choices.join(", ")}.`, schema: z.enum(choices), read: asIs, choices };
}

const delimiters: Readonly<Record<string, string>> = {
  ",": ",",
  comma: ",",
  ";": ";",
  semicolon: ";",
  "\t": "\t",
  "\\t": "\t",
  tab: "\t",
};

/** A column delimiter by mark or by name; tabs are hard to type. */
export const delimiter: Kind = {
  need: "comma, semicolon or tab is needed.",
  schema: z.enum(Object.keys(delimiters)).transform((name) => delimiters[name]),
  read: asIs,
};

function rangeWords(low: number, high: number, ends: "closed" | "open-low" | "half-open"): string {
  if (high === Infinity) return ends === "open-low" ? `A number above ${low}` : `A number of at least ${low}`;
  if (ends === "open-low") return `A number above ${low} and up to ${high}`;
  return ends === "half-open" ? `A number from ${low} to below ${high}` : `A number from ${low} to ${high}`;
}
