// Trains a model for a look and puts it back as it was: weights, slots, step count.

import { TrainingSnapshot } from "../checkpoint.js";
import { requiredInside } from "../inside.js";
import type { Callback, Dataset, FitOptions, History, Model, Snapshot } from "../types.js";

/** One silent training with this callback, after which the model is as before (or freshly built, if it was not). */
export async function trainedAndBack<O>(
  op: string,
  model: Model<O>,
  data: Dataset,
  { callback, ...options }: FitOptions & { readonly callback: Callback },
): Promise<History> {
  const inside = requiredInside(model, op);
  const before: { snapshot: Snapshot | null } = { snapshot: null };
  const remember: Callback = {
    name: "remember",
    onSafePoint({ moment, snapshot }) {
      if (moment === "start") before.snapshot = snapshot();
    },
  };
  try {
    return await model.fit(data, { ...options, verbose: "silent", callbacks: [remember, callback] });
  } finally {
    if (before.snapshot instanceof TrainingSnapshot) before.snapshot.restore(inside.session(op));
  }
}
