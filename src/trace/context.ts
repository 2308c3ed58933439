// What is being traced at the moment: the stack of traces, their domains, and whether a step is being traced for one row.

import { type Dim, equalDims, isSymbolic, showDim, symbolDim } from "../base/dim.js";
import { UsageError } from "../base/errors.js";
import { HostTensor, hostTensor, type Tensor } from "../base/tensor.js";
import { inputNode } from "../ir/core/build.js";
import { windowsIn } from "../ir/core/domain.js";
import { type Domain, isOp, type Node, type Windows } from "../ir/core/node.js";
import { asValue } from "./traced.js";

/** One function being traced. */
export interface Trace {
  /** Inputs that hold values met while tracing (lengths given as host tensors). */
  readonly captured: Map<Node<"input">, HostTensor>;
  /** The captured input of each such tensor. */
  readonly sources: Map<HostTensor, Node<"input">>;
  readonly domains: Map<string, Domain>;
}

const traces: Trace[] = [];
let stepDepth = 0;

/** True while some function is traced. */
export function isTracing(): boolean {
  return traces.length > 0;
}

/** True while a scan's step, or another function of one row, is traced. */
export function isInStep(): boolean {
  return stepDepth > 0;
}

/** Runs `inside` as a new trace. */
export function withTrace<R>(inside: (trace: Trace) => R): R {
  const outerStepDepth = stepDepth;
  const trace: Trace = { captured: new Map(), sources: new Map(), domains: new Map() };
  traces.push(trace);
  stepDepth = 0;
  try {
    return inside(trace);
  } finally {
    traces.pop();
    stepDepth = outerStepDepth;
  }
}

/** Runs `inside` as the step of one row. */
export function withStep<R>(inside: () => R): R {
  stepDepth += 1;
  try {
    return inside();
  } finally {
    stepDepth -= 1;
  }
}

/** The time domain of [batch, time, ...] with these lengths; equal ones are shared, so their values can meet. */
export function domainFor(batch: Dim, time: Dim, lengths: Tensor | null): Domain {
  const trace = traces.at(-1);
  if (trace === undefined) throw new UsageError({ code: "no_trace", what: "a packed sequence exists only while a function is traced" });
  const lengthsNode = lengths === null ? null : lengthsInput(lengths, trace);
  const key = `${showDim(batch)} ${showDim(time)} ${lengthsNode?.id ?? "all"}`;
  const known = trace.domains.get(key);
  if (known !== undefined) return known;
  const name = `d${trace.domains.size}`;
  const domain: Domain = { name, batch, time, steps: symbolDim(`N.${name}`), lengths: lengthsNode };
  trace.domains.set(key, domain);
  return domain;
}

/** The domain whose steps are windows over those of `domain`; equal ones are shared. */
export function windowDomain(domain: Domain, windows: Windows): Domain {
  const trace = traces.at(-1);
  if (windows.size === 1 && windows.stride === 1) return domain;
  if (trace === undefined) throw new UsageError({ code: "no_trace", what: "a packed sequence exists only while a function is traced" });
  const key = `${domain.name} ${windows.size}/${windows.stride}`;
  const known = trace.domains.get(key);
  if (known !== undefined) return known;
  const name = `d${trace.domains.size}`;
  const time = typeof domain.time === "number" ? windowsIn(domain.time, [windows]) : symbolDim(`T.${name}`);
  const over = { time: domain.over?.time ?? domain.time, windows: [...(domain.over?.windows ?? []), windows] };
  const { batch, lengths } = domain;
  const made: Domain = { name, batch, time, steps: symbolDim(`N.${name}`), lengths, over };
  trace.domains.set(key, made);
  return made;
}

/** The domain of windows that this size is the time of; null for any other size. */
export function windowDomainOf(time: Dim): Domain | null {
  const known = [...(traces.at(-1)?.domains.values() ?? [])];
  return known.find((domain) => domain.over !== undefined && isSymbolic(time) && equalDims(domain.time, time)) ?? null;
}

function lengthsInput(lengths: Tensor, trace: Trace): Node<"input"> {
  const value = asValue(lengths);
  if (value instanceof HostTensor) return capturedLengths(value, trace);
  if (isOp(value.node, "input") && value.node.shape.length === 1) return value.node;
  throw new UsageError({
    code: "lengths_computed",
    what: "lengths must be an argument of the traced function, or a tensor with values; here they are computed inside it",
    hint: "Compute them outside and pass them in.",
    phase: "trace",
  });
}

function capturedLengths(lengths: HostTensor, trace: Trace): Node<"input"> {
  const known = trace.sources.get(lengths);
  if (known !== undefined) return known;
  const node = inputNode(`lengths${trace.captured.size}`, { shape: lengths.shape, dtype: "int32" });
  trace.sources.set(lengths, node);
  trace.captured.set(node, hostTensor(Int32Array.from(lengths.data), lengths.shape, "int32"));
  return node;
}
