// A file that grows line by line and can be cut back to where a checkpoint saw it.

import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { cannotWrite } from "./folder-node.js";
import type { LogFile } from "./log-file.js";

/**
 * Opens a log with its first `size` bytes kept, or as much of them as there is: 0 begins anew.
 *
 * @throws RunError `write_failed`
 */
export async function openLog(path: string, size: number): Promise<LogFile> {
  const attempt = async <R>(work: () => Promise<R>): Promise<R> => {
    try {
      return await work();
    } catch (error) {
      throw cannotWrite(path, error);
    }
  };
  let at = 0;
  const file = await attempt(async (): Promise<FileHandle> => {
    await mkdir(dirname(path), { recursive: true });
    const opened = await open(path, existsSync(path) ? "r+" : "w");
    at = Math.min(size, (await opened.stat()).size);
    await opened.truncate(at);
    return opened;
  });
  return {
    get size() {
      return at;
    },
    append: (data) =>
      attempt(async () => {
        const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
        for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
        at += bytes.length;
      }),
    close: () => file.close(),
  };
}
