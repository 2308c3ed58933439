// The library's work for each shape, done the way a user does it: fit, predict, stream.
import { adam, type Tensor, tensor } from "deep-rnn";
import { digestOf, networkFor, setSharedWeights } from "./networks.js";
import { batchFirst, dataNumbers, integers } from "./numbers.js";
import type { Job } from "./serve.js";
import type { Shape } from "./shapes.js";
import { comparedSteps, type Task } from "./task.js";

/** Steps of one call of `fit` at least; a use of it has hundreds. */
const stepsTogether = 4;
/** Shortest and longest sequence of the rows with lengths. */
const lengthRange = [10, 50] as const;

export async function jobFor(task: Task): Promise<Job> {
  if (task.shape.kind === "train") return trainJob(task);
  return task.shape.carry ? streamJob(task) : predictJob(task);
}

/** Steps through `fit`: the batch is all the data, so that an epoch is one step; what a call of `fit` costs is among its steps. */
async function trainJob({ shape, variation, warmMs }: Task): Promise<Job> {
  const { batch, time, input, vocabulary } = shape;
  const startBuild = performance.now();
  const model = networkFor(shape, variation);
  if (variation === "threeStates") model.build({ x: ["time", input], dt: ["time", 1] });
  else model.build(vocabulary > 0 ? ["time"] : ["time", input]);
  setSharedWeights(model, shape);
  model.compile({
    optimizer: adam({ learningRate: 1e-3, epsilon: 1e-8, clipNorm: false }),
    loss: vocabulary > 0 ? "sparseCategoricalCrossEntropy" : "mse",
  });
  const { x, y } = batchTensors(shape);
  const lengths = variation === "lengths" ? lengthsOf(batch) : null;
  const buildMs = performance.now() - startBuild;
  const steps = async (epochs: number): Promise<readonly number[]> => {
    const given = variation === "threeStates" ? { x, dt: gapsOf(batch, time) } : x;
    const history = await model.fit(given, y, {
      epochs,
      batchSize: batch,
      shuffle: false,
      verbose: "silent",
      ...(lengths === null ? {} : { lengths }),
    });
    return history.history.loss ?? [];
  };
  const startFirst = performance.now();
  const losses = [...(await steps(1))];
  const firstMs = performance.now() - startFirst;
  while (losses.length < comparedSteps && performance.now() - startFirst < warmMs) losses.push(...(await steps(1)));
  const validSteps = lengths === null ? batch * time : [...lengths].reduce((sum, length) => sum + length, 0);
  const digest = losses.length === comparedSteps ? { digest: digestOf(model) } : {};
  return {
    facts: { losses, firstMs, buildMs, validSteps, ...digest },
    run: async (units) => {
      await steps(units);
    },
    together: stepsTogether,
  };
}

function batchTensors(shape: Shape): { readonly x: Tensor; readonly y: Tensor } {
  const { batch, time } = shape;
  const { x, y } = dataNumbers(shape);
  const asTensor = (values: Float32Array | Int32Array): Tensor => {
    const width = values.length / (batch * time);
    const isTokens = values instanceof Int32Array;
    return tensor(batchFirst(values, time, batch), { shape: isTokens ? [batch, time] : [batch, time, width] });
  };
  return { x: asTensor(x), y: asTensor(y) };
}

function lengthsOf(batch: number): Int32Array {
  const [least, most] = lengthRange;
  return integers(batch, 2003, most - least + 1).map((length) => length + least);
}

/** Times between steps in (0, 1). */
function gapsOf(batch: number, time: number): Tensor {
  const values = integers(batch * time, 2004, 1000);
  return tensor(
    Float32Array.from(values, (value) => (value + 1) / 1001),
    { shape: [batch, time, 1] },
  );
}

async function predictJob({ shape, variation }: Task): Promise<Job> {
  const model = networkFor(shape, variation);
  model.build(["time", shape.input]);
  setSharedWeights(model, shape);
  const { x } = dataNumbers(shape);
  const input = tensor(batchFirst(x, shape.time, shape.batch), { shape: [shape.batch, shape.time, shape.input] });
  const once = (): Promise<Tensor> => model.predict(input, { batchSize: shape.batch });
  const startFirst = performance.now();
  const check = meanSize((await once()).data);
  return {
    facts: { check, firstMs: performance.now() - startFirst },
    run: async (units) => {
      for (let i = 0; i < units; i++) await once();
    },
  };
}

async function streamJob({ shape, variation }: Task): Promise<Job> {
  const model = networkFor(shape, variation, "last");
  model.build(["time", shape.input]);
  setSharedWeights(model, shape);
  const live = await model.stream();
  const input = Float32Array.from(dataNumbers(shape).x);
  const output = new Float32Array(shape.hidden);
  live.stepInto(input, output);
  const check = meanSize(output);
  return {
    facts: { check },
    run(units) {
      for (let i = 0; i < units; i++) live.stepInto(input, output);
    },
  };
}

/** Mean of absolute values: equal in every system that computes the same. */
function meanSize(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]!);
  return sum / values.length;
}
