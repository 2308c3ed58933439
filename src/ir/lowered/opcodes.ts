// The one list of lowered opcodes and tile micro-opcodes; native/ops.h is generated from it.

/** Instructions of the execution core, in numeric order from 1. */
export const opcodes = ["gemm", "tile", "reduce", "copy", "gather", "scatter", "random", "loop", "pack", "affine"] as const;

/** Per-element instructions of a `tile` program, in numeric order from 0. */
export const microOpcodes = [
  "const",
  "load",
  "store",
  "iotaRow",
  "iotaCol",
  "neg",
  "abs",
  "exp",
  "log",
  "log1p",
  "sqrt",
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "floor",
  "add",
  "sub",
  "mul",
  "div",
  "min",
  "max",
  "lt",
  "le",
  "eq",
  "select",
  "negI",
  "absI",
  "addI",
  "subI",
  "mulI",
  "minI",
  "maxI",
  "ltI",
  "leI",
  "eqI",
  "toFloat",
  "toInt",
  "toBool",
  "toBoolI",
  "addAdd",
  "addSub",
  "addFrom",
  "addMul",
  "subAdd",
  "subSub",
  "subFrom",
  "subMul",
  "mulAdd",
  "mulSub",
  "mulFrom",
  "mulMul",
  "sumRow",
  "maxRow",
  "sumColumns",
] as const;

export type Opcode = (typeof opcodes)[number];
export type MicroOpcode = (typeof microOpcodes)[number];

/** Micro-opcodes that write memory and no register. */
export type WritingOpcode = "store" | ReducingOpcode;

/** Micro-opcodes that reduce a register over the columns of each row, or over the rows. */
export type ReducingOpcode = "sumRow" | "maxRow" | "sumColumns";

export function isReducing(op: MicroOpcode): op is ReducingOpcode {
  return op === "sumRow" || op === "maxRow" || op === "sumColumns";
}

/** Reductions over columns that one tile program may hold. */
export const rowReductions = 8;

/** Registers a tile program may use. */
export const tileRegisters = 48;

/** Marks a rows field as "the rows active at this step of the loop". */
export const activeRows = -1;

/** The number an opcode has in the bytecode. */
export function opcodeNumber(name: Opcode): number {
  return opcodes.indexOf(name) + 1;
}

/** The number a micro-opcode has in the bytecode. */
export function microNumber(name: MicroOpcode): number {
  return microOpcodes.indexOf(name);
}
