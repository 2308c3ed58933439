// The index that stands for values which cannot be one.

/** The index that no table has: what is negative or not whole becomes it where -1 shall not mean "none". */
export const noIndex: number = -(2 ** 31);

/** An index as messages name it. */
export function shownIndex(index: number): string {
  return index === noIndex ? "an index that is negative or not whole" : `index ${index}`;
}
