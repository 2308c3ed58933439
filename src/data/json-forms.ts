// Forms in which programs write a whole table as one JSON object, each turned into an object of lists, a list per column.

import { isRecord } from "../base/tree.js";

type Json = Readonly<Record<string, unknown>>;

/** What makes the rows of an object: lists of equal length are columns, the rest stands in every row. Names of inner objects are joined with a point. */
export function columnsOf(value: Json): [string, unknown][] {
  return splitForm(value) ?? tableForm(value) ?? indexForm(value) ?? rowForm(value) ?? recordForm(flatEntries(value));
}

/** `{ columns: ["day", "sold"], data: [["2024-01-01", 7], ...] }`, with or without `index`: what pandas calls split. */
function splitForm({ columns, data }: Json): [string, unknown][] | null {
  if (!isList(columns) || !isList(data) || columns.length === 0 || data.length === 0) return null;
  const rows = data.filter((row): row is readonly unknown[] => isList(row) && row.length === columns.length);
  if (rows.length < data.length) return null;
  return columns.map((name, place) => [String(name), rows.map((row) => row[place])]);
}

/** `{ schema: { fields: [{ name: "day" }, ...] }, data: [{ day: "2024-01-01", sold: 7 }, ...] }`: what pandas calls table. */
function tableForm({ schema, data }: Json): [string, unknown][] | null {
  if (!isRecord(schema) || !isList(schema.fields) || !isList(data) || !data.every(isRecord)) return null;
  const names = schema.fields.map((field) => (isRecord(field) ? field.name : null));
  const columns = names.flatMap((name): [string, unknown[]][] => (typeof name === "string" ? [[name, data.map((row) => row[name])]] : []));
  if (columns.length < names.length || data.length === 0) return null;
  return columns.filter(([name, cells]) => name !== "index" || cells.some((cell, row) => cell !== row));
}

/** `{ "2024-01-01": { sold: 7 }, "2024-01-02": { sold: 5 }, ... }`: rows by their index. */
function rowForm(value: Json): [string, unknown][] | null {
  const entries = Object.entries(value);
  const rows = entries.map(([, row]) => row).filter(isRecord);
  const names = Object.keys(rows[0] ?? {});
  const isRow = (row: Json): boolean =>
    Object.keys(row).join() === names.join() && !Object.values(row).some((cell) => isRecord(cell) || isList(cell));
  if (entries.length < 2 || rows.length < entries.length || !entries.every(([key]) => /^\d/.test(key)) || !rows.every(isRow)) return null;
  return indexed(
    entries.map(([key]) => key),
    names.map((name) => [name, rows.map((row) => row[name])]),
  );
}

/** `{ day: { "0": "2024-01-01", "1": ... }, sold: { "0": 7, ... } }`: columns by the index of their rows, as pandas writes them unasked. */
function indexForm(value: Json): [string, unknown][] | null {
  const columns = Object.entries(value);
  const index = isRecord(columns[0]?.[1]) ? Object.keys(columns[0][1]) : [];
  if (index.length < 2 || !index.every((key) => /^\d/.test(key))) return null;
  const isColumn = (inner: unknown): inner is Json => isRecord(inner) && Object.keys(inner).join() === index.join();
  const lists = columns.flatMap(([name, inner]): [string, unknown][] => (isColumn(inner) ? [[name, Object.values(inner)]] : []));
  if (lists.length < columns.length) return null;
  return indexed(index, lists);
}

/** Columns beside their index; rows that are only counted need none. */
function indexed(index: readonly string[], columns: [string, unknown][]): [string, unknown][] {
  const isCounted = index.every((key, row) => key === String(row));
  return isCounted ? columns : [["index", index.map((key) => (/^\d+$/.test(key) ? Number(key) : key))], ...columns];
}

/** `{ station: "A", readings: [{ time: ..., level: ... }, ...] }`: the only list of objects holds the rows. */
function recordForm(entries: [string, unknown][]): [string, unknown][] {
  const lists = entries.filter(([, entry]) => isList(entry));
  const [name, list] = lists[0] ?? ["", []];
  if (lists.length !== 1 || !isList(list) || list.length === 0 || !list.every(isRecord)) return entries;
  const others = entries.filter((entry) => entry !== lists[0]);
  const taken = new Set(others.map(([other]) => other));
  const rows = list.map((row) => new Map(flatEntries(row)));
  const names = new Set(rows.flatMap((row) => [...row.keys()]));
  return [
    ...others,
    ...[...names].map((key): [string, unknown] => [taken.has(key) ? `${name}.${key}` : key, rows.map((row) => row.get(key))]),
  ];
}

function flatEntries(value: Json, prefix = ""): [string, unknown][] {
  return Object.entries(value).flatMap(([name, entry]): [string, unknown][] =>
    isRecord(entry) ? flatEntries(entry, `${prefix}${name}.`) : [[prefix + name, entry]],
  );
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
