// Rows of the ops that start a computation: inputs, constants, sizes, counting, random draws, and the structural scan and part.

import { equalDims, evaluateDim, showShape } from "../../base/dim.js";
import { elementCount } from "../../base/dtype.js";
import { UsageError } from "../../base/errors.js";
import { keyAt, uniformAt } from "../../base/random.js";
import { makeNode } from "./build.js";
import { alignRank } from "./builders.js";
import { broadcastShape, inputAt, misfit, requireDtype } from "./checks.js";
import type { OpName, ValueType } from "./node.js";
import type { ConcreteType, Kernel, PrimitiveTable } from "./primitive.js";
import { planBroadcast } from "./strides.js";
import { alignedTo, ownRank } from "./vectorising.js";

const source = { arity: 0, vjp: null, vectorise: null, pointwise: false, test: null } as const;

/** Rows of `input`, `part`, `scan`, `constant`, `sizeOf`, `iota`, `random`. */
export const sourceOps: Pick<PrimitiveTable, "input" | "part" | "scan" | "constant" | "sizeOf" | "iota" | "random"> = {
  input: {
    ...source,
    doc: "An argument of the graph, or an index table of a time domain.",
    type: () => structural("input", "inputNode or domainTable"),
    kernel: null,
    special: "as fed",
  },
  part: {
    ...source,
    doc: "One result of a scan.",
    arity: 1,
    type: () => structural("part", "makeScan"),
    kernel: null,
    special: "passes every value on",
  },
  scan: {
    ...source,
    doc: "A step traced for one row, repeated over the steps of a time domain.",
    arity: -1,
    type: () => structural("scan", "makeScan"),
    kernel: null,
    special: "as its body; steps that do not exist contribute nothing",
  },
  constant: {
    ...source,
    doc: "Row-major values of a static shape.",
    type: (_, { data, shape, dtype }) => {
      if (data.length === elementCount(shape)) return { shape, dtype };
      throw misfit("constant", "element_count", `${data.length} values do not fill the shape ${showShape(shape)}`);
    },
    kernel:
      (_, { data }) =>
      (_inputs, out) =>
        out.set(data),
    special: "every value is kept, NaN and -0 too",
  },
  sizeOf: {
    ...source,
    doc: "The run-time value of a size, an int32 scalar.",
    type: () => ({ shape: [], dtype: "int32" }),
    kernel: (_, { dim }, { sizes }) => {
      const value = evaluateDim(dim, sizes);
      return (_inputs, out) => out.fill(value);
    },
    special: "an integer: no special values",
  },
  iota: {
    ...source,
    doc: "0, 1, 2 … as int32 [size].",
    type: (_, { size }) => ({ shape: [size], dtype: "int32" }),
    kernel: () => (_inputs, out) => {
      for (let i = 0; i < out.length; i++) out[i] = i;
    },
    special: "integers: no special values",
  },
  random: {
    ...source,
    doc: "Philox draws: uniform in [0, 1) with 24 bits, or derived keys; a pure function of key and counter.",
    arity: 2,
    type: (inputs, { kind }) => {
      const shape = broadcastShape("random", keyAndCounter(inputs));
      return kind === "uniform" ? { shape, dtype: "float32" } : { shape: [...shape, 2], dtype: "int32" };
    },
    kernel: ([key, counter], { kind }, { out }) => randomKernel(key!, counter!, out, kind),
    vectorise: ([key, counter], node) => {
      const rank = Math.max(ownRank(key!) - 1, ownRank(counter!));
      const keys = key!.varies ? alignRank(key!.node, rank + 2, 1) : key!.node;
      return makeNode("random", [keys, alignedTo(counter!, rank)], node.attrs, node.where);
    },
    special: "integers in, finite values out; never 1",
  },
};

function structural(op: OpName, maker: string): never {
  throw new UsageError({ code: "structural_node", op, what: `nodes of this kind are made by ${maker}` });
}

/** Types whose shapes broadcast: the key's leading axes against the counter's. */
function keyAndCounter(inputs: readonly ValueType[]): readonly ValueType[] {
  const key = inputAt("random", inputs, 0);
  const counter = inputAt("random", inputs, 1);
  requireDtype("random", key, ["int32"]);
  requireDtype("random", counter, ["int32"]);
  if (!equalDims(key.shape.at(-1) ?? 0, 2)) {
    throw misfit(
      "random",
      "not_a_key",
      `the key is ${showShape(key.shape)}, but a key ends with an axis of 2 words`,
      "Make keys with randomKey.",
    );
  }
  return [{ shape: key.shape.slice(0, -1), dtype: "int32" }, counter];
}

function randomKernel(key: ConcreteType, counter: ConcreteType, out: ConcreteType, kind: "uniform" | "key"): Kernel {
  const drawn = kind === "uniform" ? out.shape : out.shape.slice(0, -1);
  const { outer, inner, offsets, steps } = planBroadcast(drawn, [key.shape.slice(0, -1), counter.shape]);
  return ([keys, counters], values) => {
    for (let run = 0; run < outer; run++) {
      for (let i = 0; i < inner; i++) {
        const k = 2 * (offsets[0]![run]! + i * steps[0]!);
        const c = counters![offsets[1]![run]! + i * steps[1]!]!;
        const at = run * inner + i;
        if (kind === "uniform") values[at] = uniformAt(keys![k]!, keys![k + 1]!, c);
        else [values[2 * at], values[2 * at + 1]] = keyAt(keys![k]!, keys![k + 1]!, c);
      }
    }
  };
}
