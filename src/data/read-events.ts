// readEvents: events from a file, a folder or an archive, loaded only when it is called.

import type { EventOptions, Events } from "./event-types.js";

/**
 * Reads events as hospitals and machines record them: one table of rows (id, time, parameter, value), or a folder or tar archive
 * (`.tar`, `.tar.gz`) with a table per id (time, parameter, value), named after it. `outcomes` may be the path of a table.
 *
 * @throws DataError as `events` and `readTable`, and `bad_archive`
 * @example  const stays = await readEvents("set-a.tar.gz", { outcomes: "Outcomes-a.txt", label: "In-hospital_death" });
 */
export async function readEvents(path: string, options: EventOptions = {}): Promise<Events> {
  const { readEventFiles } = await import("#node/data/read-events");
  return readEventFiles(path, options);
}
