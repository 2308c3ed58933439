// Input of another kind than a saved model was trained on: what the model wants, and what the file is.

import { DataError } from "../base/errors.js";
import { listed } from "../base/words.js";
import { shortName } from "../data/decode.js";
import { eventColumnsIn } from "../data/events.js";
import { placeOf } from "../data/table.js";
import type { Table } from "../data/types.js";

/**
 * Reads a table as a saved model does, which wants these columns. Where that fails and the table holds events, or none of the columns, it
 * is not the table that is wrong but the file.
 * @throws DataError `other_input`, and those of `read`
 */
export function readColumns<T>(table: Table, names: readonly string[], read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const events = eventColumnsIn(table);
    const isEvents = events !== null && !names.includes(events.parameter);
    if (!isEvents && !(error.code === "unknown_column" && names.every((name) => !Object.hasOwn(table.columns, name)))) throw error;
    const what = isEvents
      ? `${shortName(table.file)} holds events (${Object.values(events).join(", ")})`
      : `${shortName(table.file)} has the columns ${listed(table.names)}`;
    throw new DataError(
      "other_input",
      `${what}; the model reads tables with ${listed(names)}.`,
      "Is it the right file?",
      placeOf(table.file),
    );
  }
}

/**
 * Reads events as a saved model does; a file without their columns is no file of events.
 * @throws DataError `other_input`, and those of `read`
 */
export async function readingEvents<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DataError && error.code === "choose_column")) throw error;
    const what = `${error.what.replace(/:$/, "")}; the model reads events: rows of id, time, parameter and value.`;
    const { file } = error;
    throw new DataError("other_input", what, "Is it the right file?", file === null ? {} : { file });
  }
}
