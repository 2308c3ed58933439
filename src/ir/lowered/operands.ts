// What an instruction reads and what it writes.

import { isReducing } from "./opcodes.js";
import type { Instruction, Place, StraightInstruction } from "./program.js";

/** The operands of an instruction outside loops or in one. */
export interface Operands {
  readonly read: readonly Place[];
  readonly written: readonly Place[];
}

/** All buffers an instruction reads or writes, those of a loop's body and tables too. */
export function buffersOf(instruction: Instruction): readonly number[] {
  const tables = instruction.op === "loop" || instruction.op === "affine" ? [instruction.rows, instruction.offsets] : [];
  const places = partsOf(instruction).flatMap(({ read, written }) => [...read, ...written]);
  return [...tables, ...places.map(({ buffer }) => buffer)];
}

/** All buffers an instruction writes. */
export function buffersWritten(instruction: Instruction): readonly number[] {
  return partsOf(instruction).flatMap(({ written }) => written.map(({ buffer }) => buffer));
}

function partsOf(instruction: Instruction): readonly Operands[] {
  if (instruction.op === "loop") return instruction.body.map(operandsOf);
  if (instruction.op !== "affine") return [operandsOf(instruction)];
  const { initial, coefficients, terms, results } = instruction;
  return [{ read: [...initial, ...coefficients, ...terms], written: results }];
}

/** The operands of one instruction; a sum goes on from what it writes to. */
export function operandsOf(one: StraightInstruction): Operands {
  switch (one.op) {
    case "gemm":
      return { read: [one.a, one.b], written: [one.c] };
    case "tile": {
      const isWritten = (index: number): boolean => one.micro.some(({ op, a }) => a === index && (op === "store" || isReducing(op)));
      return {
        read: one.operands.filter((_, index) => !isWritten(index)),
        written: one.operands.filter((_, index) => isWritten(index)),
      };
    }
    case "reduce":
    case "copy":
      return { read: [one.src], written: [one.dst] };
    case "gather":
      return { read: [one.table, one.index], written: [one.value] };
    case "scatter":
      return { read: [one.value, one.index], written: [one.table] };
    case "random":
      return { read: [one.key, one.counter], written: [one.out] };
    case "pack":
      return { read: [one.b], written: [one.to] };
  }
}
