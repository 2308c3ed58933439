// The door deep-rnn/data: tables, series, transforms and windows.

export { readTable } from "./read-table.js";
export { findSeason, seasonStrength } from "./season.js";
export { series } from "./series.js";
export { parseTable, tableOf } from "./table.js";
export { chooseTransform, type Transform } from "./transform.js";
export type { Column, Delimiter, Duplicates, Encoding, ReadTableOptions, Series, SeriesOptions, Table, TableOptions } from "./types.js";
export { type WindowOptions, type WindowSet, type Windows, windows } from "./windows.js";
