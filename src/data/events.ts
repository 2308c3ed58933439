// Event rows (id, time, parameter, value) and outcomes become irregular sequences with static columns and labels.

import { defined } from "../base/defined.js";
import { DataError } from "../base/errors.js";
import { counted, listed } from "../base/words.js";
import { dateOrderOf } from "./date-order.js";
import { eventHints, unitColumn } from "./event-hints.js";
import { EventStore, mostWords, type PackedEvents } from "./event-store.js";
import type { EventOptions, EventOrigin, Events } from "./event-types.js";
import { outcomeColumn } from "./outcome-column.js";
import { missingHint } from "./roles.js";
import { shownCell } from "./shown.js";
import { columnOf, placeOf } from "./table.js";
import { parseTime } from "./time.js";
import type { Column, ReadTableOptions, StaticColumn, Table } from "./types.js";

const hourMs = 3_600_000;
type Role = "id" | "time" | "parameter" | "value";

const names: Readonly<Record<Role, RegExp>> = {
  id: /^(.*[_ ])?(id|subject|patient|stay|encounter|device|machine|user|customer)$|^(record|patient|stay|hadm|icustay|subject|case|unit)[_ ]?id$/i,
  time: /time|hour|minute|date|day|clock|when|^(t|at)$/i,
  parameter:
    /^(param(eter)?|variable|var|item|itemid|code|concept|measure(ment)?|test|feature|attribute|name|signal|label|event)s?([_ ](name|id|code))?$/i,
  value: /^(value(_?num)?|val|result|number|reading|measurement|observation|obs|amount|y)$/i,
};

/**
 * Reads event rows of one table: each says of which id, when, what, and how much.
 *
 * @throws DataError `unknown_column`, `choose_column`, `bad_time`, `ambiguous_dates`, `not_a_number`, `no_events`, `label_unclear`, `no_outcomes`
 * @example  const { parameters, sequence } = events(parseTable("id,hour,parameter,value\n7,0,HR,80\n7,0.5,HR,84\n7,1,pH,7.4\n"));
 */
export function events(table: Table, options: EventOptions = {}): Events {
  const store = new EventStore(options);
  const taken: string[] = [];
  const id = roleColumn(table, "id", options.id, taken);
  addRows(store, table, { ...options, id: id.name }, (row) => id.cell(row) ?? "");
  return finishEvents(store, options);
}

/**
 * Adds the rows of one table to a store.
 * @throws DataError `unknown_column`, `choose_column`, `bad_time`, `ambiguous_dates`, `not_a_number`
 */
export function addRows(store: EventStore, table: Table, options: EventOptions, idOf: (row: number) => string): void {
  const taken = options.id === undefined ? [] : [options.id];
  const time = roleColumn(table, "time", options.time, taken);
  const parameter = roleColumn(table, "parameter", options.parameter, taken);
  const value = roleColumn(table, "value", options.value, taken);
  const unit = unitColumn(table, taken);
  const units = unit === undefined ? null : columnOf(table, unit);
  const written = (row: number): string | null => (Number.isNaN(time.time(row)) ? time.cell(row) : null);
  const order = dateOrderOf(table, { count: table.rows, cell: written, given: options.dateOrder, column: time.name });
  store.dateOrder = order ?? store.dateOrder;
  for (let row = 0; row < table.rows; row++) {
    const what = parameter.cell(row);
    if (what === null) continue;
    const number = value.get(row);
    const measured = Number.isNaN(number) ? (value.cell(row) ?? number) : number;
    if (!store.add(idOf(row), hoursOf(table, time, row, store), what, measured))
      throw wordsAndNumbers(table, { what, value, row, word: store.firstWord(what) });
    if (units !== null) store.units.add(what, units.cell(row));
  }
}

/** Of a parameter of both kinds the word is what may be meant as missing. */
function wordsAndNumbers(
  table: Table,
  { what, value, row, word }: { readonly what: string; readonly value: Column; readonly row: number; readonly word: string | null },
): DataError {
  const cell = value.cell(row)!;
  const line = table.lines.get(row);
  const kinds = word === null ? "a word, and was a number before" : `a number, and was "${shownCell(word)}" before`;
  const message = `${table.lineWord} ${line}, ${value.name}: ${shownCell(what)} is "${shownCell(cell)}", ${kinds};`;
  const hint = missingHint(word ?? cell);
  return new DataError("not_a_number", message, hint, { ...placeOf(table.file), line, column: value.name });
}

/** How the tables of events are read: what was measured is a name, whatever it looks like. */
export function eventTableOptions({ parameter, missing, delimiter, encoding }: EventOptions): ReadTableOptions {
  return {
    names: (column) => (parameter === undefined ? names.parameter.test(column.trim()) : column === parameter),
    ...defined({ missing, delimiter, encoding }),
  };
}

