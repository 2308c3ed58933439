// States of a stream from outside: every layer and state by name, in its shape, before any of them is set.

import { elementCount } from "../base/dtype.js";
import { ShapeError, UsageError } from "../base/errors.js";
import { HostTensor } from "../base/tensor.js";
import { isRecord } from "../base/tree.js";
import { isTensor } from "../trace/traced.js";
import { type Flat, flatNested } from "./nested.js";
import type { PlacedState, StreamPlan } from "./stream-program.js";

/**
 * Values of all states of the stream, from tensors or nested arrays.
 *
 * @throws UsageError `stream_state`; ShapeError `stream_state`
 */
export function readState(tree: unknown, { states, batch }: StreamPlan): readonly (readonly [PlacedState, ArrayLike<number>])[] {
  const layers = [...new Set(states.map(({ layer }) => layer))];
  const byLayer = record(tree, "state");
  checkNames("state", Object.keys(byLayer), layers);
  for (const layer of layers) {
    const wanted = states.filter((state) => state.layer === layer).map(({ name }) => name);
    checkNames(`state.${layer}`, Object.keys(record(byLayer[layer], `state.${layer}`)), wanted);
  }
  return states.map((state) => {
    const label = `state.${state.layer}.${state.name}`;
    const value = record(byLayer[state.layer], `state.${state.layer}`)[state.name];
    const { data, shape } = flatOf(value, label, [batch, state.size]);
    if (shape.join() === `${batch},${state.size}`) return [state, data];
    throw new ShapeError({
      code: "stream_state",
      op: "stream",
      what: `${label} is [${shape.join(", ")}], this stream needs [${batch}, ${state.size}]`,
      hint: "A state fits streams of the same model with the same batch.",
    });
  });
}

/** Typed arrays are flat: only their number of elements counts. */
function flatOf(value: unknown, label: string, wanted: readonly number[]): Flat {
  if (value instanceof HostTensor) return { data: value.exact, shape: value.shape };
  if (!(value instanceof Float32Array || value instanceof Float64Array)) return flatNested(value, label);
  return { data: value, shape: value.length === elementCount(wanted) ? wanted : [value.length] };
}

function record(value: unknown, label: string): { readonly [name: string]: unknown } {
  if (isRecord(value) && !isTensor(value)) return value;
  throw new UsageError({
    code: "stream_state",
    op: "stream",
    what: `${label} is not a record`,
    hint: "Use what another stream of this model gave as its state.",
  });
}

function checkNames(label: string, given: readonly string[], wanted: readonly string[]): void {
  const extra = given.find((name) => !wanted.includes(name));
  const missing = wanted.find((name) => !given.includes(name));
  if (extra === undefined && missing === undefined) return;
  const what = extra !== undefined ? `${label} has "${extra}"` : `${label} lacks "${missing}"`;
  throw new UsageError({
    code: "stream_state",
    op: "stream",
    what: `${what}; this stream has ${wanted.length === 0 ? "no states" : wanted.join(", ")}`,
  });
}
