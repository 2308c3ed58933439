// What both cores say and check about blocks of memory.
import { RunError, UsageError } from "../../base/errors.js";

/** @returns the error for memory that could not be had */
export function outOfMemory(core: string, bytes: number, detail = ""): RunError {
  return new RunError({
    code: "out_of_memory",
    op: "allocate",
    what: `${describeBytes(bytes)} could not be had in the ${core} core${detail === "" ? "" : ` (${detail})`}`,
    hint: "Try a smaller batch, shorter sequences or fewer units.",
  });
}

/** @returns the error for a view of a block that was given back, or that belongs to another core */
export function blockGone(core: string): UsageError {
  return new UsageError({ code: "block_freed", what: `this block was freed, or is not the ${core} core's` });
}

/** Sizes that no memory could hold: negative, fractional, NaN, beyond exact integers. */
export function isSize(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 0;
}

function describeBytes(bytes: number): string {
  if (!isSize(bytes)) return `${bytes} bytes`;
  const mebibytes = bytes / 1048576;
  return mebibytes < 1 ? `${bytes} bytes` : `${mebibytes.toFixed(1)} MiB (${bytes} bytes)`;
}
