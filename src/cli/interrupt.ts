// Ctrl-C and SIGTERM: the first asks the run to stop cleanly, a second one leaves at once.
import { exitCodes } from "./failure.js";

/** What listens to the two signals while a command runs. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code that the signal asks for; null if there was none. */
  exitCode(): number | null;
  /** Runs when the process leaves at once; for removing what is half written. Synchronous. */
  onLeave(clean: () => void): void;
  close(): void;
}

/** Starts to listen. `tell` gets one sentence when a signal comes. */
export function listenForInterrupt(tell: (sentence: string) => void): Interrupt {
  const controller = new AbortController();
  const cleaners: (() => void)[] = [];
  let code: number | null = null;
  const handle = (wanted: number) => (): void => {
    if (code !== null) {
      for (const clean of cleaners) clean();
      process.exit(wanted);
    }
    code = wanted;
    tell("Stopping after this epoch; once more to leave at once.");
    controller.abort();
  };
  const onInt = handle(exitCodes.interrupted);
  const onTerm = handle(exitCodes.terminated);
  // Instead of the listeners of the starter, which leave at once.
  process.removeAllListeners("SIGINT").on("SIGINT", onInt);
  process.removeAllListeners("SIGTERM").on("SIGTERM", onTerm);
  return {
    signal: controller.signal,
    exitCode: () => code,
    onLeave: (clean) => {
      cleaners.push(clean);
    },
    close: () => {
      process.off("SIGINT", onInt);
      process.off("SIGTERM", onTerm);
    },
  };
}
