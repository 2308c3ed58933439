// Prints a lowered section: one line per buffer and instruction, for people and for tests.

import { type Dim, showDim } from "../../base/dim.js";
import { isReducing } from "./opcodes.js";
import type {
  AffineInstruction,
  Buffer,
  BufferHome,
  Extent,
  Instruction,
  LoweredProgram,
  LoweredSection,
  MatrixOperand,
  MicroInstruction,
  Place,
  StraightInstruction,
  TileInstruction,
} from "./program.js";

/** The whole program as text. */
export function printLowered(program: LoweredProgram): string {
  return program.sections.map(printSection).join("\n\n");
}

/** One section as text: buffers that are used, what is prepared, instructions. */
export function printSection(section: LoweredSection): string {
  const show = (instruction: Instruction): string => showInstruction(section.buffers, instruction);
  const lines = [
    `section ${section.name}`,
    ...section.buffers.map(({ id, name, size, dtype, home }) => `  %${id} ${name}: ${dtype}[${showDim(size)}] ${showHome(home)}`),
    ...(section.prepare.length === 0
      ? []
      : [`  prepare when ${section.prepareFrom.join(", ")} changed`, ...section.prepare.map((one) => `    ${show(one)}`)]),
    "  run",
    ...section.instructions.map((one) => show(one).replace(/^/gm, "    ")),
  ];
  return lines.join("\n");
}

function showHome(home: BufferHome): string {
  switch (home.kind) {
    case "fed":
      return `fed ${home.input}`;
    case "result":
      return `result ${home.output}`;
    case "resident":
      return `resident ${home.vector}+${home.offset}`;
    case "table":
      return `table ${home.table} of domain ${home.domain}`;
    case "size":
      return "size";
    default:
      return home.kind;
  }
}

function showInstruction(buffers: readonly Buffer[], instruction: Instruction): string {
  if (instruction.op === "affine") return showAffine(buffers, instruction);
  if (instruction.op !== "loop") return showStraight(buffers, instruction);
  const flags = [instruction.reverse ? "reverse" : "", instruction.serial ? "serial" : ""].filter((flag) => flag !== "").join(" ");
  const head = `loop ${showDim(instruction.time)} steps, at most ${showDim(instruction.batch)} rows ${flags}`.trimEnd();
  return [head, ...instruction.body.map((one) => showStraight(buffers, one).replace(/^/gm, "  "))].join("\n");
}

function showAffine(buffers: readonly Buffer[], one: AffineInstruction): string {
  const list = (operands: readonly MatrixOperand[]): string => operands.map((operand) => showMatrix(buffers, operand)).join(", ");
  const flags = [one.reverse ? "reverse" : "", one.lag ? "late coefficients" : ""].filter((flag) => flag !== "").join(" ");
  const size = `${showDim(one.time)} steps, at most ${showDim(one.batch)} rows x ${showDim(one.cols)}`;
  const start = one.initial.length === 0 ? "" : ` from ${list(one.initial)}`;
  return `affine ${size}${flags === "" ? "" : ` ${flags}`} ${list(one.results)} = ${list(one.coefficients)} · state + ${list(one.terms)}${start}`;
}

function showMatrix(buffers: readonly Buffer[], operand: MatrixOperand): string {
  return `${showPlace(buffers, operand)}[${showDim(operand.row)}, ${showDim(operand.col)}]`;
}

function showStraight(buffers: readonly Buffer[], one: StraightInstruction): string {
  const matrix = (operand: MatrixOperand): string => showMatrix(buffers, operand);
  const strided = (place: Place & { readonly strides: readonly Dim[] }): string =>
    `${showPlace(buffers, place)}[${place.strides.map(showDim).join(", ")}]`;
  switch (one.op) {
    case "gemm": {
      const sizes = `${extent(one.m)}x${showDim(one.n)}x${showDim(one.k)}${one.batch === 1 ? "" : ` batch ${extent(one.batch)} (${showDim(one.aBatch)}, ${showDim(one.bBatch)}, ${showDim(one.cBatch)})`}`;
      return `gemm ${one.ahead === true ? "ahead " : ""}${sizes} ${matrix(one.c)} ${one.accumulate ? "+=" : "="} ${matrix(one.a)} · ${one.packed ? "packed " : ""}${matrix(one.b)}`;
    }
    case "tile":
      return `tile ${extent(one.rows)} x ${showDim(one.cols)} ${showMicro(buffers, one)}`;
    case "reduce": {
      const { src, dst } = one;
      const from = `${showPlace(buffers, src)}[${showDim(src.outer)}, ${showDim(src.mid)}, ${showDim(src.inner)}]`;
      return `${one.kind} ${extent(one.outer)} x ${showDim(one.mid)} x ${showDim(one.inner)} ${showPlace(buffers, dst)}[${showDim(dst.outer)}, ${showDim(dst.inner)}] = ${from}`;
    }
    case "copy":
      return `copy ${one.dims.map(extent).join("x")} ${strided(one.dst)} = ${strided(one.src)}`;
    case "gather":
      return `gather ${extent(one.rows)} x ${showDim(one.cols)} ${matrix(one.value)} = ${matrix(one.table)} at ${matrix(one.index)}`;
    case "scatter":
      return `scatter ${extent(one.rows)} x ${showDim(one.cols)} ${matrix(one.table)} at ${matrix(one.index)} += ${matrix(one.value)}`;
    case "random":
      return `random ${one.kind} ${extent(one.rows)} x ${showDim(one.cols)} ${matrix(one.out)} key ${matrix(one.key)} counter ${matrix(one.counter)}`;
    case "pack":
      return `pack ${showDim(one.k)} x ${showDim(one.n)} ${showPlace(buffers, one.to)} = ${matrix(one.b)}`;
  }
}

function showMicro(buffers: readonly Buffer[], tile: TileInstruction): string {
  const operand = (index: number): string => {
    const at = tile.operands[index]!;
    return `${showPlace(buffers, at)}[${showDim(at.row)}, ${showDim(at.col)}]`;
  };
  const line = ({ op, d, a, b, c }: MicroInstruction): string => {
    if (op === "load") return `r${d} = ${operand(a)}`;
    if (op === "store") return `${operand(a)} = r${b}`;
    if (isReducing(op)) return `${operand(a)} = ${op} r${b}`;
    if (op === "const") return `r${d} = bits ${a}`;
    return `r${d} = ${op} r${a} r${b} r${c}`;
  };
  return `{ ${tile.micro.map(line).join("; ")} }`;
}

function showPlace(buffers: readonly Buffer[], { buffer, offset, step, ahead }: Place): string {
  const shift = offset === 0 ? "" : `+${showDim(offset)}`;
  const moved = step === null ? "" : `@${ahead === true ? "ahead " : ""}${showDim(step)}`;
  return `%${buffer}.${buffers[buffer]?.name ?? "?"}${shift}${moved}`;
}

function extent(size: Extent): string {
  return size === "rows" ? "rows" : showDim(size);
}
