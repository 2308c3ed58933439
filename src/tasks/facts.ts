// What every task says of its network and of the training, in the same fields.

/** The network that was trained. */
export interface NetworkFacts {
  readonly cell: string;
  readonly activation: string;
  readonly layers: number;
  readonly units: readonly number[];
  readonly parameters: number;
}

/** How a training went. */
export interface TrainingFacts {
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly stopped: "done" | "early" | "nan";
  readonly loss: number | null;
  readonly valLoss: number | null;
  readonly learningRate: number;
  /** Share of the steps whose gradient was clipped, 0..1. */
  readonly clippedShare: number;
}
