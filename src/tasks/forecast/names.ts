// Names in a sentence: the first few, and how many more.

const shown = 3;

/** "a, b, c and 4 more" */
export function namesOf(names: readonly string[]): string {
  return names.length > shown ? `${names.slice(0, shown).join(", ")} and ${names.length - shown} more` : names.join(", ");
}
