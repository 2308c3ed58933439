// Ctrl-C and SIGTERM: the first asks the run to stop cleanly, a second one leaves at once.
import { exitCodes } from "./failure.js";

/** What listens to the two signals while a command runs. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code that the signal asks for; null if there was none. */
  exitCode(): number | null;
  /** Runs when the process leaves at once; for removing what is half written. Synchronous. */
  onLeave(clean: () => void): void;
  /** From now on a stop leaves a run that this command goes on with. */
  canResume(command: string): void;
  /** That command; null if there is nothing to go on with. */
  resumeCommand(): string | null;
  close(): void;
}

/** Starts to listen. `tell` gets one sentence when a signal comes. */
export function listenForInterrupt(tell: (sentence: string) => void): Interrupt {
  const controller = new AbortController();
  const cleaners: (() => void)[] = [];
  let code: number | null = null;
  let resume: string | null = null;
  const handle = (wanted: number) => (): void => {
    if (code !== null) {
      for (const clean of cleaners) clean();
      process.exit(wanted);
    }
    code = wanted;
    tell("Stopping after this step; once more to leave at once.");
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
    canResume: (command) => {
      resume = command;
    },
    resumeCommand: () => resume,
    close: () => {
      process.off("SIGINT", onInt);
      process.off("SIGTERM", onTerm);
    },
  };
}
