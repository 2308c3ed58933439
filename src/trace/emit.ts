// One primitive on any tensors: a node while tracing, a value at once otherwise.

import { UsageError } from "../base/errors.js";
import { HostTensor, hostTensor } from "../base/tensor.js";
import { constantNode, currentPlace, makeNode } from "../ir/core/build.js";
import { evaluateOp, exactValue } from "../ir/core/interpret.js";
import type { Domain, Node, OpAttributes, OpName } from "../ir/core/node.js";
import { isTracing } from "./context.js";
import { TracedTensor, type Value } from "./traced.js";

const constants = new WeakMap<HostTensor, Node>();

/** The node of a value; host tensors become constants, once each. */
export function nodeOf(value: Value): Node {
  if (value instanceof TracedTensor) return value.node;
  const known = constants.get(value);
  if (known !== undefined) return known;
  const { data, shape, dtype } = exactValue({ data: value.exact, shape: value.shape, dtype: value.dtype });
  const node = constantNode(data, shape, dtype);
  constants.set(value, node);
  return node;
}

/** Applies a primitive to physical values (packed sequences as their [N, ...] nodes); the result lies in `domain`. */
export function emit<K extends OpName>(op: K, inputs: readonly Value[], attrs: OpAttributes[K], domain: Domain | null = null): Value {
  const hosts = inputs.filter((input) => input instanceof HostTensor);
  if (hosts.length < inputs.length || hasRunTimeSize(attrs)) {
    if (!isTracing()) throw afterTrace();
    const nodes = inputs.map(nodeOf);
    if (domain !== null && nodes.some((node) => node.scope > 0)) throw sequenceInStep();
    return new TracedTensor(makeNode(op, nodes, attrs), domain);
  }
  const exact = hosts.map((host) => exactValue({ data: host.exact, shape: host.shape, dtype: host.dtype }));
  const result = evaluateOp(op, attrs, exact, currentPlace());
  return hostTensor(result.data, result.shape, result.dtype);
}

/** Ops without inputs belong to the trace if their size is symbolic. */
function hasRunTimeSize(attrs: OpAttributes[OpName]): boolean {
  if (attrs === null) return false;
  const isExpression = (value: unknown): boolean => typeof value === "object" && value !== null && "key" in value;
  return Object.values(attrs).some((value: unknown) => isExpression(value) || (Array.isArray(value) && value.some(isExpression)));
}

/** What the use of a traced tensor outside every trace runs into. */
export function afterTrace(): UsageError {
  return new UsageError({
    code: "escaped_tensor",
    what: "a traced tensor is used after its trace ended",
    hint: "Return it from the traced function.",
  });
}

function sequenceInStep(): UsageError {
  return new UsageError({
    code: "sequence_in_step",
    what: "a step works on one row, but a whole batch of sequences is used inside it",
    hint: "Pass it through xs (one step at a time) or row (whole, for this row).",
    where: currentPlace(),
    phase: "trace",
  });
}
