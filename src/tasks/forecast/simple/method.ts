// What a simple method is: a pure function from the rows before an origin to the rows after it.

/** The rows a simple method may read, and what it is asked for. */
export interface Past {
  /** Every row before the origin, oldest first; NaN where missing. At least one is observed. */
  readonly values: Float64Array;
  /** Rows in one season; 1 means none. */
  readonly season: number;
  readonly horizon: number;
  /** Whether the transform of the task takes logarithms: drift is then a growth rate. */
  readonly log: boolean;
}

/** Forecasts the `horizon` rows after the past, in the unit of the target. */
export type SimpleForecaster = (past: Past) => Float64Array;
