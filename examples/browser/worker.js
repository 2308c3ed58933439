// The worker of the page beside it: trains on waves and tells the loss of every epoch. Import maps do not reach workers, so the path is relative.
import { dense, gru, init, sequential } from "../../dist/src/index.js";

const wave = (i, t) => Math.sin(0.3 * t + 0.7 * i);

async function train({ epochs, threads }) {
  // More than one thread needs a page that is cross-origin isolated; elsewhere it is one, and `reason` says why.
  const backend = await init({ backend: "wasm", threads });
  const x = Array.from({ length: 128 }, (_, i) => Array.from({ length: 24 }, (_, t) => [wave(i, t)]));
  const y = x.map((_, i) => [wave(i, 24)]);
  const model = sequential([gru({ units: 32 }), dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const tell = { name: "tell", onEpochEnd: ({ epoch, logs }) => postMessage({ epoch, epochs, loss: logs.loss }) };
  await model.fit(x, y, { epochs, seed: 7, callbacks: [tell], verbose: "silent" });
  const next = await model.predict([Array.from({ length: 24 }, (_, t) => [wave(200, t)])]);
  postMessage({ ...backend, next: next.item(), truth: wave(200, 24) });
}

self.onmessage = ({ data }) => train(data).catch((error) => postMessage({ error: error.message }));
