// The one place that writes: results to stdout, everything meant for people to stderr, colour only where it is wanted.
import { styleText } from "node:util";

/** The colours and weights the command line uses. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "magenta";

/** Puts a style on a text, or leaves the text alone where colour is not wanted. */
export type Paint = (style: Style, text: string) => string;

/** What a command may do with the two streams. */
export interface Terminal {
  /** Results, to stdout. */
  out(text: string): void;
  /** Words for a person, to stderr; silent under `--quiet`. */
  say(text: string): void;
  /** Errors and warnings, to stderr, also under `--quiet`. */
  alarm(text: string): void;
  /** Redraws the last line of stderr; only on a TTY. */
  redraw(text: string): void;
  readonly quiet: boolean;
  readonly interactive: boolean;
  /** Characters per line of stdout. */
  readonly columns: number;
  /** Characters per line of stderr. */
  readonly errorColumns: number;
  readonly paintOut: Paint;
  readonly paintErr: Paint;
}

/** The switches that shape a terminal. */
export interface TerminalOptions {
  readonly quiet: boolean;
  readonly color: boolean;
}

const plain: Paint = (_style, text) => text;
const painted: Paint = (style, text) => styleText(style, text);
const clearLine = "\r\u001b[2K";

/** The process's own streams. Colour needs a TTY, no `NO_COLOR` (https://no-color.org) and no `--no-color`. */
export function openTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr } = process;
  const wanted = options.color && (process.env.NO_COLOR ?? "") === "" && process.env.TERM !== "dumb";
  const interactive = stderr.isTTY === true && process.env.TERM !== "dumb" && !options.quiet;
  let drawn = false;
  const wipe = (): void => {
    if (drawn) stderr.write(clearLine);
    drawn = false;
  };
  return {
    out: (text) => {
      wipe();
      stdout.write(`${text}\n`);
    },
    say: (text) => {
      if (options.quiet) return;
      wipe();
      stderr.write(`${text}\n`);
    },
    alarm: (text) => {
      wipe();
      stderr.write(`${text}\n`);
    },
    redraw: (text) => {
      if (!interactive) return;
      stderr.write(clearLine + text.slice(0, Math.max(20, stderr.columns ?? 80) - 1));
      drawn = true;
    },
    quiet: options.quiet,
    interactive,
    columns: Math.min(stdout.columns ?? 100, 120),
    errorColumns: Math.max(20, stderr.columns ?? 80),
    paintOut: wanted && stdout.isTTY === true ? painted : plain,
    paintErr: wanted && stderr.isTTY === true ? painted : plain,
  };
}
