// The network of ES-RNN: smoothing weights for every series, and one stack of dilated LSTMs that all series share (Smyl 2020).

import type { Tensor } from "../../../base/tensor.js";
import type { Layer } from "../../../nn/layer.js";
import { dense, embedding } from "../../../nn/layers/feedforward.js";
import { lstm } from "../../../nn/layers/named.js";
import {
  add,
  exp,
  expandDims,
  greater,
  iota,
  log,
  mul,
  pad,
  reshape,
  sigmoid,
  slice,
  squeeze,
  sub,
  take,
  tensor,
  transpose,
  where,
} from "../../../ops/index.js";
import { functional, type Model } from "../../../train/index.js";
import { type Form, smoothed } from "./smoothing.js";

/** What decides about the network. */
export interface EsRnnSpec {
  /** Series that have weights of their own; one more row of weights is for series that were never seen. */
  readonly series: number;
  /** Rows read, T. */
  readonly steps: number;
  /** Rows forecast, H. */
  readonly horizon: number;
  /** Rows that the recurrent layers see at each step. */
  readonly window: number;
  readonly form: Form;
  /** Rows of each season: none, one or two. */
  readonly seasons: readonly number[];
  /** Dilations of the recurrent layers, block by block; each block but the first is added to what it reads. */
  readonly blocks: readonly (readonly number[])[];
  readonly units: number;
  /** Price of a level that turns: factor of its squared second differences. */
  readonly wobble: number;
  /** How much faster than the shared weights those of a series learn. */
  readonly ownRate: number;
}

/** Tensors of B rows of series, oldest step first, the last step last. */
export interface EsRnnInputs {
  /** Scaled values and whether they were observed, [B, T, 2]. */
  readonly values: Tensor;
  /** Number of the series, [B]. */
  readonly series: Tensor;
  /** Of the first season: which of the series' weights each of its places has [B, m], and its first guess [B, m]. */
  readonly places0?: Tensor;
  readonly start0?: Tensor;
  readonly places1?: Tensor;
  readonly start1?: Tensor;
}

/** Forecasts of the H steps after every step [B, T, H], as logarithms if multiplicative; and turns of the level [B, T, 1]. */
export interface EsRnnOutputs {
  readonly [name: string]: Tensor;
  readonly forecast: Tensor;
  readonly turns: Tensor;
}

/** Where smoothing begins: logits of 0.3 and 0.1. */
const firstAlpha = Math.log(0.3 / 0.7);
const firstGamma = Math.log(0.1 / 0.9);

/** The untrained network: exponential smoothing, because its output layer starts at zero. */
export function esRnnNetwork(spec: EsRnnSpec, seed: number): Model<EsRnnOutputs> {
  const { series, steps, horizon, seasons, units, blocks } = spec;
  const own = (size: number): Layer => embedding({ vocabularySize: size, size: 1, kernelInitializer: "zeros" });
  const layers: Record<string, Layer> = { alpha: own(series + 1) };
  seasons.forEach((rows, k) => {
    layers[`gamma${k}`] = own(series + 1);
    layers[`season${k}`] = own((series + 1) * rows);
  });
  blocks.flat().forEach((_, i) => {
    layers[`recurrent${i}`] = lstm({ units, returnSequences: true });
  });
  layers.hidden = dense({ units, activation: "tanh" });
  layers.output = dense({ units: horizon, kernelInitializer: "zeros" });
  const model = functional(
    layers,
    (bound: Record<string, Layer>, inputs: EsRnnInputs & Record<string, Tensor>): EsRnnOutputs => run(spec, bound, inputs),
  );
  const perSeason = seasons.map((rows, k): [string, number[]][] => [
    [`places${k}`, [rows]],
    [`start${k}`, [rows]],
  ]);
  model.build({ values: [steps, 2], series: [], ...Object.fromEntries(perSeason.flat()) }, { seed });
  return model;
}