/** The columns of a table that are called as those of events are; null if it holds no events. */
export function eventColumnsIn(table: Table): Readonly<Record<Role, string>> | null {
  const taken: string[] = [];
  const named = (role: Role): string => taken[taken.push(likelyColumn(table, role, taken) ?? "") - 1]!;
  const found = { id: named("id"), time: named("time"), parameter: named("parameter"), value: named("value") };
  return taken.includes("") ? null : found;
}

function likelyColumn(table: Table, role: Role, taken: readonly string[]): string | undefined {
  return table.names.find((name) => !taken.includes(name) && names[role].test(name.trim()));
}

/** A named column, or the one not yet taken that is called as such columns are. */
function roleColumn(table: Table, role: Role, given: string | undefined, taken: string[]): Column {
  const name = given ?? likelyColumn(table, role, taken);
  if (name === undefined) {
    const message = `no column is called like the ${role} of an event (columns are ${listed(table.names)}):`;
    throw new DataError("choose_column", message, `name it with --${role}.`, placeOf(table.file));
  }
  taken.push(name);
  return columnOf(table, name);
}

/** "36:30" is 36.5; plain numbers stay as they are; dates become hours since 1970, which the store is told. */
function hoursOf(table: Table, column: Column, row: number, store: EventStore): number {
  const number = column.get(row);
  if (!Number.isNaN(number)) return number;
  const cell = column.cell(row) ?? "";
  const clock = /^(\d+):([0-5]\d)(?::([0-5]\d))?$/.exec(cell);
  if (clock !== null) return Number(clock[1]) + Number(clock[2]) / 60 + Number(clock[3] ?? 0) / 3600;
  const kept = column.time(row);
  const ms = Number.isNaN(kept) ? parseTime(cell, store.dateOrder)?.ms : kept;
  if (ms !== undefined) {
    store.hasDates = true;
    return ms / hourMs;
  }
  const line = table.lines.get(row);
  const message = `${table.lineWord} ${line}, ${column.name}: "${shownCell(cell)}" is not a time.`;
  throw new DataError("bad_time", message, "", { ...placeOf(table.file), line, column: column.name });
}

/** Numbers are those of a counter if sequences begin so many times later than they are long. */
const counterLengths = 10;

function originOf(store: EventStore, all: readonly PackedEvents[]): EventOrigin {
  if (store.hasDates) return "first";
  const times = all.map((one) => one.times).filter(({ length }) => length > 0);
  const starts = Float64Array.from(times, (each) => each[0]!).sort();
  const length = times.reduce((sum, each) => sum + each.at(-1)! - each[0]!, 0) / Math.max(1, times.length);
  const start = starts[Math.floor(starts.length / 2)] ?? 0;
  return length > 0 && start > counterLengths * length ? "first" : "zero";
}

/**
 * Orders, merges and joins what a store has collected.
 * @throws DataError `no_events`, `label_unclear`, `no_outcomes`, `unknown_column`
 */
export function finishEvents(store: EventStore, options: EventOptions): Events {
  if (store.ids.length === 0) throw new DataError("no_events", "there are no events.");
  store.survey(options.negative ?? []);
  const outcomes = typeof options.outcomes === "object" ? readOutcomes(options.outcomes, options) : null;
  const ids = store.ids.filter((id) => outcomes === null || outcomes.labels.has(id));
  if (ids.length === 0)
    throw new DataError("no_outcomes", "no id of the events is among those of the outcomes.", "Name the outcomes' id column.");
  const texts = store.parameters.find(({ words }) => words !== null && words.length > mostWords);
  if (texts !== undefined) {
    const message = `${shownCell(texts.name)} has more than ${mostWords} different words: texts are not read.`;
    throw new DataError("too_many_categories", message, "Leave its rows out, or group the rare words.");
  }
  const isStatic = staticPlaces(store, options);
  const how = options.duplicates ?? "mean";
  const all = ids.map((id) => store.pack(id, how));
  const changing = store.parameters.flatMap(({ name, words }, place): ValueColumn[] => {
    if (isStatic[place]) return [];
    return words === null ? [{ name, place, word: null }] : words.map((word, code) => ({ name: `${name}=${word}`, place, word: code }));
  });
  changing.sort((a, b) => (a.name < b.name ? -1 : 1));
  const columns = store.parameters.map((_, place) =>
    changing.flatMap((each, index) => (each.place === place ? [{ index, word: each.word }] : [])),
  );
  const parameters = changing.map(({ name }) => name);
  const origin = options.origin ?? originOf(store, all);
  const packed = all.map((one) => onlyChanging(one, columns, origin));
  const statics = staticColumns(store, all, isStatic, ids);
  const unmatched = { events: store.ids.length - ids.length, outcomes: outcomes === null ? 0 : outcomes.labels.size - ids.length };
  const count = packed.reduce((sum, one) => sum + one.values.length, 0);
  return {
    ...{ ids, parameters, statics, events: count, unmatched },
    strange: [...store.strange].sort(),
    hints: eventHints(store),
    alike: {
      origin,
      ...(store.dateOrder === null ? {} : { dateOrder: store.dateOrder }),
      negative: store.parameters.filter(({ least }) => least < 0).map(({ name }) => name),
      statics: store.parameters.filter((_, place) => isStatic[place]).map(({ name }) => name),
      words: Object.fromEntries(store.parameters.flatMap(({ name, words }) => (words === null ? [] : [[name, words]]))),
    },
    labels: outcomes === null ? null : ids.map((id) => outcomes.labels.get(id)!),
    label: outcomes?.name ?? null,
    length: (index) => packed[index]!.times.length,
    sequence: (index) => ({ id: ids[index]!, ...dense(packed[index]!, parameters.length) }),
    found: foundIn({ ids, parameters, statics, count, unmatched, label: outcomes?.name ?? null }),
  };
}

