// Labels of sequences from a table of outcomes: which column, which classes, which sequences have one.

import { DataError } from "../../base/errors.js";
import { counted } from "../../base/words.js";
import { shortName } from "../../data/decode.js";
import type { EventColumns, EventStatic } from "../../data/event-columns.js";
import { distinctCells, outcomeColumn } from "../../data/outcome-column.js";
import { columnOf, placeOf } from "../../data/table.js";
import type { Column, Table } from "../../data/types.js";
import type { ClassifyOptions, LabelledEvents } from "./types.js";

/** More classes than that, or than half of the rows, are no label. */
const mostClasses = 50;

/**
 * @param known  the classes of a model; found in the outcomes unless given
 * @throws DataError `unknown_column`, `no_id_column`, `label_unclear`, `duplicate_id`, `no_match`, `bad_static`, `no_sequence`, `one_class`, `small_class`, `no_label`,
 * `unknown_class`
 */
export function labelled(
  events: EventColumns,
  outcomes: Table,
  options: ClassifyOptions,
  known: readonly string[] | null = null,
): LabelledEvents {
  if (events.names.length === 0) {
    const message = "Every parameter of the events comes once, at the start: there is no sequence to classify.";
    throw new DataError("no_sequence", message, "Events need a parameter that is measured again.");
  }
  const id = idColumn(events, outcomes, options.id);
  const label = outcomeColumn(outcomes, id, { given: options.outcome, others: options.statics ?? [], option: "--outcome" });
  const rows = rowsById(outcomes, id, label);
  const found = events.ids.map((each) => rows.get(each) ?? -1);
  if (found.every((row) => row < 0)) {
    const shown = [
      `the events have ${events.ids.slice(0, 2).join(", ")}`,
      `${shortName(outcomes.file)} ${[...rows.keys()].slice(0, 2).join(", ")}`,
    ];
    throw new DataError("no_match", `No sequence has an outcome: of ids ${shown.join(", ")}.`, "Check --id.", placeOf(outcomes.file));
  }
  const cells = found.map((row) => (row < 0 ? null : label.cell(row)));
  if (cells.every((cell) => cell === null)) {
    const place = { ...placeOf(outcomes.file), column: label.name };
    throw new DataError("no_match", `${label.name} is empty for every sequence with events.`, "Name another column with --outcome.", place);
  }
  const classes = known === null ? classesOf(cells, label, outcomes) : onlyKnown(cells, known, label, outcomes);
  const labels = Int32Array.from(cells, (cell) => (cell === null ? -1 : classes.indexOf(cell)));
  if (options.statics?.includes(label.name) === true || options.statics?.includes(id.name) === true) {
    const name = options.statics.includes(label.name) ? label.name : id.name;
    const what = name === id.name ? "the column of the ids: it says nothing" : "the outcome itself: it would be known from the start";
    throw new DataError("bad_static", `${name} is ${what}.`, "Leave it out of --static.", { ...placeOf(outcomes.file), column: name });
  }
  const statics = (options.statics ?? []).map((name) => staticOf(columnOf(outcomes, name), found));
  const without = labels.reduce((count, each) => count + Number(each < 0), 0);
  const matched = found.filter((row) => row >= 0).length;
  const warnings = [
    ...(without > 0
      ? [{ code: "no_outcome", message: `${without} of ${events.ids.length} sequences have no outcome and are left out` }]
      : []),
    ...(matched < rows.size
      ? [{ code: "no_events", message: `${rows.size - matched} of ${rows.size} outcomes belong to no sequence with events` }]
      : []),
  ];
  const counts = classes.map((name, index) => `${name} (${labels.reduce((count, each) => count + Number(each === index), 0)})`);
  return {
    events: { ...events, statics: [...events.statics, ...statics] },
    labels,
    classes,
    label: label.name,
    lines: [`label: ${label.name}${options.outcome === undefined ? ", found" : ""}; classes ${counts.join(", ")}`],
    warnings,
  };
}

