// Tables for people: one per shape, then the rows with what must and what should be reached.
import type { Group } from "./groups.js";
import { type Outcomes, type Timing, timingOf } from "./measure.js";
import { type Row, shareOf, verdictOf } from "./rows.js";
import { knownLoss, operationsOf, type Shape } from "./shapes.js";

/** Largest difference of a loss or check, relative to one. */
const tolerance = 1e-3;

/** Lines for one shape's group: time, rate, share of the peak, how it compares, whether it computes the same. */
export function shapeLines({ title, shape, contestants }: Group, outcomes: Outcomes): readonly string[] {
  const operations = operationsOf(shape);
  const reference = timingOf(outcomes, "pytorch") ?? timingOf(outcomes, "native");
  const native = timingOf(outcomes, "native");
  const cells = contestants.map(({ name }): readonly string[] => {
    const timing = timingOf(outcomes, name);
    if (timing === null) {
      const outcome = outcomes.get(name);
      return [name, outcome !== undefined && "missing" in outcome ? outcome.missing : "not measured"];
    }
    const share = shareOf(timing, operations);
    return [
      name,
      significant(timing.ms),
      significant(operations / timing.ms / 1e6),
      share === null ? "" : `${share.toFixed(0)} %`,
      native === null ? "" : `${(timing.ms / native.ms).toFixed(2)}`,
      agreement(timing, reference, shape),
    ];
  });
  return [
    `${title}  (${significant(operations / 1e6)} MFLOP)`,
    ...table(["", "ms", "GFLOP/s", "of peak", "time/native", "same numbers"], cells),
  ];
}

/** Compares the losses that both have, or the mean size of the outputs. */
export function agreement(timing: Timing, reference: Timing | null, shape: Shape): string {
  const compare = (value: number, expected: number): string =>
    Math.abs(value - expected) <= tolerance * Math.max(1, Math.abs(expected)) ? "yes" : `NO: ${value} for ${expected}`;
  if (shape.kind === "infer") return reference === null ? "" : compare(Number(timing.facts.check), Number(reference.facts.check));
  const losses = lossesOf(timing);
  const first = compare(losses[0] ?? Number.NaN, knownLoss[shape.id] ?? Number.NaN);
  if (first !== "yes" || reference === null) return first;
  const others = lossesOf(reference);
  const last = Math.min(losses.length, others.length) - 1;
  const later = compare(losses[last] ?? Number.NaN, others[last] ?? Number.NaN);
  return later === "yes" ? `yes (loss 0${last > 0 ? `, ${last}` : ""})` : later;
}

function lossesOf({ facts }: Timing): readonly number[] {
  return Array.isArray(facts.losses) ? facts.losses.map(Number) : [];
}

/** Lines for a group that compares the library with itself. */
export function extraLines({ title, contestants }: Group, outcomes: Outcomes): readonly string[] {
  const cells = contestants.map(({ name, system }): readonly string[] => {
    const timing = timingOf(outcomes, name);
    const label = /^\d+$/.test(name) ? system.name : name;
    const outcome = outcomes.get(name);
    if (timing === null) return [label, outcome !== undefined && "missing" in outcome ? outcome.missing : "not measured"];
    return [label, significant(timing.wallMs), significant(timing.cpuMs)];
  });
  return [title, ...table(["", "ms", "processor ms"], cells)];
}

/** The final table. */
export function rowLines(rows: readonly Row[]): readonly string[] {
  const shown = (value: number | null, unit: Row["unit"]): string => {
    if (value === null) return "-";
    return unit === "x" ? `${value.toFixed(2)}x` : `${value.toFixed(0)} ${unit}`;
  };
  const cells = rows.map((row): readonly string[] => [
    row.what,
    shown(row.value, row.unit),
    row.must === null ? "" : `${row.more ? ">=" : "<="} ${shown(row.must, row.unit)}`,
    row.aim === null ? "" : shown(row.aim, row.unit),
    verdictOf(row),
    row.note,
  ]);
  return table(["row", "measured", "must", "aim", "reached", ""], cells);
}

/** How much of the wall time the systems had the core for themselves; below a tenth lost nothing is said. */
export function contention(all: readonly Outcomes[]): string | null {
  const ratios = all.flatMap((outcomes) =>
    [...outcomes.values()].flatMap((outcome) => ("missing" in outcome ? [] : [outcome.wallMs / outcome.cpuMs])),
  );
  ratios.sort((a, b) => a - b);
  const typical = ratios[ratios.length >> 1] ?? 1;
  return typical < 1.1
    ? null
    : `The core did other work too: wall time was ${typical.toFixed(2)} times processor time. --clock cpu compares better here.`;
}

function significant(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 4;
  return value.toFixed(digits);
}

/** Left column to the left, numbers to the right, the rest as it is; valid Markdown too. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(
      title.length,
      1,
      ...rows.filter((row) => row.length === head.length).map((row) => row[column]!.length),
      column === 0 ? Math.max(...rows.map(([name]) => name!.length)) : 0,
    ),
  );
  const line = (cells: readonly string[]): string => {
    if (cells.length < head.length) return `| ${cells[0]!.padEnd(widths[0]!)} | ${cells.slice(1).join(" | ")} |`;
    return `| ${cells.map((cell, column) => (column === 0 || column === head.length - 1 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(" | ")} |`;
  };
  const rule = `|${widths.map((width, column) => (column === 0 || column === head.length - 1 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(head), rule, ...rows.map(line)];
}
