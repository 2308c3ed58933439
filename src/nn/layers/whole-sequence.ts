// The refusal of layers that need more of a sequence than the steps that have been.

import { UsageError } from "../../base/errors.js";
import { currentPlace } from "../../ir/core/build.js";
import type { LayerContext } from "../layer.js";

/** Why pooling and attention refuse to run step by step. */
export const seesManySteps = "it looks at several steps of the sequence at once";

/** Why layers of two directions refuse. */
export const startsAtEnd = "one direction starts at the end of the sequence";

/** Throws UsageError `cannot_stream` while a sequence is run step by step. */
export function refuseStream(kind: string, { memory }: LayerContext, why: string): void {
  if (memory === null) return;
  throw new UsageError({
    code: "cannot_stream",
    op: kind,
    what: `${why}, so it cannot run step by step`,
    where: currentPlace(),
    hint: "A stream needs layers that look back only.",
  });
}
