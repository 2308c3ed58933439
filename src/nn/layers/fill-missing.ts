// A layer that takes values with holes and gives values without: what is missing becomes 0 or the last value, and is marked as missing.

import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { cast, equal, where } from "../../ops/pointwise.js";
import { scan } from "../../ops/scan.js";
import { isPacked, packSequence, zerosRows } from "../../ops/sequence.js";
import { concat } from "../../ops/shape.js";
import { dimsOf } from "../../trace/traced.js";
import type { Tensors } from "../cell.js";
import { checkExtras, featureSize, type Layer, type LayerContext, makeLayer } from "../layer.js";
import { checkOptions } from "../options.js";
import { plainOptions } from "./recurrent.js";

/** Options of `fillMissing`. */
export interface FillMissingOptions {
  /** "zero" (default): the mean of standardised inputs. "last": the row's last seen value of the feature, 0 before the first. */
  readonly strategy?: "zero" | "last";
  /** True (default): as many features follow that are 1 where a value was seen and 0 where it was not. */
  readonly indicator?: boolean;
  readonly name?: string;
}

/**
 * NaN becomes a value: [B, T, I] (or [B, I] with "zero") to [B, T, 2I], the second half saying what was seen; with `indicator: false`
 * to [B, T, I]. As the first layer it lets every network take missing values; cells of `withDecay` and `brits` need it not.
 *
 * @throws UsageError `bad_option`
 * @example sequential([fillMissing({ strategy: "last" }), lstm({ units: 32 }), dense({ units: 1 })])
 */
export function fillMissing(options: FillMissingOptions = {}): Layer {
  checkOptions("fillMissing", options, { strategy: "any", indicator: "boolean", name: "text" });
  const { strategy = "zero", indicator = true } = options;
  if (strategy !== "zero" && strategy !== "last")
    throw new UsageError({ code: "bad_option", what: `fillMissing: option strategy must be "zero" or "last", got ${String(strategy)}` });
  return makeLayer({
    config: { kind: "fillMissing", options: plainOptions(options) },
    givenName: options.name ?? null,
    cells: [],
    isRandom: false,
    acceptsMissing: true,
    weights(shape) {
      featureSize("fillMissing", shape);
      return {};
    },
    apply(given, extras, context) {
      checkExtras("fillMissing", extras, []);
      const x = cast(given, "float32");
      const seen = equal(x, x);
      const filled = strategy === "zero" ? where(seen, x, 0) : lastSeen(x, context);
      return indicator ? concat([filled, cast(seen, "float32")]) : filled;
    },
    turned: null,
  });
}

function lastSeen(given: Tensor, { memory }: LayerContext): Tensor {
  const x = isPacked(given) ? given : packSequence(given, null);
  const size = Number(dimsOf(x)[2]);
  const carried = memory?.({ last: size }) ?? null;
  const [state, values] = scan(
    ({ last }: { readonly last: Tensor }, step: Tensor): [{ readonly last: Tensor }, Tensor] => {
      const value = where(equal(step, step), step, last);
      return [{ last: value }, value];
    },
    (carried?.first as { readonly last: Tensor } | undefined) ?? { last: zerosRows(x, [size]) },
    x,
  );
  carried?.keep(state as unknown as Tensors);
  return values;
}
