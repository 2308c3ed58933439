// For tests: NaN over every buffer after its last use, so that a read of freed memory cannot go unseen.

import type { Instruction, LoweredSection } from "../../ir/lowered/program.js";
import type { Lifetime } from "./program-plan.js";

const nanBits = 0x7fc00000;

/** The section with a fill after the last use of each arena buffer. */
export function poisoned(section: LoweredSection, lifetimes: readonly Lifetime[]): Pick<LoweredSection, "prepare" | "instructions"> {
  const { prepare, buffers } = section;
  const instructions = section.instructions.flatMap((instruction, index) => {
    const freed = lifetimes.filter(({ last }) => last === index).map(({ buffer }) => buffers[buffer]!);
    const fills = freed.map(
      ({ id, size }): Instruction => ({
        op: "tile",
        rows: 1,
        cols: size,
        operands: [{ buffer: id, offset: 0, step: null, row: 0, col: 1 }],
        micro: [
          { op: "const", d: 0, a: nanBits, b: 0, c: 0 },
          { op: "store", d: 0, a: 0, b: 0, c: 0 },
        ],
      }),
    );
    return [instruction, ...fills];
  });
  return { prepare, instructions };
}
