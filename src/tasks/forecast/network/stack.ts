// Recurrent layers on top of each other, in the ways that `--stack` names.

import type { Tensor } from "../../../base/tensor.js";
import type { Tree } from "../../../base/tree.js";
import type { Layer, StatefulLayer } from "../../../nn/layer.js";
import { type BothStates, bidirectional } from "../../../nn/layers/bidirectional.js";
import { dropoutLayer } from "../../../nn/layers/feedforward.js";
import { residual } from "../../../nn/layers/skip.js";
import { add, lastStep, mul } from "../../../ops/index.js";
import type { NetworkSpec, StackName } from "./types.js";

/** Layers by name, as `functional` takes and gives them. */
export type LayerRecord = Readonly<Record<string, Layer | StatefulLayer>>;

/** What is wanted of a stack. */
export interface StackRole {
  /** Its layers are called so, with a number. */
  readonly name: string;
  readonly stack: StackName;
  /** The output of every step, or that of the last one. */
  readonly gives: "steps" | "last";
  /** Whether the states at the end are given too. */
  readonly hasStates: boolean;
}

/** The layers of a stack. */
export function stackLayers(spec: NetworkSpec, role: StackRole): LayerRecord {
  const { cell, units, dropout } = spec;
  const { name, stack, hasStates } = role;
  const layers = units.flatMap((width, index): (readonly [string, Layer | StatefulLayer])[] => {
    const options = {
      units: width,
      returnSequences: givesSteps(role) || index < units.length - 1,
      ...(hasStates ? { returnState: true } : {}),
      ...(stack === "dilated" ? { dilation: 2 ** index } : {}),
    };
    const layer = around(cell.layer(options), { stack, before: units[index - 1] ?? null, width });
    const entry = [`${name}${index + 1}`, layer] as const;
    return dropout > 0 ? [entry, [`${name}Dropout${index + 1}`, dropoutLayer({ rate: dropout })]] : [entry];
  });
  return Object.fromEntries(layers);
}

/** A way around a layer needs all of its steps. */
function givesSteps({ gives, stack }: StackRole): boolean {
  return gives === "steps" || stack === "residual";
}

function around(layer: Layer, of: { readonly stack: StackName; readonly before: number | null; readonly width: number }): Layer {
  if (of.stack === "bidirectional") return bidirectional(layer);
  // The first layer reads columns, not what a layer like it has made of them: there is nothing to pass on.
  if (of.stack === "residual" && of.before !== null) return residual(layer, of.before === of.width ? {} : { projection: true });
  return layer;
}

/** Runs a stack over x [B, T, F]; `initial` holds the states that each layer starts from. */
export function runStack(
  layers: LayerRecord,
  { units, dropout }: NetworkSpec,
  role: StackRole,
  x: Tensor,
  initial: readonly Tree[] | null = null,
): { readonly output: Tensor; readonly states: readonly Tree[] } {
  const states: Tree[] = [];
  let output = x;
  units.forEach((_, index) => {
    const layer = layers[`${role.name}${index + 1}`]!;
    const start = initial?.[index];
    const result: Tensor | { readonly output: Tensor; readonly state: Tree } = layer(
      output,
      start === undefined ? {} : { initialState: start },
    );
    output = "state" in result ? result.output : result;
    if ("state" in result) states.push(result.state);
    if (dropout > 0) output = (layers[`${role.name}Dropout${index + 1}`] as Layer)(output);
  });
  return { output: givesSteps(role) && role.gives === "last" ? lastStep(output) : output, states };
}

/** States of one direction from those of both: their mean. */
export function oneDirection(states: Tree): Tree {
  const { forward, backward } = states as unknown as BothStates;
  return Object.fromEntries(Object.entries(forward).map(([name, value]) => [name, mul(0.5, add(value, backward[name]!))]));
}
