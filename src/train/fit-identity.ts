// What makes two trainings the same one: data, options and network, so that a checkpoint is not continued by accident.

import type { BackendInfo } from "../backends/contract.js";
import type { Stored } from "../base/stored.js";
import type { Circumstances, Identity } from "./checkpoint.js";
import type { Column } from "./columns.js";
import type { FitPlan } from "./fit.js";
import { savedLossOf } from "./losses/index.js";

/** What must be the same when a training goes on. */
export function identityOf(plan: FitPlan): Identity {
  const { session, measures, data, stream, rule, optimizer, trainRows, batchSize, seed, shuffle, bucketByLength, accumulate, ema } = plan;
  const shapes = (columns: ReadonlyMap<string, Column>): Stored =>
    Object.fromEntries([...columns].map(([name, { shape }]) => [name, shape]));
  return {
    weights: Object.fromEntries(session.store.layout.places.map(({ info }) => [info.path, info.shape])),
    frozen: session.frozen,
    optimizer: `${optimizer} with the slots ${rule.slots.join(", ") || "none"}`,
    losses: Object.fromEntries([...measures.losses].map(([name, loss]) => [name, savedLossOf(loss) ?? "a function"])),
    lossWeights: Object.fromEntries(measures.lossWeights),
    metrics: Object.fromEntries([...measures.metrics].map(([name, list]) => [name, list.map((metric) => metric.name)])),
    // Batches of a stream may have any size: of them the number of an epoch must be the same.
    x: stream === null ? shapes(data.x) : null,
    y: stream === null ? shapes(data.y) : null,
    sampleWeights: stream === null ? shapes(data.weights) : null,
    stepsPerEpoch: stream?.stepsPerEpoch ?? null,
    rows: stream === null ? trainRows : "a stream",
    validation: plan.validation === null ? null : plan.validation.rows.length,
    batchSize: stream === null ? batchSize : null,
    seed,
    shuffle,
    bucketByLength,
    accumulate,
    ema,
  };
}

/** What may differ, and is then said. */
export function circumstancesOf(plan: FitPlan, info: BackendInfo): Circumstances {
  const { data, rule, optimizer } = plan;
  const columns = [...data.x.values(), ...data.y.values(), ...data.weights.values()];
  return {
    class: info.class,
    backend: info.backend,
    variant: info.variant,
    optimizer: { name: optimizer, options: rule.saved },
    data: columns.map(fingerprint),
  };
}

const samples = 4096;

/** FNV-1a over at most 4096 values spread over the column: another data set of the same size shows, at no cost. */
function fingerprint({ data }: Column): number {
  const stride = Math.max(1, Math.floor(data.length / samples));
  const value = new Float64Array(1);
  const words = new Uint32Array(value.buffer);
  let hash = 0x811c9dc5;
  for (let at = 0; at < data.length; at += stride) {
    value[0] = data[at]!;
    hash = Math.imul(hash ^ words[0]!, 0x01000193);
    hash = Math.imul(hash ^ words[1]!, 0x01000193);
  }
  return hash >>> 0;
}
