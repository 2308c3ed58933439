// The bytecode of a lowered section: 32-bit words, every size an index into a table that is filled at run time.

import { type Dim, showDim } from "../../base/dim.js";
import { activeRows, microNumber, opcodeNumber } from "../../ir/lowered/opcodes.js";
import {
  type AffineInstruction,
  type Extent,
  type Instruction,
  type LoweredSection,
  type MatrixOperand,
  type Place,
  reduceKinds,
  type StraightInstruction,
} from "../../ir/lowered/program.js";

/** Code of a section; word ranges are half-open. */
export interface EncodedSection {
  readonly words: Int32Array;
  readonly prepare: readonly [number, number];
  readonly run: readonly [number, number];
  /** What each entry of the sizes table is. */
  readonly sizes: readonly Dim[];
}

/** Encodes `prepare` and `run` of a section, one after the other. */
export function encodeSection(section: Pick<LoweredSection, "prepare" | "instructions">): EncodedSection {
  const encoder = new Encoder();
  for (const instruction of section.prepare) encoder.add(instruction);
  const middle = encoder.words.length;
  for (const instruction of section.instructions) encoder.add(instruction);
  return {
    words: Int32Array.from(encoder.words),
    prepare: [0, middle],
    run: [middle, encoder.words.length],
    sizes: encoder.sizes,
  };
}

class Encoder {
  readonly words: number[] = [];
  readonly sizes: Dim[] = [];
  readonly #indices: Map<string, number> = new Map();

  add(instruction: Instruction): void {
    const start = this.words.length;
    this.words.push(opcodeNumber(instruction.op), 0);
    if (instruction.op === "loop") {
      const { time, rows, offsets, reverse, serial } = instruction;
      this.words.push(this.#size(time), rows, offsets, (reverse ? 1 : 0) + (serial ? 2 : 0), 0);
      const body = this.words.length;
      for (const inner of instruction.body) this.add(inner);
      this.words[body - 1] = this.words.length - body;
      this.words[start + 1] = body - start;
      return;
    }
    if (instruction.op === "affine") this.#affine(instruction);
    else this.#fields(instruction);
    this.words[start + 1] = this.words.length - start;
  }

  #affine(one: AffineInstruction): void {
    const flags = (one.reverse ? 1 : 0) + (one.lag ? 2 : 0) + (one.initial.length > 0 ? 4 : 0);
    this.words.push(this.#size(one.batch), this.#size(one.cols), this.#size(one.time), one.rows, one.offsets, one.terms.length, flags);
    this.#operands([...one.initial, ...one.coefficients, ...one.terms, ...one.results]);
  }

  #fields(one: StraightInstruction): void {
    const { words } = this;
    switch (one.op) {
      case "gemm":
        words.push(this.#extent(one.m), this.#size(one.n), this.#size(one.k), this.#extent(one.batch));
        this.#operands([one.a, one.b, one.c]);
        words.push(this.#size(one.aBatch), this.#size(one.bBatch), this.#size(one.cBatch));
        words.push((one.accumulate ? 1 : 0) + (one.packed ? 2 : 0) + (one.ahead === true ? 4 : 0));
        return;
      case "tile":
        words.push(this.#extent(one.rows), this.#size(one.cols), one.operands.length, one.micro.length);
        this.#operands(one.operands);
        for (const { op, d, a, b, c } of one.micro) words.push(microNumber(op), d, a, b, c);
        return;
      case "reduce": {
        const { src, dst } = one;
        words.push(reduceKinds.indexOf(one.kind), this.#extent(one.outer), this.#size(one.mid), this.#size(one.inner));
        words.push(src.buffer, this.#size(src.offset), this.#size(src.outer), this.#size(src.mid), this.#size(src.inner), this.#step(src));
        words.push(dst.buffer, this.#size(dst.offset), this.#size(dst.outer), this.#size(dst.inner), this.#step(dst));
        words.push(one.accumulate ? 1 : 0);
        return;
      }
      case "copy":
        words.push(...one.dims.map((dim) => this.#extent(dim)));
        for (const side of [one.src, one.dst]) {
          words.push(side.buffer, this.#size(side.offset), this.#step(side), ...side.strides.map((stride) => this.#size(stride)));
        }
        return;
      case "gather":
      case "scatter": {
        words.push(this.#extent(one.rows), this.#size(one.cols), this.#size(one.tableRows), one.site);
        this.#operands(one.op === "gather" ? [one.table, one.index, one.value] : [one.value, one.index, one.table]);
        return;
      }
      case "random":
        words.push(this.#extent(one.rows), this.#size(one.cols), one.kind === "uniform" ? 0 : 1);
        this.#operands([one.key, one.counter, one.out]);
        return;
      case "pack":
        words.push(this.#size(one.k), this.#size(one.n));
        this.#operands([one.b]);
        words.push(one.to.buffer, this.#size(one.to.offset));
    }
  }

  #operands(operands: readonly MatrixOperand[]): void {
    for (const operand of operands) {
      this.words.push(operand.buffer, this.#size(operand.offset), this.#size(operand.row), this.#size(operand.col), this.#step(operand));
    }
  }

  #extent(extent: Extent): number {
    return extent === "rows" ? activeRows : this.#size(extent);
  }

  #step({ step, ahead }: Place): number {
    if (step === null) return -1;
    return ahead === true ? -2 - this.#size(step) : this.#size(step);
  }

  #size(dim: Dim): number {
    const key = showDim(dim);
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    this.#indices.set(key, this.sizes.length);
    return this.sizes.push(dim) - 1;
  }
}
