// Rows of the ops that read and write by index: gather and scatterAdd.

import { equalShapes, mulDims, showShape } from "../../base/dim.js";
import { type ExactData, elementCount } from "../../base/dtype.js";
import { RunError } from "../../base/errors.js";
import { shownIndex } from "../../base/no-index.js";
import { makeNode } from "./build.js";
import { gather, reshape, scatterAdd } from "./builders.js";
import { inputAt, misfit, requireDtype, showType } from "./checks.js";
import type { Node, OpName, ValueType } from "./node.js";
import type { Kernel, MaybeVarying, PrimitiveTable } from "./primitive.js";
import { flatIndex, overRows, rowsOf } from "./vectorising.js";

/** Rows of `gather` and `scatterAdd`. */
export const indexOps: Pick<PrimitiveTable, "gather" | "scatterAdd"> = {
  gather: {
    doc: "Entries of a table [R, ...] at indices: -1 gives zeros, other indices outside [0, R) stop the run.",
    arity: 2,
    type: (inputs) => gatherType(inputAt("gather", inputs, 0), inputAt("gather", inputs, 1)),
    kernel: ([table, _index], _, { where }) => gatherKernel(table!.shape, where),
    vjp: ({ inputs: [table, index] }, d) => [table!.dtype === "float32" ? scatterAdd(d, index!, table!.shape[0]!) : null, null],
    vectorise: ([table, index], node) => vectoriseGather(table!, index!, node),
    pointwise: false,
    test: { draw: [-4, 4] },
    special: "passes every value on; index -1 gives 0 whatever the table holds",
  },
  scatterAdd: {
    doc: "Adds source entries into zeros [rows, ...] at indices, in index order; -1 is dropped, other indices outside stop the run.",
    arity: 2,
    type: (inputs, { rows }) => {
      const [source, index] = [inputAt("scatterAdd", inputs, 0), inputAt("scatterAdd", inputs, 1)];
      requireDtype("scatterAdd", source, ["float32"]);
      requireDtype("scatterAdd", index, ["int32"]);
      const rank = index.shape.length;
      if (!equalShapes(source.shape.slice(0, rank), index.shape)) {
        throw misfit(
          "scatterAdd",
          "index_shape",
          `the source ${showType(source)} must start with the index's shape ${showShape(index.shape)}`,
        );
      }
      return { shape: [rows, ...source.shape.slice(rank)], dtype: source.dtype };
    },
    kernel: (_inputs, _attrs, { out, where }) => scatterKernel(out.shape, where),
    vjp: ({ inputs: [, index] }, d) => [gather(d, index!), null],
    vectorise: ([source, index], node) => vectoriseScatter(source!, index!, node),
    pointwise: false,
    test: { draw: [-4, 4] },
    special: "NaN and ±∞ reach only the entries they are added to; dropped entries have no effect",
  },
};

function gatherType(table: ValueType, index: ValueType): ValueType {
  requireDtype("gather", index, ["int32"]);
  if (table.shape.length === 0) throw misfit("gather", "table_without_axis", `the table ${showType(table)} has no axis to index`);
  return { shape: [...index.shape, ...table.shape.slice(1)], dtype: table.dtype };
}

function gatherKernel([rows, ...rest]: readonly number[], where: string): Kernel {
  const width = elementCount(rest);
  const count = rows!;
  return ([table, index], out) => {
    for (let i = 0; i < index!.length; i++) {
      const row = index![i]!;
      if (row < -1 || row >= count) throw badIndex("gather", row, count, where);
      copyRow(table!, row * width, out, i * width, width, row === -1);
    }
  };
}

function copyRow(table: ExactData, from: number, out: ExactData, at: number, width: number, isBlank: boolean): void {
  if (isBlank) out.fill(0, at, at + width);
  else if (width > 48) out.set(table.subarray(from, from + width), at);
  else for (let j = 0; j < width; j++) out[at + j] = table[from + j]!;
}

function scatterKernel([rows, ...rest]: readonly number[], where: string): Kernel {
  const width = elementCount(rest);
  const count = rows!;
  return ([source, index], out) => {
    out.fill(0);
    for (let i = 0; i < index!.length; i++) {
      const row = index![i]!;
      if (row < -1 || row >= count) throw badIndex("scatterAdd", row, count, where);
      if (row === -1) continue;
      for (let j = 0; j < width; j++) out[row * width + j]! += source![i * width + j]!;
    }
  };
}

function badIndex(op: OpName, index: number, rows: number, where: string): RunError {
  return new RunError({
    code: "index_out_of_range",
    op,
    what: `${shownIndex(index)} in a table of ${rows} entries`,
    where,
    phase: "run",
    hint: rows === 0 ? "The table is empty." : `Indices run from 0 to ${rows - 1}; -1 means none.`,
  });
}

function vectoriseGather(table: MaybeVarying, index: MaybeVarying, node: Node<"gather">): Node {
  if (!table.varies) return makeNode("gather", [table.node, index.node], null, node.where);
  const [rows, size, ...rest] = table.node.shape;
  const flat = reshape(table.node, [mulDims(rows!, size!), ...rest]);
  return makeNode("gather", [flat, flatIndex(index, rows!, size!)], null, node.where);
}

function vectoriseScatter(source: MaybeVarying, index: MaybeVarying, node: Node<"scatterAdd">): Node {
  const rows = rowsOf([source, index]);
  const size = node.attrs.rows;
  const flat = makeNode("scatterAdd", [overRows(source, rows), flatIndex(index, rows, size)], { rows: mulDims(rows, size) }, node.where);
  return reshape(flat, [rows, size, ...flat.shape.slice(1)]);
}
