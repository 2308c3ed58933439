// Where a step that is not finite went wrong: the first layer whose weights, output or gradient is no number.

import type { Backend } from "../backends/contract.js";
import { HostTensor, type Tensor } from "../base/tensor.js";
import { isRecord, type Tree } from "../base/tree.js";
import type { Feeds, SectionSource } from "../engine/program.js";
import type { FeedPlan } from "./feeds.js";
import { callNetwork, type ProgramContext } from "./programs.js";
import type { Session } from "./session.js";
import { weightSpecs } from "./weights.js";

/** A layer, and what of it is not finite. */
export interface Culprit {
  readonly layer: string;
  readonly part: "weights" | "output" | "gradient";
}

/**
 * The first culprit in the order of computing: weights and outputs from the input on, then gradients from the loss back. Runs the
 * forward pass once more, with the masks of that step. Null if every part is finite.
 */
export function findCulprit(session: Session, backend: Backend, plan: FeedPlan, feeds: Feeds): Culprit | null {
  const { layout } = session.store;
  const residents = session.residents(backend, ["gradients"]);
  const isBad = (vector: string, layer: string): boolean =>
    layout.places.some(
      ({ info, offset, size }) => info.path.startsWith(`${layer}/`) && !residents.read(vector, offset, size).every(Number.isFinite),
    );
  const layers = session.built.layers.map(({ name }) => name);
  const broken = layers.find((layer) => isBad("weights", layer));
  if (broken !== undefined) return { layer: broken, part: "weights" };
  const program = session.program(backend, "diagnose", plan.signature, () => [outputsSection(session.context, plan)]);
  const { outputs } = program.run("outputs", residents, feeds);
  const first = isRecord(outputs) ? Object.entries(outputs).find(([, value]) => !isAllFinite(value)) : undefined;
  if (first !== undefined) return { layer: first[0].slice(first[0].indexOf(" ") + 1), part: "output" };
  const last = [...layers].reverse().find((layer) => isBad("gradients", layer));
  return last === undefined ? null : { layer: last, part: "gradient" };
}

/** In words: `the output of layer "gru-1" is the first that is not finite`. */
export function culpritWords({ layer, part }: Culprit): string {
  if (part === "weights") return `the weights of layer "${layer}" are not finite`;
  return `the ${part} of layer "${layer}" is the first that is not finite`;
}

/** The outputs of all layer calls, in order. */
function outputsSection(context: ProgramContext, plan: FeedPlan): SectionSource {
  return {
    name: "outputs",
    arguments: {
      weights: weightSpecs(context.layout, "weights"),
      x: plan.x,
      lengths: plan.lengths,
      key: { shape: [2], dtype: "int32" },
    },
    body(args) {
      const seen: [string, Tensor][] = [];
      const onLayer = (layer: string, output: Tensor): void => void seen.push([`${seen.length} ${layer}`, output]);
      callNetwork(context, args, args.weights!, { training: true, key: args.key as Tensor, onLayer });
      return { fed: { outputs: Object.fromEntries(seen) as Tree } };
    },
  };
}

function isAllFinite(value: unknown): boolean {
  return !(value instanceof HostTensor) || value.exact instanceof Int32Array || [...value.exact].every(Number.isFinite);
}
