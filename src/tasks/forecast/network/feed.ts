// From windows to what each strategy's network reads: columns side by side, and targets where they are known.

import { hostTensor, type Tensor } from "../../../base/tensor.js";
import type { AxisSize } from "../../../nn/network.js";
import type { Channels, Dataset, NetworkInputs, NetworkSpec } from "./types.js";

/** Inputs of a model by name. */
export type Fed = Readonly<Record<string, Tensor>>;

/** Shapes of a model's inputs without the batch. */
export function inputShapes(spec: NetworkSpec): Readonly<Record<string, readonly AxisSize[]>> {
  const { channels, steps, horizon, strategy, distribution, linear } = spec;
  const width = strategy === "recursive" ? stepWidth(channels) : windowWidth(channels);
  const ahead = aheadWidth(spec);
  return {
    x: [linear ? steps : "time", width],
    ...(ahead > 0 ? { ahead: [horizon, ahead] } : {}),
    ...(channels.categories.length > 0 ? { categories: [channels.categories.length] } : {}),
    ...(distribution === "negative-binomial" ? { size: [1] } : {}),
  };
}

/** Windows for a direct network or an encoder and decoder. */
export function feedWindows(spec: NetworkSpec, inputs: NetworkInputs): Fed {
  return {
    x: windowColumns(spec, inputs),
    ...(aheadWidth(spec) > 0 ? { ahead: aheadColumns(spec, inputs) } : {}),
    ...feedStatics(spec, inputs),
  };
}

/** Columns of the rows that are read: those given, what was seen of them, static numbers. */
function windowColumns({ channels }: NetworkSpec, inputs: NetworkInputs): Tensor {
  if (!channels.mask && channels.numbers === 0) return inputs.x;
  const [count, steps, columns] = sizesOf(inputs.x);
  const width = windowWidth(channels);
  const x = new Float32Array(count * steps * width);
  for (let row = 0; row < count * steps; row++) {
    const [from, to] = [row * columns, row * width];
    for (let c = 0; c < columns; c++) x[to + c] = at(inputs.x, from + c);
    if (channels.mask) for (let c = 0; c < columns; c++) x[to + columns + c] = seenAt(inputs, from + c);
    writeNumbers(x, to + width - channels.numbers, inputs, Math.floor(row / steps), channels);
  }
  return hostTensor(x, [count, steps, width], "float32");
}

/** Columns of the rows ahead: those that are known, and for a decoder the place of the row and static numbers. */
function aheadColumns(spec: NetworkSpec, inputs: NetworkInputs): Tensor {
  const { channels, horizon, strategy } = spec;
  const width = aheadWidth(spec);
  const count = inputs.x.shape[0]!;
  const ahead = new Float32Array(count * horizon * width);
  for (let row = 0; row < count * horizon; row++) {
    const to = row * width;
    for (let c = 0; c < channels.future; c++) ahead[to + c] = at(inputs.future!, row * channels.future + c);
    if (strategy !== "encoder-decoder") continue;
    ahead[to + channels.future] = ((row % horizon) + 1) / horizon;
    writeNumbers(ahead, to + channels.future + 1, inputs, Math.floor(row / horizon), channels);
  }
  return hostTensor(ahead, [count, horizon, width], "float32");
}

/** What belongs to a window as a whole. */
export function feedStatics({ channels, distribution }: NetworkSpec, { categories, size }: NetworkInputs): Fed {
  return {
    ...(channels.categories.length > 0 ? { categories: asFloats(categories!) } : {}),
    ...(distribution === "negative-binomial" ? { size: size! } : {}),
  };
}

/** Targets [N, H, 1] of a direct network or an encoder and decoder. */
export function windowTargets({ y }: Dataset): Tensor {
  const [count, horizon] = sizesOf(y);
  return hostTensor(Float32Array.from(y.data), [count, horizon, 1], "float32");
}

/**
 * What a recursive network reads at step u, before it says row u + 1 of the window: the target and past columns of row u, the known-future
 * columns of row u + 1. Rows from T on are the ones ahead, of which the past columns are not known.
 */
export class Steps {
  readonly width: number;
  readonly #spec: NetworkSpec;
  readonly #inputs: NetworkInputs;

  constructor(spec: NetworkSpec, inputs: NetworkInputs) {
    this.#spec = spec;
    this.#inputs = inputs;
    this.width = stepWidth(spec.channels);
  }

