// Columns that say by their names what they are: those of Nixtla's libraries.

import type { Table } from "./types.js";

/** What a column is, and what it is called then. */
export const knownNames = { id: "unique_id", time: "ds", target: "y" } as const;

/** Whether a table has all of these columns under their known names. */
export function hasKnownNames({ names }: Pick<Table, "names">, ...roles: readonly (keyof typeof knownNames)[]): boolean {
  return roles.every((role) => names.includes(knownNames[role]));
}
