// jax-js on WebAssembly as a child of the bench. It has no scan: the steps of a sequence are unrolled under jit.
import { readFileSync } from "node:fs";
import { dataNumbers, transposed, weightNumbers } from "../../dist/bench/core/numbers.js";
import { serve } from "../../dist/bench/core/serve.js";
import { gatesOf } from "../../dist/bench/core/shapes.js";
import { wasmVariants } from "../../dist/src/backends/core/wasm.js";

const { shape, warmMs } = JSON.parse(process.argv[2]);
// Node 20 hides relaxed SIMD; the library switches it on for itself, and here for its peer.
await wasmVariants();
let jax;
try {
  jax = await import("@jax-js/jax");
} catch {
  jax = null;
}
await serve(jax === null ? { missing: "@jax-js/jax is not installed: npm i --ignore-scripts in bench/peers" } : await job());

// Arrays have owners here: an operation consumes its arguments, `.ref` keeps one for later use.
async function job() {
  if (shape.kind !== "train") return { missing: "jax-js is timed on training only" };
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  const { numpy: np } = jax;
  const data = dataNumbers(shape);
  const rows = shape.time * shape.batch;
  const x = shape.vocabulary > 0 ? oneHot(data.x) : np.array(data.x).reshape([rows, shape.input]);
  const y = shape.vocabulary > 0 ? oneHot(data.y) : np.array(data.y).reshape([rows, shape.out]);
  let weights = initialWeights();
  let means = weights.map((one) => np.zeros(one.shape));
  let squares = weights.map((one) => np.zeros(one.shape));
  const compiled = jax.jit(adamStep);
  let count = 0;
  const step = async () => {
    count++;
    const scalars = [np.array(1e-3 / (1 - 0.9 ** count)), np.array(1 / (1 - 0.999 ** count))];
    const [loss, ...next] = compiled(weights, means, squares, x.ref, y.ref, ...scalars);
    [weights, means, squares] = next;
    const [value] = await loss.data();
    await jax.blockUntilReady(weights);
    return value;
  };
  const begin = performance.now();
  const losses = [await step()];
  const firstMs = performance.now() - begin;
  while (losses.length < 6 && performance.now() - begin < warmMs + firstMs) losses.push(await step());
  const run = async (units) => {
    for (let i = 0; i < units; i++) await step();
  };
  return { facts: { losses, firstMs, version: version() }, run };
}

function oneHot(tokens) {
  return jax.nn.oneHot(jax.numpy.array(tokens, { dtype: jax.numpy.int32 }), shape.vocabulary);
}

/** Flat: W [I, G·H], U [H, G·H], b of each layer, then head and embedding. */
function initialWeights() {
  const { layers, head, embedding } = weightNumbers(shape);
  const width = gatesOf[shape.cell] * shape.hidden;
  const matrix = (values, from, to) => jax.numpy.array(transposed(values, from, to)).reshape([to, from]);
  const ofLayers = layers.flatMap(({ inputSize, input, recurrent, bias }) => [
    matrix(input, width, inputSize),
    matrix(recurrent, width, shape.hidden),
    jax.numpy.array(bias),
  ]);
  const table = embedding === null ? [] : [jax.numpy.array(embedding).reshape([shape.vocabulary, shape.input])];
  return [...ofLayers, matrix(head.weight, shape.out, shape.hidden), jax.numpy.array(head.bias), ...table];
}

function stepOf(sum, product, h, c) {
  const { numpy: np, nn } = jax;
  if (shape.cell === "rnn") return [nn.relu(sum.add(product)), null];
  if (shape.cell === "gru") {
    const [xr, xz, xn] = np.split(sum, 3, 1);
    const [hr, hz, hn] = np.split(product, 3, 1);
    const n = np.tanh(xn.add(nn.sigmoid(xr.add(hr)).mul(hn)));
    return [n.ref.add(nn.sigmoid(xz.add(hz)).mul(h.sub(n))), null];
  }
  const [i, f, g, o] = np.split(sum.add(product), 4, 1);
  const cell = nn
    .sigmoid(f)
    .mul(c)
    .add(nn.sigmoid(i).mul(np.tanh(g)));
  return [nn.sigmoid(o).mul(np.tanh(cell.ref)), cell];
}

function layerOf(x, W, U, b) {
  const { numpy: np } = jax;
  const { time, batch, hidden, cell } = shape;
  const steps = np.split(np.matmul(x, W).add(b), time, 0);
  let h = np.zeros([batch, hidden]);
  let c = cell === "lstm" ? np.zeros([batch, hidden]) : null;
  const outputs = steps.map((sum) => {
    const product = np.matmul(cell === "gru" ? h.ref : h, U.ref);
    [h, c] = stepOf(sum, product, h, c);
    return h.ref;
  });
  for (const last of [U, h, c]) last?.dispose();
  return np.concatenate(outputs, 0);
}

function lossOf(weights, x, y) {
  const { numpy: np, nn } = jax;
  const at = 3 * shape.layers;
  let value = shape.vocabulary > 0 ? np.matmul(x, weights[at + 2]) : x;
  for (let layer = 0; layer < shape.layers; layer++) value = layerOf(value, ...weights.slice(3 * layer, 3 * layer + 3));
  const out = np.matmul(value, weights[at]).add(weights[at + 1]);
  if (shape.vocabulary > 0)
    return y
      .mul(nn.logSoftmax(out))
      .sum()
      .mul(-1 / (shape.time * shape.batch));
  return np.square(out.sub(y)).mean();
}

function adamStep(weights, means, squares, x, y, rate, correction) {
  const { numpy: np } = jax;
  const [loss, gradients] = jax.valueAndGrad(lossOf)(
    weights.map((one) => one.ref),
    x,
    y,
  );
  const nextMeans = means.map((mean, at) => mean.mul(0.9).add(gradients[at].ref.mul(0.1)));
  const nextSquares = squares.map((square, at) => square.mul(0.999).add(np.square(gradients[at]).mul(0.001)));
  const next = weights.map((one, at) => {
    const root = np.sqrt(nextSquares[at].ref.mul(correction.ref)).add(1e-8);
    return one.sub(nextMeans[at].ref.mul(rate.ref).div(root));
  });
  rate.dispose();
  correction.dispose();
  return [loss, next, nextMeans, nextSquares];
}

function version() {
  return JSON.parse(readFileSync(new URL("./node_modules/@jax-js/jax/package.json", import.meta.url), "utf8")).version;
}
