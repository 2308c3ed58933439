// Operations and bytes of a lowered section, from its instructions with all sizes known.

import { lifetimesOf, planArena } from "../backends/core/program-plan.js";
import { bareSymbol, type Dim, evaluateDim, symbolsIn } from "../base/dim.js";
import { windowsIn } from "../ir/core/domain.js";
import { isReducing } from "../ir/lowered/opcodes.js";
import type {
  AffineInstruction,
  Extent,
  Instruction,
  LoweredSection,
  MatrixOperand,
  StraightInstruction,
  TileInstruction,
} from "../ir/lowered/program.js";

/** What a run costs. */
export interface Cost {
  /** Multiply-adds of products count as two. */
  readonly productOperations: number;
  /** Everything else: pointwise, reductions, scatter. */
  readonly otherOperations: number;
  /** `otherOperations` with functions such as tanh counted as what they take. */
  readonly weightedOperations: number;
  /** Read and written by all instructions, whether from cache or memory. */
  readonly bytes: number;
  /** Instructions started, those of loops once per step. */
  readonly started: number;
}

/** Sizes of one run by symbol. */
export type Sizes = ReadonlyMap<string, number>;

const nothing: Cost = { productOperations: 0, otherOperations: 0, weightedOperations: 0, bytes: 0, started: 0 };

/** Simple operations that one result of these takes, roughly; others take one. */
const heavy: Readonly<Record<string, number>> = {
  ...{ exp: 12, log: 14, log1p: 16, tanh: 14, sigmoid: 14, sin: 16, cos: 16, sqrt: 6, div: 6 },
};

/** Cost of one run of the section; `prepare` is left out, it runs once per change of the weights. */
export function costOf(section: LoweredSection, given: Sizes): Cost {
  const sizes = withSteps(section, given);
  return section.instructions.map((one) => instructionCost(one, sizes)).reduce(sum, nothing);
}

/** Costs added up. */
export function sum(a: Cost, b: Cost): Cost {
  return {
    productOperations: a.productOperations + b.productOperations,
    otherOperations: a.otherOperations + b.otherOperations,
    weightedOperations: a.weightedOperations + b.weightedOperations,
    bytes: a.bytes + b.bytes,
    started: a.started + b.started,
  };
}

/** No cost, to start adding with. */
export const noCost: Cost = nothing;

/** Working memory that the section plans for these sizes. */
export function arenaBytesOf(section: LoweredSection, given: Sizes): number {
  const sizes = withSteps(section, given);
  return planArena(lifetimesOf(section), (buffer) => 4 * sizeIn(section.buffers[buffer]!.size, sizes, 1)).bytes;
}

/** The sizes with the stacked rows of each domain: all rows take all steps. */
function withSteps(section: LoweredSection, given: Sizes): Sizes {
  const sizes = new Map(given);
  for (const { batch, time, steps, over } of section.domains) {
    const symbol = over === undefined ? null : bareSymbol(time);
    if (symbol !== null && over !== undefined) sizes.set(symbol, windowsIn(sizeIn(over.time, sizes, 1), over.windows));
    if (!sizes.has(steps)) sizes.set(steps, sizeIn(batch, sizes, 1) * sizeIn(time, sizes, 1));
  }
  return sizes;
}

/** A size; the active rows of a loop are as many as `rows`. */
function sizeIn(dim: Dim, sizes: Sizes, rows: number): number {
  if (typeof dim === "number") return dim;
  const missing = symbolsIn(dim).filter((name) => !sizes.has(name));
  return evaluateDim(dim, missing.length === 0 ? sizes : new Map([...sizes, ...missing.map((name): [string, number] => [name, rows])]));
}

function instructionCost(one: Instruction, sizes: Sizes): Cost {
  if (one.op === "affine") return affineCost(one, sizes);
  if (one.op !== "loop") return straightCost(one, sizes, 1);
  const rows = sizeIn(one.batch, sizes, 1);
  const steps = sizeIn(one.time, sizes, 1);
  const body = one.body.map((inner) => straightCost(inner, sizes, rows)).reduce(sum, nothing);
  return {
    productOperations: body.productOperations * steps,
    otherOperations: body.otherOperations * steps,
    weightedOperations: body.weightedOperations * steps,
    bytes: body.bytes * steps,
    started: body.started * steps + 1,
  };
}

/** All rows take all steps; every operand that moves with the steps is read or written once. */
function affineCost({ batch, time, cols, initial, coefficients, terms, results }: AffineInstruction, sizes: Sizes): Cost {
  const [rows, steps, width] = [sizeIn(batch, sizes, 1), sizeIn(time, sizes, 1), sizeIn(cols, sizes, 1)];
  const touched = ({ step, row, col }: MatrixOperand): number =>
    (step === null ? 1 : steps) * (row === 0 ? 1 : rows) * (col === 0 ? 1 : width);
  const elements = [...initial, ...coefficients, ...terms, ...results].reduce((total, operand) => total + touched(operand), 0);
  const operations = 2 * coefficients.length * rows * steps * width;
  return { productOperations: 0, otherOperations: operations, weightedOperations: operations, bytes: 4 * elements, started: 1 };
}

function straightCost(one: StraightInstruction, sizes: Sizes, rows: number): Cost {
  const value = (extent: Extent): number => (extent === "rows" ? rows : sizeIn(extent, sizes, rows));
  const cost = (products: number, others: number, elements: number, weighted = others): Cost => ({
    productOperations: products,
    otherOperations: others,
    weightedOperations: weighted,
    bytes: 4 * elements,
    started: 1,
  });
  switch (one.op) {
    case "gemm": {
      const [m, n, k, batch] = [value(one.m), value(one.n), value(one.k), value(one.batch)];
      return cost(2 * m * n * k * batch, 0, batch * (m * k + k * n + m * n));
    }
    case "tile":
      return tileCost(one, value, cost);
    case "reduce": {
      const size = value(one.outer) * value(one.mid) * value(one.inner);
      return cost(0, size, size + value(one.outer) * value(one.inner));
    }
    case "copy":
      return cost(0, 0, 2 * one.dims.reduce<number>((size, dim) => size * value(dim), 1));
    case "gather":
      return cost(0, 0, 2 * value(one.rows) * value(one.cols));
    case "scatter":
      return cost(0, value(one.rows) * value(one.cols), 3 * value(one.rows) * value(one.cols));
    case "random":
      return cost(0, 40 * value(one.rows) * value(one.cols), value(one.rows) * value(one.cols));
    case "pack":
      return cost(0, 0, 2 * value(one.k) * value(one.n));
    default:
      return cost(0, 0, 0);
  }
}

function tileCost(
  tile: TileInstruction,
  value: (extent: Extent) => number,
  cost: (products: number, others: number, elements: number, weighted: number) => Cost,
): Cost {
  const size = value(tile.rows) * value(tile.cols);
  const computing = tile.micro.filter(({ op }) => op !== "load" && op !== "store" && op !== "const");
  const weighted = computing.reduce((total, { op }) => total + (heavy[op] ?? 1), 0);
  // An operand that does not move along an axis is read once for all of it.
  const touched = ({ row, col }: MatrixOperand): number => (row === 0 ? 1 : value(tile.rows)) * (col === 0 ? 1 : value(tile.cols));
  const elements = tile.micro
    .filter(({ op }) => op === "load" || op === "store" || isReducing(op))
    .reduce((total, { a }) => total + touched(tile.operands[a]!), 0);
  return cost(0, size * computing.length, elements, size * weighted);
}
