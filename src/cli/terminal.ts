// The one place that writes: results to stdout, everything meant for people to stderr, colour only where it is wanted.
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
  /** A warning, marked as one. */
  warn(text: string): void;
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
  /** Called when a result has been printed. */
  readonly onOut?: () => void;
}

const plain: Paint = (_style, text) => text;
// Whether colour is wanted has been decided by then, so the codes are written whatever the stream is.
const painted: Paint = (style, text) => {
  const [on, off] = codes[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
};
const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  magenta: [35, 39],
};
const clearLine = "\r\u001b[2K";

/**
 * Whether a stream gets colour: `--no-color`, then `NO_COLOR` (https://no-color.org) and `FORCE_COLOR` (0 or false: none), then
 * whether it is a terminal that can.
 */
export function wantsColor(flag: boolean, env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if (!flag || (env.NO_COLOR ?? "") !== "") return false;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return isTerminal && env.TERM !== "dumb";
}

/** The process's own streams. */
export function openTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr } = process;
  const interactive = stderr.isTTY === true && process.env.TERM !== "dumb" && !options.quiet;
  let drawn = false;
  const wipe = (): void => {
    if (drawn) stderr.write(clearLine);
    drawn = false;
  };
  const paintErr = wantsColor(options.color, process.env, stderr.isTTY === true) ? painted : plain;
  const alarm = (text: string): void => {
    wipe();
    stderr.write(`${text}\n`);
  };
  return {
    out: (text) => {
      wipe();
      stdout.write(`${text}\n`);
      options.onOut?.();
    },
    say: (text) => {
      if (options.quiet) return;
      wipe();
      stderr.write(`${text}\n`);
    },
    alarm,
    warn: (text) => alarm(`${paintErr("yellow", "Warning:")} ${text}`),
    redraw: (text) => {
      if (!interactive) return;
      stderr.write(clearLine + text.slice(0, Math.max(8, stderr.columns ?? 80) - 1));
      drawn = true;
    },
    quiet: options.quiet,
    interactive,
    columns: Math.min(stdout.columns ?? 100, 120),
    // Asked anew each time: windows change their size while a network trains.
    get errorColumns() {
      return Math.max(8, stderr.columns ?? 80);
    },
    paintOut: wantsColor(options.color, process.env, stdout.isTTY === true) ? painted : plain,
    paintErr,
  };
}
