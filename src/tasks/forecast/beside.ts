// What a network reads beside the target: past-only, known-future, calendar and static columns, in scales measured before the hold-out.

import { DataError } from "../../base/errors.js";
import { type CalendarPart, calendarColumns, type Holidays, usefulParts } from "../../data/calendar.js";
import { shortName } from "../../data/decode.js";
import type { ColumnWords } from "../../data/roles.js";
import { placeOf } from "../../data/table.js";
import type { Covariate, Panel, Series, StaticColumn } from "../../data/types.js";
import {
  type BesideColumns,
  type ColumnScale,
  categorySizes,
  measureColumns,
  measureStatics,
  type ScaledColumn,
  type StaticScale,
  StaticTensors,
} from "../../data/window-columns.js";
import type { BesideSource } from "./laid-run.js";
import { type Channels, noChannels } from "./network/types.js";
import type { TaskOptions } from "./types.js";

/** What is kept with a model of the columns it reads; as JSON. */
export interface BesideFacts {
  /** Names in the table. */
  readonly past: readonly string[];
  readonly future: readonly string[];
  readonly words: ColumnWords;
  /** By the names that columns have once words are taken apart. */
  readonly scales: Readonly<Record<string, ColumnScale>>;
  readonly calendar: readonly CalendarPart[];
  /** Days as 2024-12-25; null if no holidays are read. */
  readonly holidays: readonly string[] | null;
  readonly statics: readonly StaticScale[];
  /** Whether the network reads what was seen: some value is missing. */
  readonly mask: boolean;
}

/** The columns of all members of a task. */
export interface Beside {
  readonly facts: BesideFacts;
  /** By member. */
  readonly columns: readonly BesideColumns[];
  readonly statics: StaticTensors;
}

/** A series that takes part. */
export interface BesideMember {
  readonly series: Series;
  /** Its place in the panel. */
  readonly place: number;
  /** Rows before this one may be measured. */
  readonly until: number;
}

/**
 * Measures the columns of the members; null if there is nothing beside the target.
 * @throws DataError `no_calendar`
 */
export function measureBeside(
  { file, words }: BesideSource,
  found: Pick<Panel, "statics">,
  members: readonly BesideMember[],
  { horizon, ...options }: TaskOptions & { readonly horizon: number },
): Beside | null {
  const places = members.map(({ place }) => place);
  // A column may differ only in series that take no part.
  const statics = found.statics.map((column) => staticsOf(column, places)).filter(differs);
  const scales = measureColumns(members.map(({ series, until }) => ({ columns: [...series.past, ...series.future], until })));
  const [past, future] = [options.past ?? [], options.future ?? []];
  const facts: BesideFacts = {
    ...{ past, future, words, scales: Object.fromEntries(scales) },
    ...{ calendar: partsOf(members, options, file), holidays: options.holidays === undefined ? null : daysOf(options.holidays) },
    statics: measureStatics(statics),
    mask: members.some(({ series }) => [...series.past, ...series.future].some(hasHoles)),
  };
  const isEmpty = past.length + future.length + facts.calendar.length + statics.length === 0 && facts.holidays === null;
  return isEmpty ? null : openBeside(facts, members, { statics, horizon });
}

/** The columns of series that a trained network reads; `statics` stand in the order of the members. */
export function openBeside(
  facts: BesideFacts,
  members: readonly Pick<BesideMember, "series">[],
  { statics, horizon }: { readonly statics: readonly StaticColumn[]; readonly horizon: number },
): Beside {
  const holidays = facts.holidays && { days: new Map(facts.holidays.map((day) => [Date.parse(day) / dayMs, ""])) };
  return {
    facts,
    columns: members.map(({ series }) => columnsOf(series, facts, { holidays, horizon })),
    statics: new StaticTensors(statics, facts.statics),
  };
}

const dayMs = 86_400_000;
/** Calendar columns come scaled. */
const asItIs: ColumnScale = { centre: 0, scale: 1 };

