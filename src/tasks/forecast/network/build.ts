// Models from specifications: the plain network, one network of any strategy, or several as one.

import type { Tensor } from "../../../base/tensor.js";
import type { Tree } from "../../../base/tree.js";
import { dense, dropoutLayer } from "../../../nn/layers/feedforward.js";
import { functional, type Model, sequential } from "../../../train/index.js";
import { weightCount } from "../../weight-count.js";
import { inputShapes } from "./feed.js";
import type { LayerRecord } from "./stack.js";
import { type NetworkSpec, noChannels } from "./types.js";
import { type FedTensors, wiringOf } from "./wiring.js";

/** The network that models of all versions can hold: [B, T, 1] to [B, H], nothing else. */
export function isPlain({ strategy, distribution, stack, ensemble, linear, channels }: NetworkSpec): boolean {
  const isPointwise = strategy === "direct" && distribution === "none" && stack === "plain" && ensemble === 1 && !linear;
  return isPointwise && JSON.stringify(channels) === JSON.stringify(noChannels);
}

/** One member of a network, whatever its ensemble; `member` counts from 0 and moves the seed. */
export function buildMember(spec: NetworkSpec, member = 0): Model {
  const seed = spec.seed + member;
  if (isPlain(spec)) return plainModel(spec, seed);
  const { layers, run } = wiringOf(spec);
  const model = functional(layers, (l, fed: FedTensors): Tensor => run(l, fed));
  model.build(inputShapes(spec), { seed });
  return model;
}

/** Members as one model, with an output for each. */
export function assemble(spec: NetworkSpec, members: readonly Model[]): Model<Record<string, Tensor>> {
  const { layers, run } = wiringOf(spec);
  const names = members.map((_, index) => memberName(index));
  const all = Object.fromEntries(names.flatMap((name) => Object.entries(layers).map(([layer, made]) => [`${name}-${layer}`, made])));
  const model = functional(all, (l, fed: FedTensors) => {
    const own = (name: string): LayerRecord => Object.fromEntries(Object.keys(layers).map((layer) => [layer, l[`${name}-${layer}`]!]));
    return Object.fromEntries(names.map((name): [string, Tensor] => [name, run(own(name), fed)]));
  });
  model.build(inputShapes(spec));
  model.weights = Object.fromEntries(
    members.flatMap(({ weights }, index) => Object.entries(weights).map(([layer, own]) => [`${names[index]}-${layer}`, own])),
  );
  return model;
}

/** The members of an assembled model, as models of their own. */
export function takeApart(spec: NetworkSpec, model: Pick<Model<unknown>, "weights">): Model[] {
  return Array.from({ length: spec.ensemble }, (_, index) => {
    const start = `${memberName(index)}-`;
    const own = Object.entries(model.weights).filter(([layer]) => layer.startsWith(start));
    const single = buildMember(spec, index);
    single.weights = Object.fromEntries(own.map(([layer, weights]): [string, Tree] => [layer.slice(start.length), weights]));
    return single;
  });
}

/** Parameters of all members. */
export function countParameters(spec: NetworkSpec): number {
  return spec.ensemble * weightCount(buildMember(spec).weights);
}

function memberName(index: number): string {
  return `member${index + 1}`;
}

/** Layers, dropout between them, and an output that starts at zero. */
function plainModel(spec: NetworkSpec, seed: number): Model {
  const { cell, units, horizon, dropout } = spec;
  const layers = units.flatMap((width, i) => {
    const layer = cell.layer({ units: width, returnSequences: i < units.length - 1 });
    return dropout > 0 ? [layer, dropoutLayer({ rate: dropout })] : [layer];
  });
  const model = sequential([...layers, dense({ units: horizon, kernelInitializer: "zeros" })]);
  model.build(["time", 1], { seed });
  return model;
}