  /** Writes step u of window n; `target` is the value of row u if it is one ahead, NaN if that is missing. */
  write(
    out: Float32Array,
    to: number,
    { n, u, target = Number.NaN }: { readonly n: number; readonly u: number; readonly target?: number },
  ): void {
    const { channels, steps, horizon } = this.#spec;
    const { x, future } = this.#inputs;
    const { past, future: known, mask } = channels;
    const columns = 1 + past + known;
    const isRead = u < steps;
    const from = (n * steps + u) * columns;
    const isSeen = isRead ? seenAt(this.#inputs, from) === 1 : !Number.isNaN(target);
    out[to] = isRead ? at(x, from) : isSeen ? target : 0;
    for (let c = 1; c <= past; c++) out[to + c] = isRead ? at(x, from + c) : 0;
    const next = from + columns + 1 + past;
    for (let c = 0; c < known; c++)
      out[to + 1 + past + c] = u + 1 < steps ? at(x, next + c) : at(future!, (n * horizon + u + 1 - steps) * known + c);
    let place = to + columns;
    if (mask) {
      out[place++] = isSeen ? 1 : 0;
      for (let c = 1; c <= past; c++) out[place++] = isRead ? seenAt(this.#inputs, from + c) : 0;
      for (let c = 0; c < known; c++) out[place++] = u + 1 < steps ? seenAt(this.#inputs, next + c) : 1;
    }
    if (past > 0) out[place++] = isRead ? 1 : 0;
    writeNumbers(out, place, this.#inputs, n, channels);
  }
}

/**
 * Windows for teacher forcing: every step is given the row before as it was, and has to say its own. Of a window that only measures, the
 * rows ahead count alone: the others have been trained on.
 */
export function feedTeacher(spec: NetworkSpec, data: Dataset, isMeasure: boolean): { readonly x: Fed; readonly y: Tensor } {
  const { steps, horizon, distribution, channels } = spec;
  const [count] = sizesOf(data.x);
  const columns = 1 + channels.past + channels.future;
  const length = steps + horizon - 1;
  const reader = new Steps(spec, data);
  const x = new Float32Array(count * length * reader.width);
  const y = new Float32Array(count * length).fill(Number.NaN);
  const isCount = distribution === "negative-binomial";
  for (let n = 0; n < count; n++) {
    const unit = isCount ? at(data.size!, n) : 1;
    for (let u = 0; u < length; u++) {
      const target = u < steps ? Number.NaN : at(data.y, n * horizon + u - steps) / unit;
      reader.write(x, (n * length + u) * reader.width, { n, u, target });
      const row = u + 1;
      const from = (n * steps + row) * columns;
      if (row >= steps) y[n * length + u] = at(data.y, n * horizon + row - steps);
      else if (!isMeasure && seenAt(data, from) === 1) y[n * length + u] = at(data.x, from) * unit;
    }
  }
  return {
    x: { x: hostTensor(x, [count, length, reader.width], "float32"), ...feedStatics(spec, data) },
    y: hostTensor(y, [count, length, 1], "float32"),
  };
}

function windowWidth({ past, future, numbers, mask }: Channels): number {
  return (1 + past + future) * (mask ? 2 : 1) + numbers;
}

function stepWidth(channels: Channels): number {
  return windowWidth(channels) + (channels.past > 0 ? 1 : 0);
}

function aheadWidth({ channels, strategy }: NetworkSpec): number {
  if (strategy === "recursive") return 0;
  return strategy === "encoder-decoder" ? channels.future + 1 + channels.numbers : channels.future;
}

function writeNumbers(out: Float32Array, to: number, { numbers }: NetworkInputs, n: number, channels: Channels): void {
  for (let c = 0; c < channels.numbers; c++) out[to + c] = at(numbers!, n * channels.numbers + c);
}

function seenAt({ mask }: NetworkInputs, place: number): number {
  return mask === null ? 1 : at(mask, place);
}

function at({ data }: Tensor, place: number): number {
  return Number(data[place]!);
}

function asFloats(tensor: Tensor): Tensor {
  return hostTensor(Float32Array.from(tensor.data), [...tensor.shape], "float32");
}

function sizesOf({ shape }: Tensor): [number, number, number] {
  const [first = 0, second = 1, third = 1] = shape;
  return [first, second, third];
}
