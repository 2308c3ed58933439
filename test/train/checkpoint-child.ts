// Run by checkpoint.test.ts: trains a small model with checkpoints, goes on from the last one, and prints what came out.
import { createHash } from "node:crypto";
import {
  type Callback,
  checkpoint,
  dense,
  dropout,
  earlyStopping,
  gru,
  init,
  latestCheckpoint,
  type Stored,
  sequential,
} from "../../src/index.js";
import { insideOf } from "../../src/train/inside.js";
import { random } from "./support.js";

const [path = "", tells = "", backend = "auto", everySteps = "1"] = process.argv.slice(2);
await init({ backend: backend === "wasm" || backend === "native" || backend === "reference" ? backend : "auto", threads: 1 });

/** Counts every batch that training is built on; a batch seen twice, or not at all, shows. */
const seen: { batches: number; losses: number } = { batches: 0, losses: 0 };
const counter: Callback = {
  name: "counter",
  async onBatchEnd({ logs }) {
    seen.batches += 1;
    seen.losses += logs.loss ?? 0;
    if (tells === "tells") process.stderr.write(".");
  },
  state: (): Stored => ({ ...seen }),
  restore: (state) => void Object.assign(seen, state),
};

const model = sequential([gru({ units: 6, returnSequences: true, dropout: 0.2 }), dropout(0.1), gru({ units: 5 }), dense({ units: 2 })]);
model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
const data = { x: random(1, [23, 7, 3]), y: random(2, [23, 2]), lengths: Array.from({ length: 23 }, (_, row) => 1 + (row % 7)) };
const history = await model.fit(data, {
  epochs: 12,
  batchSize: 4,
  seed: 5,
  validationSplit: 0.2,
  bucketByLength: true,
  verbose: "silent",
  resumeFrom: path === "" ? null : await latestCheckpoint(path),
  callbacks: [
    counter,
    earlyStopping({ patience: 6 }),
    ...(path === "" ? [] : [checkpoint({ path, everySteps: Number(everySteps), keep: 2 })]),
  ],
});
const session = insideOf(model)?.session("test");
const hash = createHash("sha256");
for (const [name, values] of session?.store.vectors() ?? [])
  hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
console.log(JSON.stringify({ sha256: hash.digest("hex"), history, seen, steps: session?.steps }));
