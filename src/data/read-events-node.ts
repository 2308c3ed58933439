// Events from disk: one table of rows, or a folder or tar archive with a table per id.

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../base/errors.js";
import { shortName, TextGate } from "./decode.js";
import { EventStore } from "./event-store.js";
import type { EventOptions, Events } from "./event-types.js";
import { addRows, events, eventTableOptions, finishEvents } from "./events.js";
import { bytesOf, readTableFile, unpacked } from "./read-table-node.js";
import { type ArchivedFile, readTar } from "./tar.js";
import { TextSink } from "./text-sink.js";
import type { Table } from "./types.js";

/** Files of other kinds lie in such folders as well. */
const tableName = /\.(csv|txt|tsv|psv)$/i;

/** Reads events and, where they are given as a path, outcomes. */
export async function readEventFiles(path: string, given: EventOptions): Promise<Events> {
  const outcomes = typeof given.outcomes === "string" ? await readTableFile(given.outcomes, {}) : given.outcomes;
  const options: EventOptions = outcomes === undefined ? given : { ...given, outcomes };
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() === true;
  if (!isFolder && !/\.(tar|tgz|tar\.gz)$/i.test(path)) return events(await readTableFile(path, eventTableOptions(options)), options);
  const store = new EventStore(options);
  const files = isFolder ? filesIn(path) : readTar(unpacked(bytesOf(path), path), shortName(path));
  for await (const { name, bytes } of files) {
    if (!tableName.test(name)) continue;
    const id = shortName(name).replace(/\.[^.]*$/, "");
    store.touch(id);
    const table = tableIn(bytes, name, options);
    if (table !== null) addRows(store, table, options, () => id);
  }
  if (store.ids.length === 0) throw new DataError("no_events", `There is no .csv or .txt file in ${path}.`, "", { file: path });
  return finishEvents(store, options);
}

/** null for a table that has a header only: its id has no events. */
function tableIn(bytes: Uint8Array, file: string, options: EventOptions): Table | null {
  const { encoding, ...reading } = eventTableOptions(options);
  const gate = new TextGate({ file, ...(encoding === undefined ? {} : { encoding }) });
  const sink = new TextSink({ file, ...reading });
  sink.push(gate.push(bytes));
  sink.push(gate.end());
  try {
    return sink.end();
  } catch (error) {
    if (error instanceof DataError && (error.code === "no_rows" || error.code === "empty_file")) return null;
    throw error;
  }
}

async function* filesIn(folder: string): AsyncGenerator<ArchivedFile> {
  const names = (await readdir(folder)).sort();
  for (const name of names) if (tableName.test(name)) yield { name: join(folder, name), bytes: await readFile(join(folder, name)) };
}
