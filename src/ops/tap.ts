// The op that names a value for probing.

import { UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import { currentPlace } from "../ir/core/build.js";
import { seeTap } from "../trace/taps.js";
import { asValue } from "../trace/traced.js";

/**
 * The value itself, under a name that `probe` from deep-rnn/inspect shows it by, with its cotangent. Programs that train and predict
 * are the same to the instruction with and without it. Go on with what it returns: the cotangent is that of the returned value.
 *
 * @throws UsageError `bad_tap`; `not_a_tensor`
 * @example const f = tap("f", sigmoid(matmul(x, p.W)));
 */
export function tap(name: string, x: Tensor): Tensor {
  if (typeof name !== "string" || name === "" || name.includes("/")) {
    throw new UsageError({
      code: "bad_tap",
      op: "tap",
      what: `a tap needs a name without "/", got ${JSON.stringify(name)}`,
      where: currentPlace(),
      hint: 'The layer\'s name is put before it: tap("f", x) in layer lstm-1 is "lstm-1/f".',
    });
  }
  return seeTap(name, asValue(x));
}
