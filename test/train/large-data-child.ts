// Run by large-data.test.ts: trains on a file that is larger than its memory may become, and prints the most it held.
import { type Callback, dense, gru, openNpy, sequential } from "../../src/index.js";

const x = await openNpy(process.argv[2] ?? "");
const model = sequential([gru({ units: 4 }), dense({ units: 1 })]);
model.compile({ optimizer: "sgd", loss: "mse" });
let steps = 0;
const stop: Callback = {
  name: "stop",
  onBatchEnd: (event) => {
    steps = event.step;
    if (steps === 30) event.stop("enough");
  },
};
await model.fit(x, new Float32Array(x.shape[0]!), { batchSize: 32, verbose: "silent", callbacks: [stop] });
await x.close();
console.log(JSON.stringify({ steps, rssBytes: process.resourceUsage().maxRSS * 1024 }));
