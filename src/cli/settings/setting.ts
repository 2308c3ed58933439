// A setting: one option of the command line that the environment and a config file can give as well.
import { InvalidArgumentError, Option } from "commander";
import { usageError } from "../failure.js";
import type { Kind } from "./kinds.js";
import { checked, toggle } from "./kinds.js";

/** Where a value comes from if nobody gives one. */
export interface Otherwise {
  /** The value in force; also shown in the help. */
  readonly standard?: string | number | boolean | readonly number[];
  /** It is found from the data. */
  readonly found?: true;
  /** It makes sense on the command line only. */
  readonly flagOnly?: true;
  /** Values of other settings that it does not go with: from a weaker place than one of these, it is left out. */
  readonly givesWay?: readonly { readonly to: string; readonly where: (value: unknown) => boolean }[];
}

/** An option with its kind. */
export class Setting extends Option {
  readonly kind: Kind;
  readonly otherwise: Otherwise;

  constructor(flags: string, description: string, kind: Kind = toggle, otherwise: Otherwise = {}) {
    const { standard } = otherwise;
    super(flags, standard === undefined || kind === toggle ? description : `${description} (default: ${String(standard)})`);
    this.kind = kind;
    this.otherwise = otherwise;
    if (kind.choices !== undefined) this.choices(kind.choices);
    if (kind !== toggle) this.argParser(parser(this));
  }

  /** `DEEP_RNN_BATCH_SIZE` for `--batch-size`. */
  get variable(): string {
    return `DEEP_RNN_${this.attributeName()
      .replace(/[A-Z]/g, (letter) => `_${letter}`)
      .toUpperCase()}`;
  }
}

/** The settings of a command, in the order of its help. */
export function settingsOf(command: { readonly options: readonly Option[] }): Setting[] {
  return command.options.filter((option) => option instanceof Setting);
}

/** Reads the value of one use of a flag; `before` is what an earlier use gave. */
function parser({ kind, long }: Setting): (text: string, before: unknown) => unknown {
  return (text, before) => {
    const found = checked(kind, kind.read(text));
    if (found === null) throw new InvalidArgumentError(kind.need);
    if (before === undefined) return found.value;
    if (kind.repeatable && Array.isArray(before) && Array.isArray(found.value)) return [...before, ...found.value];
    throw usageError("usage_given_twice", `${long} is given twice, the second time as ${text}.`, "Give it once.");
  };
}
