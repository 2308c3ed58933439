// Shows how far training is: one living line on a TTY, a plain line every few seconds elsewhere, nothing under --quiet.
import { counted } from "../base/words.js";
import type { ForecastEvent, ForecastPhase } from "../tasks/forecast/types.js";
import { duration, shown } from "./numbers.js";
import type { Terminal } from "./terminal.js";

type EpochEvent = Extract<ForecastEvent, { kind: "epoch" }>;

const phaseWords: Readonly<Record<ForecastPhase, string>> = {
  select: "choosing the epoch",
  evaluate: "training for the hold-out",
  refit: "training on all rows",
};

const plainEverySeconds = 3;
const liveEverySeconds = 0.1;

/** Returns a function that takes every epoch event. */
export function progress(terminal: Terminal, now: () => number = () => performance.now() / 1000): (event: EpochEvent) => void {
  let last = -Infinity;
  let phase: ForecastPhase | null = null;
  return (event) => {
    const changed = event.phase !== phase;
    phase = event.phase;
    const finished = event.done >= 1;
    const wait = terminal.interactive ? liveEverySeconds : plainEverySeconds;
    if (!changed && !finished && now() - last < wait) return;
    last = now();
    if (terminal.interactive) terminal.redraw(liveLine(event, terminal.errorColumns - 1));
    else terminal.say(plainLine(event));
  };
}

/** Everything in one line, for logs and pipes. */
export function plainLine(event: EpochEvent): string {
  const { epochs, losses, left, rate, step } = partsOf(event);
  return [percent(event.done), `${phaseWords[event.phase]}, ${epochs}`, losses, left, rate, step].join("  ");
}

/** The longest form that fits: on a narrow terminal the bar goes first, then what is least missed; the time left stays. */
export function liveLine(event: EpochEvent, width: number): string {
  const { epochs, losses, left, rate, step } = partsOf(event);
  const phase = `${phaseWords[event.phase]}, ${epochs}`;
  const [done, drawn] = [percent(event.done), bar(event.done, 20)];
  const forms = [
    [drawn, phase, losses, left, rate, step],
    [done, phase, losses, left, rate, step],
    [done, epochs, losses, left, rate, step],
    [done, epochs, losses, left, step],
    [done, epochs, losses, left],
    [done, epochs, left],
    [done, left],
  ].map((parts) => parts.join("  "));
  return forms.find((form) => form.length <= width) ?? done;
}

interface Parts {
  readonly epochs: string;
  readonly losses: string;
  readonly left: string;
  readonly rate: string;
  /** What the optimiser does: learning rate and gradient norm. */
  readonly step: string;
}

function partsOf(event: EpochEvent): Parts {
  const validation = event.valLoss === null ? "" : `  validation ${shown(event.valLoss, 3)}`;
  return {
    epochs: `epoch ${event.epoch}/${event.epochs}`,
    losses: `loss ${shown(event.loss, 3)}${validation}`,
    left: event.done >= 1 ? `done in ${duration(event.seconds)}` : `${duration(event.etaSeconds)} left`,
    rate: `${counted(Math.round(event.windowsPerSecond), "window")}/s`,
    step: `lr ${rateText(event.learningRate)}  grad ${shown(event.gradientNorm, 2)}`,
  };
}

// 0.001 reads better than 1.00e-3, 3e-5 better than 0.00003.
function rateText(rate: number): string {
  return Number(rate.toPrecision(3)).toString();
}

function percent(done: number): string {
  return `${Math.round(100 * Math.max(0, Math.min(1, done)))} %`.padStart(5);
}

function bar(done: number, width: number): string {
  const full = Math.round(width * Math.max(0, Math.min(1, done)));
  return `${"█".repeat(full)}${"░".repeat(width - full)} ${percent(done)}`;
}
