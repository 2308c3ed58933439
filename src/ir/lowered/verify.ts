// Checks a lowered section for given sizes: operands inside their buffers, no forbidden overlap, the rules of rows and loops.

import { type Dim, evaluateDim, mulDims, type SymbolSizes } from "../../base/dim.js";
import { UsageError } from "../../base/errors.js";
import type { RunDomain } from "../core/domain.js";
import { isReducing, rowReductions, tileRegisters } from "./opcodes.js";
import type {
  AffineInstruction,
  Extent,
  IndexInstruction,
  LoopInstruction,
  LoweredSection,
  MatrixOperand,
  Place,
  StraightInstruction,
  TileInstruction,
} from "./program.js";

/** Elements that one operand touches, in the order of its indices. */
interface Touched {
  readonly buffer: number;
  readonly elements: readonly number[];
}

/** The step of a loop that is looked at. */
interface Step {
  readonly rows: number;
  readonly offset: number;
}

/**
 * Walks every element of every operand, so it is for small sizes. `domains` are those of the section, in its order.
 *
 * @throws UsageError `bad_program` naming the instruction
 */
export function verifySection(section: LoweredSection, sizes: SymbolSizes, domains: readonly RunDomain[]): void {
  const verifier = new Verifier(section, sizes);
  for (const instruction of section.prepare) verifier.straight(instruction, null);
  section.instructions.forEach((instruction, index) => {
    verifier.at = `${index} (${instruction.op})`;
    if (instruction.op === "loop") verifier.loop(instruction, domains);
    else if (instruction.op === "affine") verifier.affine(instruction, domains);
    else {
      verifier.rule(!usesRows(instruction), "active rows outside a loop");
      verifier.straight(instruction, null);
    }
  });
}

class Verifier {
  at = "prepare";
  readonly #section: LoweredSection;
  readonly #sizes: SymbolSizes;

  constructor(section: LoweredSection, sizes: SymbolSizes) {
    this.#section = section;
    this.#sizes = sizes;
  }

  rule(holds: boolean, what: string): void {
    if (holds) return;
    throw new UsageError({ code: "bad_program", what: `section ${this.#section.name}, instruction ${this.at}: ${what}` });
  }

  loop(loop: LoopInstruction, domains: readonly RunDomain[]): void {
    const { home } = this.#section.buffers[loop.rows]!;
    const domain = home.kind === "table" ? domains[home.domain] : undefined;
    this.rule(domain !== undefined, "the loop's rows are not a domain's table");
    const start = this.at;
    loop.body.forEach((one, index) => {
      this.at = `${start}.${index} (${one.op})`;
      this.rule(loop.serial || isRowWise(one), "not row by row in a loop whose rows are divided");
      domain?.rows.forEach((rows, t) => {
        if (rows > 0) this.straight(one, { rows, offset: domain.offsets[t]! });
      });
    });
    this.at = start;
  }

