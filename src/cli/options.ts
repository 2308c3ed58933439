// The options that several commands share.

import type { Delimiter, Duplicates, Encoding } from "../data/types.js";
import { cell as cellKind, delimiter, oneOf, path, texts, toggle, whole } from "./settings/kinds.js";
import { Setting } from "./settings/setting.js";

/** What computes. */
const backendChoices = ["auto", "native", "wasm", "reference"] as const;

/** Options that every verb has. */
export function globalOptions(): Setting[] {
  return [
    new Setting("--json", "print exactly one JSON value on stdout"),
    new Setting("--quiet", "no words on stderr, errors and warnings excepted"),
    new Setting("--no-color", "no colour; NO_COLOR and FORCE_COLOR in the environment count too"),
    new Setting("--seed <n>", "same seed, same numbers", whole(0), { standard: 0 }),
    new Setting("--out <folder>", "folder to write into", path("folder")),
    new Setting("--force", "write into a folder that is not empty"),
    new Setting("--backend <name>", "what computes; auto takes native where it was built, else wasm", oneOf(backendChoices), {
      standard: "auto",
    }),
    new Setting("--threads <n>", "threads to compute with; the results are the same for any number", whole(1)),
    new Setting("--config <file>", "JSON file with settings by name", path("file")),
    new Setting("--print-config", "print the settings in force with their origins, and do nothing", toggle, { flagOnly: true }),
  ];
}

/** Moves global options typed before the verb behind it, where commander looks for them. */
export function globalsBehindVerb(args: readonly string[]): readonly string[] {
  const count = globalsAtStart(args);
  return count === 0 || count >= args.length ? args : [args[count] ?? "", ...args.slice(0, count), ...args.slice(count + 1)];
}

/** Nothing but global options. */
export function isWithoutCommand(args: readonly string[]): boolean {
  return globalsAtStart(args) >= args.length;
}

function globalsAtStart(args: readonly string[]): number {
  const known = globalOptions();
  let count = 0;
  while (count < args.length) {
    const [name = "", value] = (args[count] ?? "").split("=", 2);
    const option = known.find(({ long }) => long === name);
    if (option === undefined) break;
    count += option.required && value === undefined ? 2 : 1;
  }
  return count;
}

/** The cell of a training. Spelt out, so that help need not load the library. */
export function cellOption(what = "cell"): Setting {
  const names = "gru, gru-reset-before, lstm, lstm-peephole, elman, min-gru, min-lstm, lru";
  return new Setting("--cell <name>", `${what}: ${names}, or a file with your own: ./mine.js`, cellKind, {
    standard: "gru",
    givesWay: [toEsRnn],
  });
}

/** Where the strategy brings layers of its own. */
export const toEsRnn: { readonly to: string; readonly where: (strategy: unknown) => boolean } = {
  to: "strategy",
  where: (strategy) => strategy === "es-rnn",
};

/** The user's cell of a saved model. */
export function modelCellOption(): Setting {
  return new Setting("--cell <file>", "file with the model's own cell, if it has one: ./mine.js", cellKind);
}

/** How a table is read; shared by the verbs that read one. */
export function tableOptions(): Setting[] {
  return [
    new Setting("--missing <text>", "also read this cell text as missing, as empty cells always are (repeatable)", texts),
    new Setting(
      "--duplicates <how>",
      "merge rows that have the same time; error refuses them",
      oneOf(["error", "mean", "first", "last", "sum"]),
      {
        standard: "error",
      },
    ),
    new Setting("--date-order <order>", "for dates such as 03/04/2020", oneOf(["dmy", "mdy"]), { found: true }),
    new Setting("--delimiter <mark>", "between the columns: comma, semicolon or tab; found if not given", delimiter, { found: true }),
    new Setting("--encoding <name>", "of the file, if it is not UTF-8", oneOf(["utf-8", "latin1", "utf-16le"]), { standard: "utf-8" }),
  ];
}

/** What a saved model says of the option. */
export const moreHolidays = "of a forecast that reads holidays: table with a column of more of them";

/** Days that are holidays; of a training, or more of them for a saved model. */
export function holidaysOption(words: string): Setting {
  return new Setting("--holidays <file>", words, path("file"));
}

/** Values shared by all verbs. */
export interface GlobalFlags {
  readonly json?: true;
  readonly quiet?: true;
  readonly color: boolean;
  readonly seed?: number;
  readonly out?: string;
  readonly force?: true;
  readonly backend?: (typeof backendChoices)[number];
  readonly threads?: number;
  readonly config?: string;
  readonly printConfig?: true;
}

/** The own cell of a model, as commander hands it over; `modelCells` reads it. */
export interface ModelFlags extends GlobalFlags {
  readonly cell?: string;
}

/** How a table is read, as commander hands it over. */
export interface TableFlags {
  readonly missing?: readonly string[];
  readonly duplicates?: Duplicates;
  readonly dateOrder?: "dmy" | "mdy";
  readonly delimiter?: Delimiter;
  readonly encoding?: Encoding;
}

/** The flags of a task alone, the seed included: a field that is there but undefined would hide the task's default. */
export function taskFlags<F extends GlobalFlags>(flags: F): Omit<F, Exclude<keyof GlobalFlags, "seed">> {
  const {
    json: _json,
    quiet: _quiet,
    color: _color,
    out: _out,
    force: _force,
    backend: _backend,
    threads: _threads,
    config: _config,
    printConfig: _printConfig,
    ...rest
  } = flags;
  return rest;
}