function run(spec: EsRnnSpec, layers: Record<string, Layer>, inputs: EsRnnInputs & Record<string, Tensor>): EsRnnOutputs {
  const { steps, horizon, window, form, seasons, ownRate } = spec;
  const isRatio = form === "multiplicative";
  const [values, seen] = [0, 1].map((column) => squeeze(slice(inputs.values, { axis: 2, start: column, size: 1 }), 2)) as [Tensor, Tensor];
  // A weight that is multiplied by a number moves that much faster under Adam.
  const weightOf = (name: string, ids: Tensor): Tensor => mul(ownRate, layers[name]!(ids));
  const share = (name: string, first: number): Tensor => sigmoid(add(first, weightOf(name, inputs.series)));
  const starts = seasons.map((_, k) => {
    const learnt = squeeze(weightOf(`season${k}`, inputs[`places${k}`]!), 2);
    const start = add(inputs[`start${k}`]!, learnt);
    return isRatio ? exp(start) : start;
  });
  const weights = {
    alpha: share("alpha", firstAlpha),
    seasons: starts.map((start, k) => ({ gamma: share(`gamma${k}`, firstGamma), start })),
  };
  const states = smoothed(values, seen, weights, form);
  // From here on everything is a sum: of logarithms if the form is multiplicative.
  const summand = (x: Tensor): Tensor => (isRatio ? log(x) : x);
  const level = summand(states.level);
  const season = states.seasons.map(summand);
  const past = season.map((each) => slice(each, { axis: 1, start: 0, size: steps }));
  const bare = past.reduce((rest, each) => sub(rest, each), summand(values));
  const isKnown = greater(mul(states.started, seen), 0.5);
  const normal = where(isKnown, bare, level);
  const known = pastOf(states.started, steps, window);
  const x = where(greater(known, 0.5), sub(pastOf(normal, steps, window), expandDims(level, 2)), mul(0, known));
  const hidden = layers.hidden!(recurrentStack(spec, layers, x));
  const change = layers.output!(hidden);
  const ahead = season.map((each, k) => aheadOf(each, steps, horizon, seasons[k]!));
  const forecast = ahead.reduce((sum, each) => add(sum, each), add(change, expandDims(level, 2)));
  return { forecast, turns: turnsOf(spec, level, states.started) };
}

function recurrentStack({ blocks, steps }: EsRnnSpec, layers: Record<string, Layer>, x: Tensor): Tensor {
  let state = x;
  let number = 0;
  blocks.forEach((dilations, block) => {
    const before = state;
    for (const dilation of dilations) state = dilated(layers[`recurrent${number++}`]!, state, steps, dilation);
    if (block > 0) state = add(state, before);
  });
  return state;
}

/**
 * A layer whose state comes from `dilation` steps before (Chang et al. 2017): every dilation-th step is a sequence of its own, so nothing
 * is carried along from step to step, as the layers' own `dilation` does; with 168 states that would take longer than all products.
 */
export function dilated(layer: Layer, x: Tensor, steps: number, dilation: number): Tensor {
  if (dilation === 1) return layer(x);
  const rounds = Math.ceil(steps / dilation);
  const missing = rounds * dilation - steps;
  const features = Number(x.shape[2]);
  const padded = missing === 0 ? x : pad(x, { axis: 1, after: missing });
  const folded = reshape(transpose(reshape(padded, [-1, rounds, dilation, features]), [0, 2, 1, 3]), [-1, rounds, features]);
  const out = layer(folded);
  const width = Number(out.shape[2]);
  const whole = reshape(transpose(reshape(out, [-1, dilation, rounds, width]), [0, 2, 1, 3]), [-1, rounds * dilation, width]);
  return missing === 0 ? whole : slice(whole, { axis: 1, start: 0, size: steps });
}

/** [B, T] to [B, T, n]: at each step the n values up to it, zeros before the first. */
function pastOf(x: Tensor, steps: number, window: number): Tensor {
  const index = add(expandDims(iota(steps), 1), iota(window));
  return gathered(pad(x, { axis: 1, before: window - 1 }), index);
}

/** [B, T + m] to [B, T, H]: the newest values known at each step of the places that its next H steps have in the season. */
function aheadOf(season: Tensor, steps: number, horizon: number, rows: number): Tensor {
  const place = tensor(Int32Array.from({ length: horizon }, (_, h) => 1 + (h % rows)));
  return gathered(season, add(expandDims(iota(steps), 1), place));
}

/** Columns of [B, R] by number [T, n]: [B, T, n]. */
function gathered(x: Tensor, index: Tensor): Tensor {
  return transpose(take(transpose(x), index), [2, 0, 1]);
}

/** Second differences of the level from the second step after the first observed one on, times the root of their price. */
function turnsOf({ steps, wobble }: EsRnnSpec, level: Tensor, started: Tensor): Tensor {
  const at = (x: Tensor, start: number): Tensor => slice(x, { axis: 1, start, size: steps - 2 });
  const turn = sub(sub(at(level, 2), at(level, 1)), sub(at(level, 1), at(level, 0)));
  const isInside = greater(at(started, 0), 0.5);
  const priced = mul(Math.sqrt(wobble), where(isInside, turn, mul(0, turn)));
  return expandDims(pad(priced, { axis: 1, before: 2 }), 2);
}
