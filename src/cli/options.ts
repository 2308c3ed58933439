// Options of the command line as typed values; a value that cannot be right is refused before any work starts.
import { InvalidArgumentError, Option } from "commander";

/** Whole number of at least `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`A whole number of at least ${least} is needed.`);
    return value;
  };
}

/** Number inside a range; the ends count unless `open`. */
export function inRange(low: number, high: number, ends: "closed" | "open-low" | "half-open" = "closed"): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const tooLow = ends === "open-low" ? value <= low : value < low;
    const tooHigh = ends === "half-open" ? value >= high : value > high;
    if (text.trim() === "" || !Number.isFinite(value) || tooLow || tooHigh)
      throw new InvalidArgumentError(`${rangeWords(low, high, ends)} is needed.`);
    return value;
  };
}

/** One width, or several separated by commas: `128` or `64,32`. */
export function widths(text: string): number | number[] {
  const list = text.split(",").map(whole(1));
  const [only] = list;
  return list.length === 1 && only !== undefined ? only : list;
}

/** Collects `--missing -200 --missing n.v.` to a list. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

const delimiters: Readonly<Record<string, "," | ";" | "\t">> = {
  ",": ",",
  comma: ",",
  ";": ";",
  semicolon: ";",
  "\t": "\t",
  "\\t": "\t",
  tab: "\t",
};

/** A column delimiter by mark or by name; tabs are hard to type. */
export function delimiter(text: string): "," | ";" | "\t" {
  const found = delimiters[text];
  if (found === undefined) throw new InvalidArgumentError("comma, semicolon or tab is needed.");
  return found;
}

/** Options that every verb has. */
export function globalOptions(): Option[] {
  return [
    new Option("--json", "print exactly one JSON value on stdout"),
    new Option("--quiet", "no words on stderr, errors excepted"),
    new Option("--no-color", "no colour, also by NO_COLOR in the environment"),
    new Option("--backend <name>", "what computes: auto takes native where it was built, else wasm")
      .choices(["auto", "native", "wasm", "reference"])
      .default("auto")
      .env("DEEP_RNN_BACKEND"),
    new Option("--threads <n>", "threads to compute with; the results are the same for any number")
      .argParser(whole(1))
      .env("DEEP_RNN_THREADS"),
  ];
}

/** Moves global options typed before the verb behind it, where commander looks for them. */
export function globalsBehindVerb(args: readonly string[]): readonly string[] {
  const known = globalOptions();
  let count = 0;
  while (count < args.length) {
    const [name = "", value] = (args[count] ?? "").split("=", 2);
    const option = known.find(({ long }) => long === name);
    if (option === undefined) break;
    count += option.required && value === undefined ? 2 : 1;
  }
  return count === 0 || count >= args.length ? args : [args[count] ?? "", ...args.slice(0, count), ...args.slice(count + 1)];
}

/** How a table is read; shared by the verbs that read one. */
export function tableOptions(): Option[] {
  return [
    new Option("--missing <text>", "also read this cell text as missing (repeatable)").argParser(collect),
    new Option("--duplicates <how>", "merge rows that have the same time").choices(["mean", "first", "last", "sum"]),
    new Option("--date-order <order>", "for dates such as 03/04/2020").choices(["dmy", "mdy"]),
    new Option("--delimiter <mark>", "between the columns: comma, semicolon or tab; found if not given").argParser(delimiter),
    new Option("--encoding <name>", "of the file, if it is not UTF-8").choices(["utf-8", "latin1", "utf-16le"]),
  ];
}

/** Values shared by all verbs. */
export interface GlobalFlags {
  readonly json?: true;
  readonly quiet?: true;
  readonly color: boolean;
  readonly backend: "auto" | "native" | "wasm" | "reference";
  readonly threads?: number;
}

function rangeWords(low: number, high: number, ends: "closed" | "open-low" | "half-open"): string {
  if (high === Infinity) return ends === "open-low" ? `A number above ${low}` : `A number of at least ${low}`;
  return ends === "half-open" ? `A number from ${low} to below ${high}` : `A number from ${low} to ${high}`;
}
