// The shapes that every system is timed on, and the multiply-adds each of them needs.

export interface Shape {
  readonly id: string;
  readonly kind: "train" | "infer";
  readonly cell: "lstm" | "gru" | "rnn";
  readonly layers: number;
  readonly hidden: number;
  readonly input: number;
  readonly batch: number;
  readonly time: number;
  /** Width of the dense head; 0 without one. */
  readonly out: number;
  /** Tokens, with an embedding of width `input` and cross-entropy; 0 for real inputs and mean square error. */
  readonly vocabulary: number;
  /** States are carried from call to call. */
  readonly carry: boolean;
}

const common = { kind: "train", out: 0, vocabulary: 0, carry: false } as const;
const lstm = { ...common, cell: "lstm" } as const;
const infer = { kind: "infer" } as const;

export const shapes: readonly Shape[] = [
  { ...lstm, id: "T1", layers: 2, hidden: 128, input: 128, batch: 32, time: 50, out: 128 },
  { ...lstm, id: "T2", layers: 1, hidden: 256, input: 256, batch: 64, time: 100, out: 256 },
  { ...common, id: "T3", cell: "gru", layers: 2, hidden: 512, input: 512, batch: 32, time: 100, out: 512 },
  { ...common, id: "T4", cell: "rnn", layers: 2, hidden: 128, input: 128, batch: 32, time: 50, out: 128 },
  { ...lstm, id: "T5", layers: 1, hidden: 32, input: 8, batch: 16, time: 64, out: 8 },
  { ...lstm, id: "T6", layers: 3, hidden: 256, input: 128, batch: 50, time: 50, out: 65, vocabulary: 65 },
  { ...lstm, ...infer, id: "I1a", layers: 2, hidden: 128, input: 128, batch: 1, time: 1, carry: true },
  { ...lstm, ...infer, id: "I1b", layers: 2, hidden: 512, input: 512, batch: 1, time: 1, carry: true },
  { ...lstm, ...infer, id: "I2", layers: 2, hidden: 256, input: 256, batch: 1, time: 200 },
  { ...lstm, ...infer, id: "I3", layers: 1, hidden: 256, input: 256, batch: 64, time: 100 },
  { ...common, ...infer, id: "I4", cell: "gru", layers: 2, hidden: 512, input: 512, batch: 32, time: 100 },
];

export const gatesOf = { lstm: 4, gru: 3, rnn: 1 } as const;

/** What the first losses must be, as PyTorch's are: another way of computing the same numbers. */
export const knownLoss: Readonly<Record<string, number>> = {
  T1: 1.00106,
  T2: 1.00693,
  T3: 1.00531,
  T4: 1.01242,
  T5: 1.01567,
  T6: 4.17387,
};

export function shapeOf(id: string): Shape {
  const found = shapes.find((shape) => shape.id === id);
  if (found === undefined) throw new Error(`no shape "${id}"; there are ${shapes.map((shape) => shape.id).join(", ")}`);
  return found;
}

/**
 * Floating operations of matrix products that cannot be avoided: forward; for training also every weight's gradient, and the
 * gradient of every layer's input where something learns below it. Products of embedded tokens need one row for each of the vocabulary.
 */
export function operationsOf(shape: Shape): number {
  const steps = 2 * shape.batch * shape.time;
  const gates = gatesOf[shape.cell] * shape.hidden;
  const isTraining = shape.kind === "train";
  let sum = 0;
  for (let layer = 0; layer < shape.layers; layer++) {
    const ofTable = layer === 0 && shape.vocabulary > 0;
    const fromBelow = (ofTable ? Math.min(steps, 2 * shape.vocabulary) : steps) * (layer === 0 ? shape.input : shape.hidden) * gates;
    const recurrent = steps * shape.hidden * gates;
    const learnsBelow = layer > 0 || shape.vocabulary > 0;
    sum += isTraining ? 3 * recurrent + (learnsBelow ? 3 : 2) * fromBelow : recurrent + fromBelow;
  }
  return sum + (isTraining ? 3 : 1) * steps * shape.hidden * shape.out;
}
