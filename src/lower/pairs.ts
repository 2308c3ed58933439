// Two arithmetic micro instructions as one, where nobody else reads the value between them: half the walks through registers.

import { isReducing, type MicroOpcode } from "../ir/lowered/opcodes.js";
import type { MicroInstruction } from "../ir/lowered/program.js";

const firsts = { add: "add", sub: "sub", mul: "mul" } as const;

/** What the second operation does with the first one's value as its left and as its right operand. */
const seconds = { add: ["Add", "Add"], sub: ["Sub", "From"], mul: ["Mul", "Mul"] } as const;

/** The same results from fewer instructions; both operations round, so no bit changes. */
export function pairedUp(micro: readonly MicroInstruction[]): MicroInstruction[] {
  const result = [...micro];
  for (let index = 0; index < result.length; index++) {
    const second = readerAfter(result, index);
    if (second < 0) continue;
    const [one, two] = [result[index]!, result[second]!];
    const isLeft = two.a === one.d;
    const op = pairOf(one.op, two.op, isLeft ? 0 : 1);
    if (op === null) continue;
    result[second] = { op, d: two.d, a: one.a, b: one.b, c: isLeft ? two.b : two.a };
    result.splice(index, 1);
    index -= 1;
  }
  return result;
}

function pairOf(first: MicroOpcode, second: MicroOpcode, side: 0 | 1): MicroOpcode | null {
  const one = firsts[first as keyof typeof firsts];
  const two = seconds[second as keyof typeof seconds];
  return one === undefined || two === undefined ? null : `${one}${two[side]}`;
}

/** The instruction that alone reads the result of number `index`, with only loads in between; -1 if there is none. */
function readerAfter(micro: readonly MicroInstruction[], index: number): number {
  const one = micro[index]!;
  if (!(one.op in firsts)) return -1;
  let next = index + 1;
  for (let between = micro[next]; between !== undefined && isLoad(between); between = micro[++next]) {
    if (between.d === one.d || between.d === one.a || between.d === one.b) return -1;
  }
  const two = micro[next];
  if (two === undefined || !(two.op in seconds) || (two.a === one.d) === (two.b === one.d)) return -1;
  if (two.d === one.d) return next;
  for (const later of micro.slice(next + 1)) {
    if (reads(later, one.d)) return -1;
    if (writes(later) && later.d === one.d) break;
  }
  return next;
}

function isLoad({ op }: MicroInstruction): boolean {
  return op === "load" || op === "const";
}

function writes({ op }: MicroInstruction): boolean {
  return op !== "store" && !isReducing(op);
}

/** Registers that an instruction names may be more than it reads: that only keeps a pair apart. */
function reads(one: MicroInstruction, register: number): boolean {
  if (isLoad(one) || one.op === "iotaRow" || one.op === "iotaCol") return false;
  if (!writes(one)) return one.b === register;
  return one.a === register || one.b === register || one.c === register;
}
