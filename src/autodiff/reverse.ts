// Reverse-mode differentiation: gradients are nodes of the same dialect, so they can be differentiated again.

import type { Node } from "../ir/core/node.js";
import { scanAdjoint } from "./scan-adjoint.js";
import { walkBack } from "./walk.js";

/** Outputs and `wrt` over scans brought into the form that differentiates best (see passes/prepare.ts). */
export type Prepare = (
  outputs: readonly Node[],
  wrt: readonly Node[],
) => { readonly outputs: readonly Node[]; readonly wrt: readonly Node[] };

/**
 * Cotangents of `wrt`, given the cotangents of the outputs; null where an output does not depend on the node or nothing flows
 * (integers, bools, `stop`). Works inside a body, and on results of an earlier `reverse`.
 *
 * @param prepare  rewrites the forward graph first: what leaves a scan there is differentiated as plain batched ops.
 * @example const [dx] = reverse([loss], [scalarNode(1)], [x]);
 */
export function reverse(
  outputs: readonly Node[],
  cotangents: readonly (Node | null)[],
  wrt: readonly Node[],
  prepare: Prepare = (given, targets) => ({ outputs: given, wrt: targets }),
): (Node | null)[] {
  const ready = prepare(outputs, wrt);
  return walkBack(ready.outputs, cotangents, ready.wrt, scanAdjoint);
}