function columnsOf(
  series: Series,
  { scales, calendar }: BesideFacts,
  { holidays, horizon }: { readonly holidays: Holidays | null; readonly horizon: number },
): BesideColumns {
  const scaled = (column: Covariate): ScaledColumn => {
    const scale = Object.hasOwn(scales, column.name) ? scales[column.name]! : asItIs;
    return { column, ...scale };
  };
  const [past, future] = [series.past.map(scaled), series.future.map(scaled)];
  if (calendar.length === 0 && holidays === null) return { past, future };
  const ahead = Math.max(series.ahead, horizon);
  const known = calendarColumns(series, { parts: calendar, ahead, ...(holidays === null ? {} : { holidays }) });
  return { past, future: [...future, ...known.map((column) => ({ column, ...asItIs }))] };
}

function hasHoles(column: Covariate): boolean {
  for (let row = 0; row < column.length; row++) if (Number.isNaN(column.get(row))) return true;
  return false;
}

/** How many columns of each kind a network reads. */
export function channelsOf(beside: BesideFacts | null): Channels {
  if (beside === null) return noChannels;
  const count = (names: readonly string[]): number => names.reduce((sum, name) => sum + columnsFor(beside.words[name] ?? null), 0);
  return {
    past: count(beside.past),
    future: count(beside.future) + 2 * beside.calendar.length + (beside.holidays === null ? 0 : 1),
    numbers: beside.statics.filter(({ kind }) => kind === "number").length,
    categories: categorySizes(beside.statics),
    mask: beside.mask,
  };
}

/** What is read beside the target, in a sentence. */
export function besideWords(beside: Beside | null): string[] {
  if (beside === null) return [];
  const { past, future, calendar, holidays, statics, mask } = beside.facts;
  const parts = [
    past.length > 0 ? `${past.join(", ")} up to the end` : "",
    future.length > 0 ? `${future.join(", ")} beyond the end` : "",
    calendar.length > 0 ? `the calendar (${calendar.join(", ")})` : "",
    holidays === null ? "" : `${holidays.length} holidays`,
    statics.length > 0 ? `${statics.map(({ name }) => name).join(", ")} of each series` : "",
  ].filter((part) => part !== "");
  return [`the network also reads ${parts.join("; ")}${mask ? "; where a value is missing it is told so" : ""}`];
}

/** Two words need one column: the other is its complement. */
function columnsFor(words: readonly string[] | null): number {
  return words === null ? 1 : words.length === 2 ? 1 : words.length;
}

/** The cycles of the calendar that all series are told: as asked, or those that suit the longest one. */
function partsOf(members: readonly BesideMember[], { calendar, holidays }: TaskOptions, file: string | null): readonly CalendarPart[] {
  const isAsked = (calendar !== undefined && calendar !== false) || holidays !== undefined;
  const longest = members.reduce((a, b) => (b.series.values.length > a.series.values.length ? b : a)).series;
  if (!isAsked) return [];
  if (longest.timeColumns.length === 0 || longest.frequency === "row") {
    const what = `The rows of ${shortName(file)} have no times: they stand in no calendar.`;
    throw new DataError("no_calendar", what, "Name the time column with --time, or leave out --calendar and --holidays.", placeOf(file));
  }
  return calendar === true ? usefulParts(longest) : calendar === undefined || calendar === false ? [] : calendar;
}

/** Days as texts, the first one first. */
export function daysOf({ days }: Holidays): string[] {
  return [...days.keys()].sort((a, b) => a - b).map((day) => new Date(day * dayMs).toISOString().slice(0, 10));
}

/** A static column of some of the series, by their places. */
export function staticsOf(column: StaticColumn, places: readonly number[]): StaticColumn {
  if (column.kind === "number") return { ...column, values: Float64Array.from(places, (place) => column.values[place]!) };
  const codes = Int32Array.from(places, (place) => column.codes[place]!);
  const categories = column.categories.filter((_, code) => codes.includes(code));
  return { ...column, categories, codes: codes.map((code) => (code < 0 ? -1 : categories.indexOf(column.categories[code]!))) };
}

function differs(column: StaticColumn): boolean {
  const values: ArrayLike<number> = column.kind === "number" ? column.values : column.codes;
  return Array.from(values).some((value) => !Object.is(value, values[0]));
}
