// What the passes say about their work: one entry per change worth telling.

/** One change: which rule, where, what became what, and why. */
export interface PassEntry {
  readonly pass: string;
  readonly rule: string;
  /** Layer path. */
  readonly where: string;
  readonly what: string;
  readonly reason: string;
}

/** Takes entries as they are made. */
export type Report = (entry: PassEntry) => void;

/** For passes whose changes nobody reads. */
export const silent: Report = () => {};
