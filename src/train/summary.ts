// The table that `summary` gives.

import type { BuiltNetwork } from "../nn/network.js";

/** Layers with kind, output shape and number of parameters, and the total. */
export function summaryTable(built: BuiltNetwork): string {
  const head = ["layer", "kind", "output shape", "parameters"];
  const rows = built.layers.map(({ name, kind, outputShape, parameters }) => [
    name,
    kind,
    `[${outputShape.join(", ")}]`,
    grouped(parameters),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  const total = built.layers.reduce((sum, { parameters }) => sum + parameters, 0);
  return [line(head), rule, ...rows.map(line), rule, `${grouped(total)} parameters (${bytes(4 * total)})`].join("\n");
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

function bytes(count: number): string {
  if (count < 1000) return `${count} bytes`;
  return count < 1e6 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}