/** The column that holds the most ids of the events. */
export function idColumn(events: EventColumns, outcomes: Table, given: string | undefined): Column {
  if (given !== undefined && Object.hasOwn(outcomes.columns, given)) return columnOf(outcomes, given);
  const ids = new Set(events.ids);
  const hits = outcomes.names.map((name) => {
    const cells = new Set<string>();
    let filled = 0;
    for (let row = 0; row < outcomes.rows; row++) {
      const cell = outcomes.columns[name]!.cell(row);
      if (cell === null) continue;
      filled++;
      cells.add(cell);
    }
    // Codes and counts repeat, and some of them look like ids.
    if (2 * cells.size < filled) return 0;
    return [...cells].filter((cell) => ids.has(cell)).length;
  });
  const best = hits.indexOf(Math.max(...hits));
  if (hits[best]! > 0) return outcomes.columns[outcomes.names[best]!]!;
  const message = `${shortName(outcomes.file)} has no column with ids of the events, as ${events.ids.slice(0, 2).join(", ")}.`;
  throw new DataError("no_id_column", message, "It needs a row for each sequence, with its id.", placeOf(outcomes.file));
}

function rowsById(outcomes: Table, id: Column, label: Column): Map<string, number> {
  const rows = new Map<string, number>();
  for (let row = 0; row < outcomes.rows; row++) {
    const key = id.cell(row);
    if (key === null) continue;
    const before = rows.get(key);
    if (before !== undefined && label.cell(before) !== label.cell(row)) {
      const [line, other] = [outcomes.lines.get(row), outcomes.lines.get(before)];
      const message = `${id.name} ${key} has two outcomes (${outcomes.lineWord}s ${other} and ${line}).`;
      throw new DataError("duplicate_id", message, "Each sequence needs one.", { ...placeOf(outcomes.file), line, column: id.name });
    }
    rows.set(key, row);
  }
  return rows;
}

function classesOf(cells: readonly (string | null)[], label: Column, { file }: Table): readonly string[] {
  const counts = new Map<string, number>();
  for (const cell of cells) if (cell !== null) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const rows = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const place = { ...placeOf(file), column: label.name };
  if (counts.size > mostClasses || counts.size > rows / 2 + 1) {
    const message = `${label.name} has ${counts.size} values in ${rows} rows: no label.`;
    throw new DataError("no_label", message, "Name another column with --outcome.", place);
  }
  if (counts.size < 2)
    throw new DataError("one_class", `Only one class ("${[...counts.keys()][0] ?? ""}") found; two are needed.`, "", place);
  const small = [...counts].find(([, count]) => count < 3);
  if (small !== undefined) {
    const message = `Class "${small[0]}" has ${counted(small[1], "example")}; a split needs 3.`;
    throw new DataError("small_class", message, "", place);
  }
  const names = [...counts.keys()];
  return names.every((name) => name.trim() !== "" && Number.isFinite(Number(name)))
    ? names.sort((a, b) => Number(a) - Number(b))
    : names.sort();
}

/** The classes of a model, if there are no others among the cells. */
function onlyKnown(cells: readonly (string | null)[], known: readonly string[], { name }: Column, { file }: Table): readonly string[] {
  const strange = cells.find((cell) => cell !== null && !known.includes(cell));
  if (strange === undefined || strange === null) return known;
  const message = `${shortName(file)} contains class "${strange}", unseen in training.`;
  throw new DataError("unknown_class", message, `The model knows ${known.join(", ")}.`, { ...placeOf(file), column: name });
}

/** A column of the outcomes as static values of the sequences. */
export function staticOf(column: Column, rows: readonly number[]): EventStatic {
  if (column.kind === "number")
    return { name: column.name, categories: null, values: Float64Array.from(rows, (row) => (row < 0 ? Number.NaN : column.get(row))) };
  const categories = distinctCells(column, mostClasses);
  const values = Float64Array.from(rows, (row) => {
    const place = row < 0 ? -1 : categories.indexOf(column.cell(row) ?? "");
    return place < 0 ? Number.NaN : place;
  });
  return { name: column.name, categories, values };
}
