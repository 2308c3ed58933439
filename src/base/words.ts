// Pieces of sentences: a count with its noun, and names of which there may be many.

/** `1,234 rows`, `1 row`. What else than an s makes the plural is given, verbs included: `counted(2, "row was", "rows were")`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? noun : plural}`;
}

/** `a, b and 4 more`: the first `most` of them, and how many there are beside these. */
export function listed(names: readonly string[], most = 12): string {
  return names.length > most ? `${names.slice(0, most).join(", ")} and ${counted(names.length - most, "more", "more")}` : names.join(", ");
}
