// What `inspect` shows: every column, the clock, who could be time, id and target, and what to look at before training.

import { DataError } from "../base/errors.js";
import { counted } from "../base/words.js";
import type { ClockDescription, ColumnDescription, DescribeOptions, Hint, TableDescription } from "./description.js";
import { type DuplicateRows, duplicateRows } from "./duplicate-rows.js";
import { idCandidates, idOf } from "./id-columns.js";
import { hasKnownNames, knownNames } from "./known-names.js";
import { findLeakHints } from "./leak-hints.js";
import { missingCode, missingCodeWords } from "./missing-code.js";
import { panel } from "./panel.js";
import { isRowNumber } from "./roles.js";
import { groupRows, type RowGroup } from "./rows.js";
import { shownCell } from "./shown.js";
import { summariseColumn } from "./summarise.js";
import { columnOf } from "./table.js";
import { cutWords, looksLikeTimes, readTimes, splitNames, type Times, unreadTime } from "./time-column.js";
import type { Panel, Table } from "./types.js";

/**
 * Describes a table for a person who is about to train on it. Never throws for odd data: what reading would refuse becomes a
 * hint with the code and sentence of that error.
 *
 * @throws DataError `unknown_column` for a column named in the options
 * @example  const { columns, hints } = describeTable(await readTable("sales.csv"));
 */
export function describeTable(table: Table, options: DescribeOptions = {}): TableDescription {
  const hints: Hint[] = [];
  const id = options.id ?? (hasKnownNames(table, "id", "time") ? knownNames.id : undefined);
  const ids = id === undefined ? [] : splitNames(table, id).map((name) => columnOf(table, name));
  const named = options.target === undefined ? [] : splitNames(table, options.target);
  for (const name of named) columnOf(table, name);
  const taken = [...named, ...ids.map((column) => column.name)];
  const times = tryTimes(table, options, taken, hints);
  const groups = groupRows(times.rows, ids, times);
  const candidates = {
    time: timeCandidates(table, times),
    id: ids.length > 0 ? ids.map((column) => column.name) : idCandidates(table, times),
    target: targetCandidates(table, [...times.columns, ...ids.map((column) => column.name)]),
  };
  const target =
    named[0] ??
    (hasKnownNames(table, "time", "target") ? knownNames.target : candidates.target.length === 1 ? candidates.target[0]! : null);
  const role = (name: string): ColumnDescription["role"] =>
    times.columns.includes(name) ? "time" : ids.some((column) => column.name === name) ? "id" : name === target ? "target" : null;
  const columns = table.names.map((name) =>
    summariseColumn(table, table.columns[name]!, { isTime: candidates.time.includes(name), role: role(name) }),
  );
  const first = target ?? candidates.target[0];
  const found = first === undefined ? null : tryPanel(table, { ...options, ...(id === undefined ? {} : { id }), target: first }, hints);
  const clock = clockOf(times, groups, found);
  const repeated = duplicateRows(table);
  hints.push(...repeatedHints(repeated));
  hints.push(...codeHints(table, columns));
  hints.push(
    ...columnHints(columns, table.lineWord),
    ...clockHints(clock, ids.length > 0 ? null : idOf(table, times, candidates.id), times.isCut === true),
  );
  if (times.columns.length === 0) hints.push(...unreadHints(table));
  if (target !== null) hints.push(...leakHints(table, target, groups, times));
  return {
    ...{
      file: table.file,
      rows: table.rows,
      hasHeader: table.hasHeader,
      delimiter: table.isKeyed ? null : table.delimiter,
      decimal: table.decimal,
    },
    ...{ duplicateRows: repeated, columns, clock, series: seriesOf(found), target, candidates, hints },
  };
}

function asHint(error: unknown): Hint {
  if (!(error instanceof DataError) || error.code === "unknown_column") throw error;
  return { code: error.code, column: error.column, message: error.message };
}

function tryTimes(table: Table, options: DescribeOptions, taken: readonly string[], hints: Hint[]): Times {
  try {
    const times = readTimes(table, { ...options, taken });
    if (times.firstBad >= 0) hints.push(asHint(times.problem(times.firstBad)));
    return times;
  } catch (error) {
    hints.push(asHint(error));
    return readTimes(table, { ...options, taken, dateOrder: "mdy" });
  }
}

/** Duplicates are counted, not refused: inspecting is how one learns about them. */
function tryPanel(table: Table, options: DescribeOptions, hints: Hint[]): Panel | null {
  try {
    const found = panel(table, { ...options, duplicates: "first" });
    if (found.skipped.length > 0) hints.push({ code: "skipped_series", column: null, message: found.found.at(-1)! });
    return found;
  } catch (error) {
    const hint = asHint(error);
    if (!hints.some(({ code }) => code === hint.code)) hints.push(hint);
    return null;
  }
}

function clockOf(times: Times, groups: readonly RowGroup[], found: Panel | null): ClockDescription | null {
  if (found === null) return null;
  const first = found.series.reduce((a, b) => (b.timeAt(0) < a.timeAt(0) ? b : a));
  const endOf = ({ values, timeAt }: (typeof found.series)[number]): number => timeAt(values.length - 1);
  const last = found.series.reduce((a, b) => (endOf(b) > endOf(a) ? b : a));
  let isSorted = true;
  for (const { rows } of groups) for (let i = 1; i < rows.length && isSorted; i++) isSorted = rows.get(i) > rows.get(i - 1);
  return {
    columns: times.columns,
    frequency: found.frequency,
    season: found.season,
    start: first.timeLabel(0),
    end: last.timeLabel(last.values.length - 1),
    gaps: found.gaps,
    duplicates: found.duplicates,
    isSorted,
    dateOrder: found.dateOrder,
  };
}

