// Shows how far training is: one living line on a TTY, a plain line every few seconds elsewhere, nothing under --quiet.
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
    else terminal.say(`${percent(event.done)}  ${line(event)}`);
  };
}

// The time left must stay visible: on a narrow terminal the bar goes first, then the losses.
function liveLine(event: EpochEvent, width: number): string {
  const forms = [
    `${bar(event.done, 20)} ${line(event)}`,
    `${percent(event.done)}  ${line(event)}`,
    `${percent(event.done)}  epoch ${event.epoch}/${event.epochs}  ${left(event)}`,
  ];
  return forms.find((form) => form.length <= width) ?? forms.at(-1) ?? "";
}

function left(event: EpochEvent): string {
  return event.done >= 1 ? `done in ${duration(event.seconds)}` : `${duration(event.etaSeconds)} left`;
}

function line(event: EpochEvent): string {
  const validation = event.valLoss === null ? "" : `  validation ${shown(event.valLoss, 3)}`;
  return `${phaseWords[event.phase]}, epoch ${event.epoch}/${event.epochs}  loss ${shown(event.loss, 3)}${validation}  ${left(event)}`;
}

function percent(done: number): string {
  return `${Math.round(100 * Math.max(0, Math.min(1, done)))} %`.padStart(5);
}

function bar(done: number, width: number): string {
  const full = Math.round(width * Math.max(0, Math.min(1, done)));
  return "█".repeat(full) + "░".repeat(width - full) + percent(done);
}
