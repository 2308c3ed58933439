// What the tasks without a progress line of their own say while they run, and what of it is kept for log.txt and metrics.jsonl.
import type { BegunRun } from "./begun-run.js";
import type { Context } from "./context.js";
import { backendLine } from "./context.js";
import type { BackendInfo } from "./envelope.js";
import type { EpochFacts } from "./run-record.js";
import { metricsWriter } from "./run-record.js";

/** Reports that these tasks have in common. */
export type TaskEvent =
  | { readonly kind: "found"; readonly lines: readonly string[] }
  | { readonly kind: "warning"; readonly code: string; readonly message: string }
  | (EpochFacts & { readonly kind: "epoch"; readonly epochs: number });

/** What was said and trained so far. */
export interface Heard {
  readonly log: string[];
  readonly epochs: EpochFacts[];
  readonly onEvent: (event: TaskEvent) => void;
}

/** @param words  an epoch in a line */
export function listen(
  { terminal }: Context,
  { begun, backend, words }: { readonly begun: BegunRun; readonly backend: BackendInfo; words(epoch: EpochFacts): string },
): Heard {
  const log: string[] = [];
  const epochs: EpochFacts[] = [];
  const write = metricsWriter(() => begun.run);
  const say = (line: string): void => {
    log.push(line);
    terminal.say(line);
  };
  return {
    log,
    epochs,
    onEvent(event) {
      if (event.kind === "found") for (const line of [...event.lines, backendLine(backend)]) say(line);
      if (event.kind === "warning") {
        log.push(`Warning: ${event.message}`);
        terminal.warn(event.message);
      }
      if (event.kind !== "epoch") return;
      epochs.push(event);
      write(event);
      say(`epoch ${event.epoch}/${event.epochs}  ${words(event)}`);
    },
  };
}
