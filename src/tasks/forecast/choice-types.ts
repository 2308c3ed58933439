// What a forecast is made of, as it is reported.

/** One part of the combination. */
export interface ChosenMember {
  readonly name: string;
  readonly title: string;
  /** Share of the combination; all shares sum to 1. */
  readonly weight: number;
  /** Mean absolute error over the earlier origins, of intermittent demand the root mean squared one; null if there was none. */
  readonly error: number | null;
}

/** What the forecast is made of, and why. */
export interface ForecastChoice {
  /** Whether the network alone was asked for. */
  readonly pure: boolean;
  /** Largest weight first; empty if pure. */
  readonly members: readonly ChosenMember[];
  /** How far the network moves the combination: 0 not at all, 1 all the way. */
  readonly networkWeight: number;
  /** Earlier origins that were tried. */
  readonly origins: number;
  /** In a sentence or two. */
  readonly reason: string;
}
