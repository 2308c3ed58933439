// A word as a shell reads it back.

/** The word itself, or in quotes if it holds anything that a shell would read otherwise. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`;
}
