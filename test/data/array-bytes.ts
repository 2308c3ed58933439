// What typed arrays take, counted and not felt: resident memory also holds what is not collected yet.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes of the arrays that are in use. What weak references gave out lives until the turn ends, and buffers are freed beside the program. */
export async function arrayBytes(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    await new Promise(setImmediate);
    collect();
    least = Math.min(least, process.memoryUsage().arrayBuffers);
  }
  return least;
}
