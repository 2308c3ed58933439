// A table in words: one block on the whole, one line per column, then what to look at before training.

import { shellWord } from "../base/shell-word.js";
import { counted } from "../base/words.js";
import type { Inspection } from "./commands/inspect.js";
import { shown } from "./numbers.js";
import { standardInput } from "./table-input.js";
import type { Terminal } from "./terminal.js";

type ColumnDescription = Inspection["columns"][number];

const mostColumns = 60;

/** The description as lines. */
export function inspectLines(found: Inspection, { paintOut: paint, columns: width }: Terminal): string[] {
  const hints = found.hints.map(({ message }) => `  ${paint("yellow", "!")} ${message}`);
  return [
    paint("bold", found.file ?? "table"),
    ...wholeLines(found).map((line) => `  ${line}`),
    "",
    ...columnTable(found.columns.slice(0, mostColumns), found.assumedTarget, width).map((line, i) => (i === 0 ? paint("dim", line) : line)),
    ...(found.columns.length > mostColumns ? [`and ${counted(found.columns.length - mostColumns, "more column")}; --json has all`] : []),
    "",
    ...(hints.length === 0 ? [paint("green", "Nothing to worry about was found.")] : [paint("bold", "Look at:"), ...hints]),
    "",
    ...nextLines(found),
  ];
}

function wholeLines(found: Inspection): string[] {
  const { clock, series, candidates, target, assumedTarget, duplicateRows } = found;
  const lines = [`${counted(found.rows, "row")}, ${counted(found.columns.length, "column")}, ${formWords(found)}`];
  if (clock === null) lines.push("time: could not be read, see below");
  else if (clock.columns.length === 0) lines.push("time: no column, rows are numbered");
  else {
    const order = clock.isSorted ? "in order" : "not in order";
    const season = clock.season > 1 ? `season ${counted(clock.season, "row")}` : "no season";
    lines.push(`time: ${clock.columns.join(", ")}, ${clock.frequency}, ${clock.start} to ${clock.end}, ${season}, ${order}`);
  }
  if (clock !== null) lines.push(`gaps: ${clock.gaps}; rows that share a time: ${clock.duplicates}; repeated rows: ${duplicateRows.count}`);
  if (series !== null)
    lines.push(`series: ${series.count} by ${series.id}, ${series.shortest} to ${series.longest} rows (median ${series.median})`);
  if (target !== null) lines.push(`target: ${target}`);
  else if (assumedTarget !== null)
    lines.push(`target: not named; compared with ${assumedTarget}. Possible: ${candidates.target.slice(0, 8).join(", ")}`);
  else lines.push("target: no column of numbers could be one");
  if (series === null && candidates.id.length > 0) lines.push(`id: ${candidates.id.join(", ")} could tell series apart`);
  return lines;
}

function formWords({ delimiter, hasHeader }: Inspection): string {
  if (delimiter === null) return "values with their names";
  return `${hasHeader ? "a header" : "no header"}, separated by ${delimiter === "\t" ? "tab" : delimiter}`;
}

const heads = ["column", "type", "missing", "different", "least", "median", "most", "note"] as const;

// Long names are cut so that a line stays a line; --json has them whole.
function columnTable(columns: readonly ColumnDescription[], assumed: string | null, width: number): string[] {
  const cells = [heads, ...columns.map((column) => cellsOf(column, column.name === assumed))];
  const widths = heads.map((_, i) => Math.max(...cells.map((row) => [...(row[i] ?? "")].length)));
  const spare = width - widths.slice(1).reduce((sum, each) => sum + each + 2, 0);
  widths[0] = Math.max(10, Math.min(widths[0] ?? 0, spare));
  return cells.map((row) =>
    row
      .map((cell, i) => {
        const room = widths[i] ?? 0;
        const text = i === 0 && [...cell].length > room ? `${[...cell].slice(0, room - 1).join("")}…` : cell;
        const fill = " ".repeat(Math.max(0, room - [...text].length));
        return i < 2 || i === heads.length - 1 ? text + fill : fill + text;
      })
      .join("  ")
      .trimEnd(),
  );
}

function cellsOf(column: ColumnDescription, isAssumed: boolean): string[] {
  const { name, type, missing, distinct, numbers } = column;
  const number = (value: number | undefined): string => (value === undefined || type === "time" ? "" : shown(value));
  return [
    name,
    type,
    String(missing),
    distinct === null ? "many" : String(distinct),
    number(numbers?.min),
    number(numbers?.median),
    number(numbers?.max),
    noteOf(column, isAssumed),
  ];
}

function noteOf({ role, isConstant, type, words }: ColumnDescription, isAssumed: boolean): string {
  if (isAssumed) return "target?";
  if (role !== null) return role;
  if (isConstant) return "constant";
  const [most] = words;
  return type === "text" && most !== undefined && most.count > 1 ? `often "${cut(most.word)}"` : "";
}

function cut(word: string): string {
  return [...word].length > 20 ? `${[...word].slice(0, 19).join("")}…` : word;
}

function nextLines({ file, target, assumedTarget, candidates, clock }: Inspection): string[] {
  const goal = target ?? assumedTarget;
  if (file === null || file === standardInput || goal === null) return [];
  const flags = candidates.target.length > 1 ? ` --target ${shellWord(goal)}` : "";
  const merge = clock !== null && clock.duplicates > 0 ? " --duplicates mean" : "";
  return [`Next: deep-rnn forecast ${shellWord(file)}${flags}${merge} --dry-run`];
}
