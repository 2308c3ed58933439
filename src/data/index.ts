// The door deep-rnn/data: tables, series, transforms and windows.

export { type CalendarOptions, type CalendarPart, calendarColumns, type Holidays, readHolidays } from "./calendar.js";
export { applyChain, type Chain, type ChainStep, type ChainStepName, fitChain, invertChain } from "./chain.js";
export { describeTable } from "./describe.js";
export type { ClockDescription, ColumnDescription, DescribeOptions, Hint, NumberSummary, TableDescription } from "./description.js";
export { eventClock, type StepClock, stepTable } from "./event-steps.js";
export type { EventOptions, EventOrigin, EventSequence, Events } from "./event-types.js";
export { events } from "./events.js";
export { findLeaks, type Leak, type PreparedInput } from "./leaks.js";
export { panel } from "./panel.js";
export type { PanelWindowOptions, PanelWindows, WindowBatch, WindowPlaces } from "./panel-window-types.js";
export { panelWindows } from "./panel-windows.js";
export { readEvents } from "./read-events.js";
export { readTable } from "./read-table.js";
export { findSeason, seasonStrength } from "./season.js";
export { series } from "./series.js";
export { parseTable, tableOf } from "./table.js";
export { timeGaps } from "./time-gaps.js";
export { chooseTransform, type Transform } from "./transform.js";
export type {
  Column,
  Covariate,
  Delimiter,
  Duplicates,
  Encoding,
  Panel,
  PanelOptions,
  ReadTableOptions,
  Series,
  SeriesOptions,
  SkippedSeries,
  StaticColumn,
  Table,
  TableOptions,
} from "./types.js";
export { type WindowOptions, type WindowSet, type Windows, windows } from "./windows.js";
