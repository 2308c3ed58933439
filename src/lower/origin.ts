// Which nodes an instruction was made from: a note beside the lowered program, for explanations only.

import type { Node } from "../ir/core/node.js";
import type { Instruction, LoopInstruction } from "../ir/lowered/program.js";
import type { Body } from "./body.js";

/** The scan of a loop and its vectorised step. */
export interface LoopOrigin {
  readonly scan: Node<"scan">;
  readonly body: Body;
}

const nodesOf = new WeakMap<Instruction, readonly Node[]>();
const loopsOf = new WeakMap<LoopInstruction, LoopOrigin>();

/** Notes that the instructions from number `first` on were made for these nodes. */
export function noteOrigin(instructions: readonly Instruction[], first: number, nodes: readonly Node[]): void {
  for (const instruction of instructions.slice(first)) if (!nodesOf.has(instruction)) nodesOf.set(instruction, nodes);
}

/** Notes where a loop comes from. */
export function noteLoop(loop: LoopInstruction, origin: LoopOrigin): void {
  loopsOf.set(loop, origin);
}

/** Notes that an instruction stands for another from now on. */
export function moveOrigin(from: Instruction, to: Instruction): void {
  const nodes = nodesOf.get(from);
  if (nodes !== undefined) nodesOf.set(to, nodes);
  const origin = from.op === "loop" ? loopsOf.get(from) : undefined;
  if (origin !== undefined && to.op === "loop") loopsOf.set(to, origin);
}

/** The nodes an instruction computes; empty for moves that keep an old state or fill memory. */
export function originOf(instruction: Instruction): readonly Node[] {
  return nodesOf.get(instruction) ?? [];
}

/** The scan behind a loop; null for a program that was not lowered in this process. */
export function loopOrigin(loop: LoopInstruction): LoopOrigin | null {
  return loopsOf.get(loop) ?? null;
}