function seriesOf(found: Panel | null): TableDescription["series"] {
  if (found === null || found.id === null) return null;
  const lengths = found.series.map(({ values }) => values.length).sort((a, b) => a - b);
  return {
    id: found.id,
    count: lengths.length,
    shortest: lengths[0]!,
    median: lengths[lengths.length >> 1]!,
    longest: lengths.at(-1)!,
    skipped: found.skipped,
  };
}

function timeCandidates(table: Table, times: Times): string[] {
  const written = table.names.filter((name) => table.columns[name]!.kind === "text" && looksLikeTimes(table.columns[name]!));
  return [...new Set([...times.columns, ...written])];
}

const targetNames = /^(y|target|value|values|sales|demand|qty|quantity|count|amount|revenue|load|ot)$/i;

function targetCandidates(table: Table, others: readonly string[]): string[] {
  const columns = table.names.filter((name) => !others.includes(name)).map((name) => table.columns[name]!);
  const numeric = columns.filter(
    (column) => column.numeric > 0 && 2 * column.numeric >= table.rows - column.missing && !isRowNumber(column),
  );
  const names = numeric.map((column) => column.name);
  return [...names.filter((name) => targetNames.test(name)), ...names.filter((name) => !targetNames.test(name))];
}

function leakHints(table: Table, target: string, groups: readonly RowGroup[], times: Times): Hint[] {
  const others = table.names.filter((name) => name !== target && !times.columns.includes(name)).map((name) => table.columns[name]!);
  const numeric = others.filter((column) => column.kind === "number" && column.numeric > 0);
  const counters = numeric.filter((column) => isRowNumber(column));
  return [
    ...counters.map(({ name }) => ({ code: "row_number", column: name, message: `${name} only counts the rows.` })),
    ...findLeakHints(
      columnOf(table, target),
      numeric.filter((column) => !counters.includes(column)),
      groups,
    ),
  ];
}

function codeHints(table: Table, columns: readonly ColumnDescription[]): Hint[] {
  return columns.flatMap(({ name, role, type }): Hint[] => {
    const column = table.columns[name]!;
    const code = role === "time" || role === "id" || type !== "number" ? null : missingCode(table.rows, (row) => column.get(row));
    return code === null ? [] : [{ code: "missing_code", column: name, message: `${missingCodeWords(name, code)}.` }];
  });
}

function columnHints(columns: readonly ColumnDescription[], word: string): Hint[] {
  return columns.flatMap((column): Hint[] => {
    const { name, count, missing, numbers, notNumbers } = column;
    const hints: Hint[] = [];
    const add = (code: string, message: string): number => hints.push({ code, column: name, message });
    if (count === 0) add("empty_column", `${name} has no values.`);
    else if (column.isConstant) add("constant_column", `${name} is the same in every row.`);
    else if (missing > 0.3 * (count + missing))
      add("missing_many", `${name} is missing in ${percent(missing / (count + missing))} of the rows.`);
    if (notNumbers !== null && column.role !== "time" && column.type !== "time") {
      add(
        "not_a_number",
        `${name}: ${counted(notNumbers.count, "cell is", "cells are")} no number, the first "${shownCell(notNumbers.cell)}" in ${word} ${notNumbers.line}.`,
      );
    }
    const outliers = numbers?.outliers.count ?? 0;
    if (outliers > 0 && column.role !== "time" && column.role !== "id") {
      const first = numbers!.outliers.first[0]!;
      add(
        "outliers",
        `${name}: ${counted(outliers, "value lies", "values lie")} far outside, the first ${first.value} in ${word} ${first.line}.`,
      );
    }
    return hints;
  });
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function repeatedHints({ count, first }: DuplicateRows): Hint[] {
  const [one] = first;
  if (one === undefined) return [];
  const rows = counted(count, "row repeats", "rows repeat");
  return [
    {
      code: "duplicate_rows",
      column: null,
      message: `${rows} another one in every cell, the first in line ${one.line} (as line ${one.of}).`,
    },
  ];
}

function unreadHints(table: Table): Hint[] {
  const unread = unreadTime(table);
  if (unread === null) return [];
  const { column, cell } = unread;
  return [
    {
      code: "unread_time",
      column,
      message: `${column} is different in every row, but "${shownCell(cell)}" is no time in a known form: rows are numbered.`,
    },
  ];
}

function clockHints(clock: ClockDescription | null, id: string | null, isCut: boolean): Hint[] {
  if (clock === null) return [];
  const hints: Hint[] = [];
  const column = clock.columns.join(",") || null;
  if (isCut) hints.push({ code: "times_cut", column, message: `${column}: ${cutWords}.` });
  if (clock.duplicates > 0) {
    const verb = id?.includes(",") === true ? "tell" : "tells";
    const help = id === null ? "Merge them with --duplicates mean." : `${id} ${verb} them apart: --id ${id}.`;
    hints.push({
      code: "duplicate_times",
      column,
      message: `${counted(clock.duplicates, "row shares its time", "rows share their time")} with another. ${help}`,
    });
  }
  if (clock.gaps > 0) hints.push({ code: "gaps", column, message: `${counted(clock.gaps, "step has", "steps have")} no row.` });
  return hints;
}
