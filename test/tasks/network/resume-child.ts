// Run by resume.test.ts: trains an ensemble with checkpoints, tells each pass, and prints a hash of its weights and losses.

import { createHash } from "node:crypto";
import type { Strategy } from "../../../src/tasks/forecast/network/types.js";
import { specOf, trainedOn, wave, windowsOf } from "./windows.js";

const [strategy = "direct", path = "", pauseMs = "0"] = process.argv.slice(2);
const data = windowsOf(wave, { count: 40 });
const spec = specOf({ strategy: strategy as Strategy, distribution: "student-t", stack: "dilated", ensemble: 2, dropout: 0.2 });
const pause = new Int32Array(new SharedArrayBuffer(4));

const trained = await trainedOn(data, spec, {
  epochs: 6,
  measured: windowsOf(wave, { count: 12, from: 40 }),
  ...(path === "" ? {} : { checkpoints: path }),
  onRestored: (epochs) => void process.stderr.write(`restored ${epochs.length}\n`),
  onEpoch({ epoch }) {
    process.stderr.write(`epoch ${epoch}\n`);
    if (Number(pauseMs) > 0) Atomics.wait(pause, 0, 0, Number(pauseMs));
    return null;
  },
});
const hash = createHash("sha256");
for (const [layer, weights] of Object.entries(trained.model.weights))
  for (const [name, { data: values }] of Object.entries(weights as Record<string, { readonly data: Float32Array }>)) {
    hash.update(`${layer}/${name}`);
    hash.update(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  }
process.stdout.write(
  JSON.stringify({ weights: hash.digest("hex"), losses: trained.losses, valLosses: trained.valLosses, best: trained.bestEpoch }),
);
