// What stays in a loop beside products and fused tiles, and why, in plain words.

import { type Node, type OpName, reachable } from "../ir/core/node.js";
import type { CopyInstruction, LoopInstruction, StraightInstruction } from "../ir/lowered/program.js";
import { type LoopOrigin, loopOrigin, originOf } from "../lower/origin.js";

/** What a loop is made of. */
export interface LoopFacts {
  /** The layer path where the scan was made. */
  readonly where: string;
  /** True for the walk back of a gradient. */
  readonly isBackward: boolean;
  readonly fusedTiles: number;
  readonly products: number;
  /** One sentence for every instruction that is neither. */
  readonly slow: readonly string[];
}

/** Looks at every instruction of the loop. */
export function factsOfLoop(loop: LoopInstruction): LoopFacts {
  const origin = loopOrigin(loop);
  const isBackward = origin?.scan.attrs.body.name.includes("adjoint") ?? loop.reverse;
  const reads = carryReader(origin);
  const sentences = loop.body.flatMap((one) => {
    const sentence = reasonFor(one, reads, isBackward);
    return sentence === null ? [] : [`${isBackward ? "backward" : "forward"}: ${sentence}`];
  });
  return {
    where: loop.where,
    isBackward,
    fusedTiles: loop.body.filter(({ op }) => op === "tile").length,
    products: loop.body.filter((one) => one.op === "gemm" && one.ahead !== true).length,
    slow: counted(sentences),
  };
}

/** Equal sentences once, with their number. */
export function counted(sentences: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const sentence of sentences) counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
  return [...counts].map(([sentence, count]) => (count === 1 ? sentence : `${sentence} (${count} times)`));
}

type Reader = (nodes: readonly Node[]) => boolean;

/** Tells whether values depend on what the loop carries. */
function carryReader(origin: LoopOrigin | null): Reader {
  if (origin === null) return () => true;
  const carries = new Set<Node>(origin.body.inputs.slice(0, origin.scan.attrs.carries));
  return (nodes) => reachable(nodes).some((node) => carries.has(node));
}

/** Null for the step's own product and for fused tiles. */
function reasonFor(one: StraightInstruction, reads: Reader, isBackward: boolean): string | null {
  const nodes = originOf(one);
  const state = isBackward ? "the gradient of the state" : "the state";
  const because = reads(nodes)
    ? `because it reads ${state}`
    : `though it does not read ${state}, because computing it for all steps would take more memory than it saves`;
  switch (one.op) {
    case "tile":
      return null;
    case "gemm":
      // Made for several steps at once: it left the loop's chain.
      if (one.ahead === true) return null;
      if (one.batch !== 1) return `a product in which every row has a matrix of its own stays per step ${because}`;
      return reads(nodes) ? null : `a product stays per step ${because}`;
    case "reduce":
      return `a reduction over the features (${reductionWords[one.kind]}) stays per step ${because}`;
    case "copy":
      return copyReason(one, nodes, because);
    case "gather":
      // Reading rows by their numbers takes no longer than reading them one after another.
      return !reads(nodes) ? null : `a table lookup stays per step ${because}`;
    case "scatter":
      return has(nodes, "scatterAdd")
        ? `writing into rows of a table stays per step ${because}`
        : "a sum over all rows and steps stays in the loop, on one thread, because stacking its factors would take more memory than it saves";
    case "random":
      return "random numbers are drawn per step: drawing them again is cheaper than keeping them for all steps";
    case "pack":
      return `the operand of a product is packed per step ${because}`;
    default:
      return `an instruction of its own stays per step ${because}`;
  }
}

const reductionWords = {
  sum: "a sum, as in layer norm or softmax",
  max: "a maximum, as in softmax",
  argmax: "the place of a maximum",
} as const;

function copyReason({ dims, src }: CopyInstruction, nodes: readonly Node[], because: string): string {
  const isSameForAll = src.step === null && src.strides[dims.indexOf("rows")] === 0;
  if (nodes.length === 0 && isSameForAll) return "a copy writes what is the same at every step into the state";
  if (nodes.length === 0) return "a copy keeps the old state while the new one is written, because both are read in the step";
  if (has(nodes, "stop")) return "a copy stores a value of the step, because no fused program of its size is there to do it";
  if (has(nodes, "concat")) return `values are joined in memory per step ${because}`;
  if (has(nodes, "dot")) return `the operand of a product is rearranged per step ${because}`;
  return `values are rearranged in memory per step ${because}`;
}

function has(nodes: readonly Node[], op: OpName): boolean {
  return nodes.some((node) => node.op === op);
}
