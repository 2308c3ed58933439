// The program of a stream: one section that takes a step, its states resident.

import { elementCount, type HostArray } from "../base/dtype.js";
import type { Tensor } from "../base/tensor.js";
import { isRecord } from "../base/tree.js";
import type { ArgumentSpec, SectionSource } from "../engine/program.js";
import { traceFunction } from "../trace/function.js";
import { isTensor } from "../trace/traced.js";
import { isSequence } from "./dataset.js";
import type { ProgramContext } from "./programs.js";
import { argumentName, placeholder, type StepState, traceStep } from "./stream-step.js";
import { nested, weightSpecs } from "./weights.js";

/** The vector that holds the states of a stream. */
export const stateVector = "state";

/** A state's place in the vector, [B, size] from `offset` on. */
export interface PlacedState extends StepState {
  readonly offset: number;
}

/** An input or output of a step. */
export interface StepPort {
  readonly name: string;
  /** The name's parts, as in ["head", "x"]. */
  readonly path: readonly string[];
  /** Without the batch and time axes. */
  readonly sizes: readonly number[];
  readonly dtype: HostArray["dtype"];
  /** True if NaN means a missing value. */
  readonly mayMiss: boolean;
  /** True of the time since the step before. */
  readonly isGap: boolean;
}

/** What a stream of `batch` rows is made of. */
export interface StreamPlan {
  readonly batch: number;
  readonly inputs: readonly StepPort[];
  readonly outputs: readonly StepPort[];
  readonly states: readonly PlacedState[];
  /** Elements of the vector of states. */
  readonly stateSize: number;
}

// As in the vectors of weights: vector loads do not straddle cache lines.
const alignment = 16;

/**
 * Finds the states by tracing a step once.
 *
 * @throws UsageError `cannot_stream`
 */
export function planStream(context: ProgramContext, batch: number): StreamPlan {
  const inputs = [...context.ports.inputs].map(
    ([name, type]): StepPort => ({
      name,
      path: name.split("/"),
      sizes: type.shape.slice(isSequence(type) ? 1 : 0).map(Number),
      dtype: type.dtype,
      mayMiss: context.built.missingInputs.has(name),
      isGap: context.built.gapInputs.has(name),
    }),
  );
  const { places } = context.layout;
  const leaves = [
    ...inputs.map(({ name, sizes, dtype }) => ({ name, shape: [batch, ...sizes], dtype })),
    ...places.map(({ info }) => ({ name: info.path, shape: info.shape, dtype: "float32" as const })),
  ];
  const { next } = traceFunction("stream", leaves, (tensors) => {
    const given = Object.fromEntries(inputs.map(({ name }, index) => [argumentName(name), tensors[index]!]));
    const weights = nested(places.map(({ info }, index): [string, Tensor] => [info.path, tensors[inputs.length + index]!]));
    const start = (state: StepState): Tensor => placeholder(batch, state);
    return { outputs: [], extra: traceStep(context, { batch, weights, inputs: given, start }) };
  }).extra;
  let stateSize = 0;
  const states = next.map(({ layer, name, size }): PlacedState => {
    const offset = stateSize;
    stateSize += Math.ceil((batch * size) / alignment) * alignment;
    return { layer, name, size, offset };
  });
  const outputs = [...context.ports.outputs].map(
    ([name, { sequence, shape }]): StepPort => ({
      name,
      path: name.split("/"),
      sizes: shape.slice(sequence ? 1 : 0).map(Number),
      dtype: "float32",
      mayMiss: false,
      isGap: false,
    }),
  );
  return { batch, inputs, outputs, states, stateSize: Math.max(stateSize, alignment) };
}

/** The section `step`: inputs in, outputs out, both in the plan's order; states are read and written in their vector. */
export function streamSections(context: ProgramContext, plan: StreamPlan): SectionSource[] {
  const { batch, states } = plan;
  const stateSpecs = states.map(
    ({ size, offset }): ArgumentSpec => ({ shape: [batch, size], dtype: "float32", resident: { vector: stateVector, offset } }),
  );
  const inputSpecs = Object.fromEntries(
    plan.inputs.map(({ name, sizes, dtype }): [string, ArgumentSpec] => [argumentName(name), { shape: [batch, ...sizes], dtype }]),
  );
  return [
    {
      name: "step",
      arguments: { weights: weightSpecs(context.layout, "weights"), states: stateSpecs, x: inputSpecs },
      body(args) {
        const { weights, states: given, x } = args;
        if (weights === undefined || !isRecord(x) || isTensor(x) || !Array.isArray(given)) throw new TypeError("expected trees of tensors");
        const inputs: Readonly<Record<string, Tensor>> = x as Readonly<Record<string, Tensor>>;
        let asked = 0;
        const start = (): Tensor => given[asked++] as Tensor;
        const { outputs, next } = traceStep(context, { batch, weights, inputs, start });
        return {
          fed: { outputs: plan.outputs.map(({ name }) => outputs.get(name)!) },
          resident: next.map(({ value }, index) => ({ vector: stateVector, offset: states[index]!.offset, value })),
        };
      },
    },
  ];
}

/** Elements of a port in all rows. */
export function portLength(batch: number, { sizes }: StepPort): number {
  return batch * elementCount(sizes);
}
