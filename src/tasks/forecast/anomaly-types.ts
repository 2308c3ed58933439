// How surprising rows are, as it is reported.

/** An observed row that is less likely than asked for, beside what was forecast from the rows before it; in the unit of the target. */
export interface Anomaly {
  readonly id: string | null;
  readonly target: string;
  readonly time: string;
  readonly actual: number;
  readonly expected: number;
  /** Ends of the interval outside of which rows are flagged. */
  readonly lower: number;
  readonly upper: number;
  /** How likely a value so far out, on either side, was. */
  readonly probability: number;
  /** -log10 of the probability: 2 is one row in a hundred, 3 one in a thousand. */
  readonly score: number;
  /** Whether the forecaster was trained on the row: such rows surprise it a little less. */
  readonly inSample: boolean;
}

/** The score of a row, flagged or not. */
export interface RowScore extends Anomaly {
  readonly flagged: boolean;
}

/** How many rows were scored and flagged. */
export interface AnomalySummary {
  readonly level: number;
  readonly scored: number;
  readonly flagged: number;
  /** Rows that would be flagged if none was strange. */
  readonly byChance: number;
}
