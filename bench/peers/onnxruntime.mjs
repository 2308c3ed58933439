// onnxruntime as a child of the bench: `node onnxruntime.mjs TASK node` or `web`.
import { readFileSync } from "node:fs";
import { dataNumbers } from "../../dist/bench/core/numbers.js";
import { serve } from "../../dist/bench/core/serve.js";
import { onnxModel, stateNames } from "./onnx-model.mjs";

const [task, runtime] = process.argv.slice(2);
await serve(await job(JSON.parse(task).shape, `onnxruntime-${runtime}`));

async function job(shape, name) {
  if (shape.kind !== "infer") return { missing: `${name} does not train` };
  let ort;
  try {
    ort = await import(name);
  } catch {
    return { missing: `${name} is not installed: npm i --ignore-scripts in bench/peers` };
  }
  if (runtime === "web") ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(onnxModel(shape)), {
    executionProviders: [runtime === "web" ? "wasm" : "cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  const { batch, hidden, time, input } = shape;
  const states = stateNames(shape);
  const feeds = { x: new ort.Tensor("float32", dataNumbers(shape).x, [time, batch, input]) };
  for (const state of states) feeds[state] = new ort.Tensor("float32", new Float32Array(batch * hidden), [1, batch, hidden]);
  const wanted = ["y", ...(shape.carry ? states.map((state) => `${state}Next`) : [])];
  const once = async () => {
    const results = await session.run(feeds, wanted);
    if (shape.carry) for (const state of states) feeds[state] = results[`${state}Next`];
    return results.y.data;
  };
  const first = await once();
  const check = first.reduce((sum, value) => sum + Math.abs(value), 0) / first.length;
  const run = async (units) => {
    for (let i = 0; i < units; i++) await once();
  };
  return { facts: { check, version: versionOf(name) }, run };
}

function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}
