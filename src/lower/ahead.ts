// Products of all steps that one loop alone reads are made beside it, a few steps at a time, so that they never leave the cache.

import { bareSymbol, type Dim, showDim } from "../base/dim.js";
import { buffersOf, buffersWritten } from "../ir/lowered/operands.js";
import type { Buffer, GemmInstruction, Instruction, LoopInstruction, LoweredDomain, StraightInstruction } from "../ir/lowered/program.js";
import { moveOrigin } from "./origin.js";

/** What a section knows beside its instructions. */
export interface Surroundings {
  readonly buffers: readonly Buffer[];
  readonly domains: readonly LoweredDomain[];
}

/** A product before a loop that only this loop reads. */
interface Candidate {
  readonly product: number;
  readonly loop: number;
}

/**
 * The instructions with such products moved to the head of their loop's body, marked `ahead`. Every element is still one sum over k, so
 * no bit changes; the core chooses how many steps to make at once, from the rows that they have.
 */
export function productsBeside(instructions: readonly Instruction[], around: Surroundings): readonly Instruction[] {
  const touched = instructions.map((one) => new Set(buffersOf(one)));
  const written = instructions.map((one) => new Set(buffersWritten(one)));
  const moved = instructions.flatMap((one, product): Candidate[] => {
    if (one.op !== "gemm") return [];
    const users = [...touched.keys()].filter((index) => index !== product && touched[index]!.has(one.c.buffer));
    const [loop = -1] = users;
    const reader = instructions[loop];
    if (users.length !== 1 || loop < product || reader?.op !== "loop" || !fits(one, reader, around)) return [];
    // What it multiplies must be the same at each step of the loop as it is now.
    const isChanged = written.slice(product + 1, loop + 1).some((buffers) => buffers.has(one.a.buffer) || buffers.has(one.b.buffer));
    return isChanged ? [] : [{ product, loop }];
  });
  const gone = new Set(moved.map(({ product }) => product));
  return instructions.flatMap((one, index) => {
    if (gone.has(index)) return [];
    const own = moved.filter(({ loop }) => loop === index).map(({ product }) => instructions[product]!);
    const products = own.filter((product): product is GemmInstruction => product.op === "gemm");
    return one.op === "loop" && products.length > 0 ? [withProducts(one, products)] : [one];
  });
}

/** True if the product's rows are those of the loop's steps and every step reads its own, in tiles. */
function fits(product: GemmInstruction, loop: LoopInstruction, { buffers, domains }: Surroundings): boolean {
  const { a, b, c, m, batch, accumulate, packed } = product;
  const table = buffers[loop.rows]!.home;
  if (loop.serial || !packed || accumulate || batch !== 1 || m === "rows" || table.kind !== "table") return false;
  if (bareSymbol(m) === null || bareSymbol(m) !== domains[table.domain]!.steps) return false;
  if (a.step !== null || c.step !== null || c.col !== 1) return false;
  if (buffers[c.buffer]!.home.kind !== "temporary" || buffers[b.buffer]!.home.kind !== "prepared") return false;
  return loop.body.every((one) => {
    if (!buffersOf(one).includes(c.buffer)) return true;
    if (one.op !== "tile" || one.rows !== "rows" || buffersWritten(one).includes(c.buffer)) return false;
    return one.operands.every(
      ({ buffer, row, step }) => buffer !== c.buffer || (isSame(row, c.row) && step !== null && isSame(step, c.row)),
    );
  });
}

function withProducts(loop: LoopInstruction, products: readonly GemmInstruction[]): LoopInstruction {
  const made = new Set(products.map(({ c }) => c.buffer));
  const heads = products.map((one): GemmInstruction => {
    const head: GemmInstruction = {
      ...one,
      m: "rows",
      a: { ...one.a, step: one.a.row },
      c: { ...one.c, step: one.c.row, ahead: true },
      ahead: true,
    };
    moveOrigin(one, head);
    return head;
  });
  const body = loop.body.map((one): StraightInstruction => {
    if (one.op !== "tile" || !one.operands.some(({ buffer }) => made.has(buffer))) return one;
    const operands = one.operands.map((operand) => (made.has(operand.buffer) ? { ...operand, ahead: true } : operand));
    const reading = { ...one, operands };
    moveOrigin(one, reading);
    return reading;
  });
  const next = { ...loop, body: [...heads, ...body] };
  moveOrigin(loop, next);
  return next;
}

function isSame(a: Dim, b: Dim): boolean {
  return showDim(a) === showDim(b);
}