function staticPlaces(store: EventStore, { statics }: EventOptions): boolean[] {
  if (statics !== undefined) return store.parameters.map(({ name }) => statics.includes(name));
  const ids = store.ids.length;
  return store.parameters.map((facts) => facts.changing === 0 && 2 * facts.ids >= ids);
}

/** A column of values: of a parameter, or of one of its words. */
interface ValueColumn {
  readonly name: string;
  readonly place: number;
  readonly word: number | null;
}

/** Times that hold static values only are no steps of the sequence. `columns` are those of each parameter; a word is 1 in its own and 0 in the others. */
function onlyChanging(
  one: PackedEvents,
  columns: readonly (readonly { readonly index: number; readonly word: number | null }[])[],
  origin: EventOrigin,
): PackedEvents {
  const kept = Array.from(one.values.keys()).filter((e) => columns[one.parameters[e]!]!.length > 0);
  const steps = [...new Set(kept.map((e) => one.steps[e]!))];
  const places = new Map(steps.map((step, place) => [step, place]));
  const cells = kept.flatMap((e) => columns[one.parameters[e]!]!.map((column) => ({ e, ...column })));
  const begin = origin === "first" ? (one.times[0] ?? 0) : 0;
  return {
    times: Float64Array.from(steps, (step) => one.times[step]! - begin),
    steps: Int32Array.from(cells, ({ e }) => places.get(one.steps[e]!)!),
    parameters: Int32Array.from(cells, ({ index }) => index),
    values: Float64Array.from(cells, ({ e, word }) => (word === null ? one.values[e]! : Number(one.values[e] === word))),
  };
}

function staticColumns(
  store: EventStore,
  all: readonly PackedEvents[],
  isStatic: readonly boolean[],
  ids: readonly string[],
): StaticColumn[] {
  return store.parameters.flatMap(({ name, words }, place): StaticColumn[] => {
    if (!isStatic[place]) return [];
    const values = Float64Array.from(all, (one) => one.values[one.parameters.indexOf(place)] ?? Number.NaN);
    // The id itself is often among the descriptors, and says nothing.
    if (values.every((value, i) => (words?.[value] ?? String(value)) === ids[i])) return [];
    if (words === null) return [{ name, kind: "number", values }];
    return [{ name, kind: "category", categories: words, codes: Int32Array.from(values, (code) => (Number.isNaN(code) ? -1 : code)) }];
  });
}

function dense(
  { times, steps, parameters, values }: PackedEvents,
  width: number,
): { times: Float64Array; values: Float32Array; mask: Uint8Array } {
  const filled = new Float32Array(times.length * width);
  const mask = new Uint8Array(times.length * width);
  values.forEach((value, e) => {
    const at = steps[e]! * width + parameters[e]!;
    filled[at] = value;
    mask[at] = 1;
  });
  return { times, values: filled, mask };
}

function readOutcomes(table: Table, options: EventOptions): { name: string; labels: Map<string, string> } {
  const taken: string[] = [];
  const id = roleColumn(table, "id", options.outcomeId, taken);
  const column = outcomeColumn(table, id, { given: options.label, option: "label" });
  const labels = new Map<string, string>();
  for (let row = 0; row < table.rows; row++) {
    const [key, cell] = [id.cell(row), column.cell(row)];
    if (key !== null && cell !== null) labels.set(key, cell);
  }
  return { name: column.name, labels };
}

interface FoundFacts {
  readonly ids: readonly string[];
  readonly parameters: readonly string[];
  readonly statics: readonly StaticColumn[];
  readonly count: number;
  readonly unmatched: Events["unmatched"];
  readonly label: string | null;
}

function foundIn({ ids, parameters, statics, count, unmatched, label }: FoundFacts): string[] {
  const lines = [
    `${counted(ids.length, "sequence")}, ${counted(count, "measurement")} of ${counted(parameters.length, "parameter")}: ${listed(parameters)}`,
  ];
  if (statics.length > 0) lines.push(`the same throughout: ${listed(statics.map(({ name }) => name))}`);
  if (label !== null) lines.push(`outcome ${label}`);
  if (unmatched.events > 0) lines.push(`${counted(unmatched.events, "id has no outcome and is", "ids have no outcome and are")} left out`);
  if (unmatched.outcomes > 0) lines.push(`${counted(unmatched.outcomes, "outcome has", "outcomes have")} no events`);
  return lines;
}
