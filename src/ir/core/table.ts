// The table of primitives: one row per op, from which every generator and every law reads.

import { affineOps } from "./ops-affine.js";
import { binaryOps } from "./ops-binary.js";
import { dotOps } from "./ops-dot.js";
import { indexOps } from "./ops-index.js";
import { movementOps } from "./ops-movement.js";
import { reduceOps } from "./ops-reduce.js";
import { sourceOps } from "./ops-source.js";
import { unaryOps } from "./ops-unary.js";
import type { PrimitiveTable } from "./primitive.js";

/** All primitives of the core dialect. */
export const primitives: PrimitiveTable = {
  ...sourceOps,
  ...unaryOps,
  ...binaryOps,
  ...movementOps,
  ...reduceOps,
  ...dotOps,
  ...indexOps,
  ...affineOps,
};
