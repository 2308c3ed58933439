// Recursive forecasts: a network goes on from its own values, or along many paths from its own samples (DeepAR, Salinas et al. 2020).

import { keyAt, uniformAt } from "../../../base/random.js";
import type { Stream } from "../../../train/index.js";
import { makePause } from "../../../train/pause.js";
import type { ForecastModel } from "../types.js";
import { distributionOf } from "./distributions/index.js";
import { feedStatics, Steps } from "./feed.js";
import { ofPaths } from "./predictive.js";
import type { NetworkInputs, NetworkSpec, Predictive, PredictSettings } from "./types.js";

/** How the paths are drawn; `member` keeps those of an ensemble's members apart. */
export type PathSettings = Required<PredictSettings> & { readonly member: number };

/** Windows that are read beside each other. Always as many: what a row gives must not hang on how many there are. */
const lanes = 32;

/** Predictives of all windows, in their order. */
export async function recur(
  spec: NetworkSpec,
  model: Pick<ForecastModel, "stream">,
  inputs: NetworkInputs,
  settings: PathSettings,
): Promise<Predictive[]> {
  const count = inputs.x.shape[0]!;
  const reading = new Walk(spec, inputs, await model.stream({ batch: lanes }));
  const walking =
    distributionOf(spec.distribution).quantile === null ? null : new Walk(spec, inputs, await model.stream({ batch: settings.paths }));
  const found: Predictive[] = [];
  // Steps are not awaited: whoever wants to stop is heard between windows.
  const pause = makePause();
  for (let start = 0; start < count; start += lanes) {
    const windows = Array.from({ length: lanes }, (_, lane) => Math.min(start + lane, count - 1));
    const live = Math.min(lanes, count - start);
    reading.begin();
    for (let u = 0; u < spec.steps; u++) reading.step(windows, u, null);
    if (walking === null) found.push(...ownValues(spec, reading, windows).slice(0, live));
    else
      for (let lane = 0; lane < live; lane++) {
        found.push(ofWindow(spec, inputs, { reading, walking, lane, n: start + lane }, settings));
        await pause();
      }
    await pause();
  }
  return found;
}

/** Forecasts that read back what they said. */
function ownValues({ horizon, steps }: NetworkSpec, reading: Walk, windows: readonly number[]): Predictive[] {
  const values = windows.map(() => new Float64Array(horizon));
  for (let h = 0; h < horizon; h++) {
    for (const [lane, value] of values.entries()) value[h] = reading.parameters(lane)[0]!;
    if (h + 1 < horizon) reading.step(windows, steps + h, (lane) => values[lane]![h]!);
  }
  return values.map((value) => ({ value, quantiles: null, samples: null }));
}

/** All paths of one window, beside each other from the states in which it has been read. */
function ofWindow(
  spec: NetworkSpec,
  inputs: NetworkInputs,
  { reading, walking, lane, n }: { readonly reading: Walk; readonly walking: Walk; readonly lane: number; readonly n: number },
  { paths, levels, seed, member }: PathSettings,
): Predictive {
  const { horizon, steps } = spec;
  const distribution = distributionOf(spec.distribution);
  const isCount = spec.distribution === "negative-binomial";
  const unit = isCount ? Number(inputs.size!.data[n]!) : 1;
  const samples = Array.from({ length: paths }, () => new Float64Array(horizon));
  const windows = samples.map(() => n);
  const uniform = uniformsOf(inputs, n, seed, member);
  walking.continue(reading, lane);
  for (let h = 0; h < horizon; h++) {
    for (const [path, sample] of samples.entries()) {
      let draws = 2 * (path * horizon + h);
      const parameters = h === 0 ? reading.parameters(lane) : walking.parameters(path);
      sample[h] = distribution.draw(parameters, () => uniform(draws++));
    }
    if (h + 1 < horizon) walking.step(windows, steps + h, (path) => samples[path]![h]! / unit);
  }
  return ofPaths(samples, levels, isCount);
}

/** Uniform numbers in (0, 1) that belong to a window by its own numbers, not by its place in a batch. */
function uniformsOf({ x }: NetworkInputs, n: number, seed: number, member: number): (counter: number) => number {
  const length = x.data.length / x.shape[0]!;
  const words = new Int32Array(Float32Array.from({ length }, (_, i) => Number(x.data[n * length + i]!)).buffer);
  // Fowler, Noll and Vo's hash
  const own = words.reduce((hash, word) => Math.imul(hash ^ word, 0x01000193), 0x811c9dc5 | 0);
  const [k0, k1] = keyAt(seed | 0, own, member);
  return (counter) => uniformAt(k0, k1, counter) + 2 ** -25;
}

/** A stream of a recursive network over rows of windows. */
class Walk {
  readonly #stream: Stream<unknown>;
  readonly #steps: Steps;
  readonly #fed: { [input: string]: Float32Array };
  readonly #statics: readonly { readonly name: string; readonly data: ArrayLike<number>; readonly width: number }[];
  readonly #out: Float32Array;
  readonly #columns: number;

  constructor(spec: NetworkSpec, inputs: NetworkInputs, stream: Stream<unknown>) {
    this.#stream = stream;
    this.#steps = new Steps(spec, inputs);
    this.#columns = distributionOf(spec.distribution).columns;
    this.#out = new Float32Array(stream.batch * this.#columns);
    this.#statics = Object.entries(feedStatics(spec, inputs)).map(([name, { data, shape }]) => ({ name, data, width: shape[1]! }));
    this.#fed = { x: new Float32Array(stream.batch * this.#steps.width) };
    for (const { name, width } of this.#statics) this.#fed[name] = new Float32Array(stream.batch * width);
  }

  begin(): void {
    this.#stream.reset();
  }

  /** Goes on in every lane from one lane of another walk. */
  continue(other: Walk, lane: number): void {
    const { batch } = this.#stream;
    const spread = (data: ArrayLike<number>, from: number): Float32Array => {
      const size = data.length / from;
      const row = Float32Array.from({ length: size }, (_, i) => data[lane * size + i]!);
      const all = new Float32Array(batch * size);
      for (let to = 0; to < batch; to++) all.set(row, to * size);
      return all;
    };
    const from = other.#stream.batch;
    this.#stream.state = Object.fromEntries(
      Object.entries(other.#stream.state).map(([layer, states]) => [
        layer,
        Object.fromEntries(Object.entries(states).map(([name, value]) => [name, spread(value.data, from)])),
      ]),
    );
  }

  /** Takes step u of a window in each lane; `value` is what the row ahead was said to be. */
  step(windows: readonly number[], u: number, value: ((lane: number) => number) | null): void {
    const { width } = this.#steps;
    for (const [lane, n] of windows.entries()) {
      this.#steps.write(this.#fed.x!, lane * width, { n, u, ...(value === null ? {} : { target: value(lane) }) });
      for (const { name, data, width: size } of this.#statics)
        for (let i = 0; i < size; i++) this.#fed[name]![lane * size + i] = Number(data[n * size + i]!);
    }
    this.#stream.stepInto(this.#fed, this.#out);
  }

  /** What the last step said in a lane. */
  parameters(lane: number): Float32Array {
    return this.#out.subarray(lane * this.#columns, (lane + 1) * this.#columns);
  }
}
