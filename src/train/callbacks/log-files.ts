// Logs that go on with a training: what was written after its checkpoint is cut off when it resumes.

import { UsageError } from "../../base/errors.js";
import type { Stored } from "../../base/stored.js";
import { isRecord } from "../../base/tree.js";
import type { LogFile } from "../../io/log-file.js";
import type { Callback, TrainEvent } from "../types.js";

/** What one kind of log writes. */
export interface LogWriter {
  readonly name: string;
  /** The file of a training that begins. */
  path(): string;
  /** What a new file begins with, from the first logs; "" for nothing. */
  begin(event: TrainEvent): Entry | Promise<Entry>;
  /** After an epoch. */
  epoch(event: TrainEvent): Entry | Promise<Entry>;
  /** After a step; null for nothing. */
  batch(event: TrainEvent): Entry | Promise<Entry> | null;
}

type Entry = string | Uint8Array;

/** A callback that writes such a log. */
export function logCallback(writer: LogWriter): Callback {
  let file: LogFile | null = null;
  let place: { readonly path: string; readonly size: number } = { path: "", size: 0 };
  const append = async (event: TrainEvent, made: Entry | Promise<Entry> | null): Promise<void> => {
    if (made === null) return;
    const data = await made;
    const { openLog } = await import("#node/io/log-file");
    file ??= await openLog(place.path, place.size);
    if (file.size === 0) await file.append(await writer.begin(event));
    await file.append(data);
  };
  return {
    name: writer.name,
    onTrainStart() {
      file = null;
      place = { path: writer.path(), size: 0 };
    },
    onBatchEnd: (event) => append(event, writer.batch(event)),
    onEpochEnd: (event) => append(event, writer.epoch(event)),
    async onTrainEnd() {
      await file?.close();
      file = null;
    },
    state: (): Stored => ({ path: place.path, size: file?.size ?? place.size }),
    restore(state) {
      if (isRecord(state) && typeof state.path === "string" && typeof state.size === "number")
        place = { path: state.path, size: state.size };
    },
  };
}

/** Throws UsageError `bad_path` for what plain JavaScript may pass. */
export function checkPath(op: string, path: unknown): string {
  if (typeof path === "string" && path !== "") return path;
  throw new UsageError({ code: "bad_path", op, what: "the path must be a text that is not empty" });
}
