// Ctrl-C and SIGTERM: the first asks a training to stop cleanly and ends any other command, a second one leaves at once.
import { exitCodes } from "./failure.js";

/** What listens to the two signals while a command runs. */
export interface Interrupt {
  /** Whoever takes it stops by itself when it is aborted; until somebody does, a signal ends the command at once. */
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

/** Starts to listen. `tell` gets one sentence while the command stops by itself; `end` reports and leaves where nobody would stop it. */
export function listenForInterrupt(tell: (sentence: string) => void, end: () => void): Interrupt {
  const controller = new AbortController();
  const cleaners: (() => void)[] = [];
  let code: number | null = null;
  let resume: string | null = null;
  let isTaken = false;
  const clean = (): void => {
    for (const each of cleaners) each();
  };
  const handle = (wanted: number) => (): void => {
    if (code !== null) {
      clean();
      process.exit(wanted);
    }
    code = wanted;
    if (!isTaken) {
      clean();
      end();
      return;
    }
    tell("Stopping after this step; once more to leave at once.");
    controller.abort();
  };
  const onInt = handle(exitCodes.interrupted);
  const onTerm = handle(exitCodes.terminated);
  // Instead of the listeners of the starter, which leave at once.
  process.removeAllListeners("SIGINT").on("SIGINT", onInt);
  process.removeAllListeners("SIGTERM").on("SIGTERM", onTerm);
  return {
    get signal() {
      isTaken = true;
      return controller.signal;
    },
    exitCode: () => code,
    onLeave: (each) => {
      cleaners.push(each);
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