  affine(one: AffineInstruction, domains: readonly RunDomain[]): void {
    const { home } = this.#section.buffers[one.rows]!;
    const domain = home.kind === "table" ? domains[home.domain] : undefined;
    this.rule(domain !== undefined, "the rows are not a domain's table");
    const width = one.terms.length;
    const counts = [one.coefficients.length === width * width, one.results.length === width, one.initial.length % width === 0];
    this.rule((width === 1 || width === 2) && !counts.includes(false), `${width} terms do not go with the other operands`);
    const steps = (domain === undefined ? [] : [...domain.rows.keys()])
      .map((t): Step => ({ rows: domain!.rows[t]!, offset: domain!.offsets[t]! }))
      .filter(({ rows }) => rows > 0);
    const over = (operand: MatrixOperand): Touched => {
      const parts = steps.map((step) => this.#touched(operand, ["rows", one.cols], [operand.row, operand.col], step));
      return { buffer: operand.buffer, elements: parts.flatMap(({ elements }) => elements) };
    };
    const read = [...one.initial, ...one.coefficients, ...one.terms].map(over);
    const written = one.results.map(over);
    written.forEach((result, index) => {
      this.#written(result);
      for (const other of [...read, ...written.slice(index + 1)]) this.#apart(result, other);
    });
  }

  straight(one: StraightInstruction, step: Step | null): void {
    const matrix = (operand: MatrixOperand, rows: Extent, cols: Extent, batch: Extent = 1, batchStride: Dim = 0): Touched =>
      this.#touched(operand, [batch, rows, cols], [batchStride, operand.row, operand.col], step);
    switch (one.op) {
      case "gemm": {
        const a = matrix(one.a, one.m, one.k, one.batch, one.aBatch);
        const c = matrix(one.c, one.m, one.n, one.batch, one.cBatch);
        this.#written(c);
        this.#apart(c, a);
        if (!one.packed) this.#apart(c, matrix(one.b, one.k, one.n, one.batch, one.bBatch));
        return;
      }
      case "tile":
        this.#tile(
          one,
          one.operands.map((operand, index) => {
            const by = one.micro.find(({ op, a }) => a === index && isReducing(op))?.op;
            return matrix(operand, by === "sumColumns" ? 1 : one.rows, by === undefined || by === "sumColumns" ? one.cols : 1);
          }),
        );
        return;
      case "reduce": {
        const { src, dst } = one;
        const to = this.#touched(dst, [one.outer, one.inner], [dst.outer, dst.inner], step);
        this.#written(to);
        this.#apart(to, this.#touched(src, [one.outer, one.mid, one.inner], [src.outer, src.mid, src.inner], step));
        return;
      }
      case "copy": {
        const to = this.#touched(one.dst, one.dims, one.dst.strides, step);
        this.#written(to);
        this.#apart(to, this.#touched(one.src, one.dims, one.src.strides, step));
        return;
      }
      case "gather":
      case "scatter": {
        const table = this.#tableOf(one, step);
        const value = matrix(one.value, one.rows, one.cols);
        matrix(one.index, one.rows, 1);
        this.#written(one.op === "gather" ? value : table);
        this.#apart(table, value);
        return;
      }
      case "random":
        matrix(one.key, one.rows, 2);
        matrix(one.counter, one.rows, one.cols);
        this.#written(
          this.#touched(
            one.out,
            [one.rows, one.cols, one.kind === "key" ? 2 : 1],
            [one.out.row, this.#drawStride(one.kind, one.out), 1],
            step,
          ),
        );
        return;
      case "pack":
        matrix(one.b, one.k, one.n);
    }
  }

  /** Of a table of every row's own entries those of the active rows: an index never leaves its row's, though the table may end with them. */
  #tableOf({ table, tableRows, cols, site }: IndexInstruction, step: Step | null): Touched {
    const own = typeof tableRows === "number" ? undefined : this.#section.sites[site];
    if (own?.shifted !== true) return this.#touched(table, [tableRows, cols], [table.row, table.col], step);
    return this.#touched(table, ["rows", own.rows, cols], [mulDims(own.rows, table.row), table.row, table.col], step);
  }

  #drawStride(kind: "uniform" | "key", out: MatrixOperand): Dim {
    return kind === "key" ? 2 : out.col;
  }

  #tile(tile: TileInstruction, operands: readonly Touched[]): void {
    const stored = new Set<number>();
    const hasValue = new Set<number>();
    for (const { op, d, a, b, c } of tile.micro) {
      const leaves = op === "store" || isReducing(op);
      if (op === "load" || leaves) this.rule(a >= 0 && a < operands.length, "an operand that does not exist");
      if (isReducing(op)) this.#reduction(tile, op, d, a, operands);
      if (leaves) {
        this.rule(hasValue.has(b), `register ${b} is stored before it has a value`);
        this.#written(operands[a]!);
        stored.add(a);
        continue;
      }
      this.rule(d >= 0 && d < tileRegisters, `register ${d} does not exist`);
      if (op === "load") for (const store of stored) this.#apart(operands[store]!, operands[a]!);
      else if (op !== "const" && op !== "iotaRow" && op !== "iotaCol")
        this.rule(
          [a, b, c].some((register) => hasValue.has(register)),
          `register ${a} is read before it has a value`,
        );
      hasValue.add(d);
    }
    // Memory that is overwritten may be read only at the very element.
    for (const store of stored) {
      operands.forEach((operand, index) => {
        const isSame =
          operand.buffer === operands[store]!.buffer && operand.elements.every((element, i) => element === operands[store]!.elements[i]);
        if (index !== store && !isSame) this.#apart(operands[store]!, operand);
      });
    }
  }

  /** The result's memory serves nothing else in the program. */
  #reduction(tile: TileInstruction, op: string, d: number, a: number, operands: readonly Touched[]): void {
    this.rule(op === "sumColumns" || (d >= 0 && d < rowReductions), `there is no reduction ${d}`);
    this.rule(op !== "sumColumns" || tile.rows !== "rows", "rows meet in a loop whose rows are divided");
    this.rule(
      tile.micro.filter((one) => one.a === a && (one.op === "load" || one.op === "store" || isReducing(one.op))).length === 1,
      "a reduction's result is used twice",
    );
    operands.forEach((operand, index) => {
      if (index !== a) this.#apart(operands[a]!, operand);
    });
  }

  #touched(place: Place, extents: readonly Extent[], strides: readonly Dim[], step: Step | null): Touched {
    const value = (dim: Dim): number => evaluateDim(dim, this.#sizes);
    const counts = extents.map((extent) => (extent === "rows" ? (step?.rows ?? 0) : value(extent)));
    this.rule(
      counts.every((count) => count >= 0),
      `a negative size in ${counts.join(" x ")}`,
    );
    const start = value(place.offset) + (place.step === null ? 0 : value(place.step) * (step?.offset ?? 0));
    let elements = [start];
    counts.forEach((count, axis) => {
      const stride = value(strides[axis]!);
      elements = elements.flatMap((element) => Array.from({ length: count }, (_, i) => element + i * stride));
    });
    const buffer = this.#section.buffers[place.buffer];
    this.rule(buffer !== undefined, `there is no buffer ${place.buffer}`);
    const size = buffer === undefined ? 0 : value(buffer.size);
    const outside = elements.find((element) => element < 0 || element >= size);
    this.rule(outside === undefined, `element ${outside} of buffer ${buffer?.name} with ${size} elements`);
    return { buffer: place.buffer, elements };
  }

  #written({ buffer, elements }: Touched): void {
    const { home, name } = this.#section.buffers[buffer]!;
    this.rule(new Set(elements).size === elements.length, `an element of ${name} is written twice`);
    this.rule(home.kind !== "constant" && home.kind !== "table" && home.kind !== "size", `${name} is written`);
  }

  #apart(a: Touched, b: Touched): void {
    if (a.buffer !== b.buffer) return;
    const own = new Set(a.elements);
    const both = b.elements.find((element) => own.has(element));
    this.rule(both === undefined, `element ${both} of ${this.#section.buffers[a.buffer]!.name} is written while it is read`);
  }
}

function usesRows(one: StraightInstruction): boolean {
  switch (one.op) {
    case "gemm":
      return one.m === "rows" || one.batch === "rows";
    case "reduce":
      return one.outer === "rows";
    case "copy":
      return one.dims.includes("rows");
    case "pack":
      return false;
    default:
      return one.rows === "rows";
  }
}

/** What threads may divide by rows: exactly one extent is the active rows, and no two rows meet. */
function isRowWise(one: StraightInstruction): boolean {
  if (one.op === "scatter" || one.op === "pack") return false;
  if (one.op === "gemm") return (one.m === "rows") !== (one.batch === "rows");
  return one.op === "copy" ? one.dims[0] === "rows" && one.dims.slice(1).every((dim) => dim !== "rows") : usesRows(one);
}
