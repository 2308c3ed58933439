// What a child of this library is asked to do, as it travels on its command line.
import type { Shape } from "./shapes.js";

/** What differs from the shape as it is. */
export const variations = [
  "plain",
  "defineCell",
  "layerNorm",
  "lengths",
  "recurrentDropout",
  "zoneout",
  "threeStates",
  "minGru",
  "firstCall",
] as const;
export type Variation = (typeof variations)[number];

export interface Task {
  readonly shape: Shape;
  readonly variation: Variation;
  /** Milliseconds after which no further step is made before measuring begins. */
  readonly warmMs: number;
}

/** Steps whose losses are compared. */
export const comparedSteps = 6;
