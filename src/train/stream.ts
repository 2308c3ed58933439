// An open stream: a model with its states outside, taking one step at a time.

import type { Backend, BoundSection, Residents } from "../backends/contract.js";
import { elementCount } from "../base/dtype.js";
import { DataError, ShapeError, UsageError } from "../base/errors.js";
import { HostTensor, hostTensor } from "../base/tensor.js";
import { isRecord, type Tree, treeFromPaths } from "../base/tree.js";
import type { CompiledProgram } from "../engine/program.js";
import type { TensorLike } from "../ops/index.js";
import { isTensor } from "../trace/traced.js";
import { isNamed } from "./columns.js";
import { type Flat, flatNested } from "./nested.js";
import type { Session } from "./session.js";
import { type PlacedState, planStream, portLength, type StepPort, type StreamPlan, stateVector, streamSections } from "./stream-program.js";
import { readState } from "./stream-state.js";
import type { Named, Stream, StreamState } from "./types.js";
import { negativeGap } from "./values.js";

/**
 * Opens a stream of `batch` rows on the backend of the moment.
 *
 * @throws UsageError `bad_batch_size`, `cannot_stream`
 */
export async function openStream<O>(session: Session, batch: number): Promise<Stream<O>> {
  if (!Number.isInteger(batch) || batch < 1) {
    throw new UsageError({ code: "bad_batch_size", op: "stream", what: `batch must be a whole number of at least 1, got ${batch}` });
  }
  const backend = await session.backend();
  const plan = planStream(session.context, batch);
  const program = session.program(backend, "stream", String(batch), () => streamSections(session.context, plan));
  return new OpenStream<O>(session, backend, program, plan);
}

class OpenStream<O> implements Stream<O> {
  readonly batch: number;
  readonly #session: Session;
  readonly #backend: Backend;
  readonly #program: CompiledProgram;
  readonly #plan: StreamPlan;
  readonly #inputLengths: readonly number[];
  readonly #outputLengths: readonly number[];
  readonly #states: Residents;
  #bound: BoundSection;
  /** Whose weights `bound` uses, in which version if they are a copy (-1: they are the model's own). */
  #source: object;
  #copied = -1;

  constructor(session: Session, backend: Backend, program: CompiledProgram, plan: StreamPlan) {
    this.batch = plan.batch;
    this.#session = session;
    this.#backend = backend;
    this.#program = program;
    this.#plan = plan;
    this.#inputLengths = plan.inputs.map((port) => portLength(plan.batch, port));
    this.#outputLengths = plan.outputs.map((port) => portLength(plan.batch, port));
    this.#states = backend.residents({ [stateVector]: plan.stateSize });
    this.#bound = this.#bind();
    this.#source = session.store.source;
  }

  step(x: Named<TensorLike>): O {
    const { inputs, outputs } = this.#plan;
    const bound = this.#current();
    for (const [index, port] of inputs.entries()) {
      const data = this.#rows(portValue(x, inputs, index), port);
      checkFinite(data, port);
      bound.put(index, data);
    }
    bound.run();
    const results = outputs.map(({ name }, index): [string, HostTensor] => {
      const { data, shape, dtype } = bound.result(index);
      return [name, hostTensor(data, shape, dtype)];
    });
    // Which of the two it is, is fixed by the network that O was declared for.
    return treeFromPaths(results) as O;
  }

  stepInto(x: Named<Float32Array>, out: Named<Float32Array>): void {
    const { inputs, outputs } = this.#plan;
    const bound = this.#current();
    for (let index = 0; index < outputs.length; index++) {
      if (portValue(out, outputs, index).length !== this.#outputLengths[index]) throw this.#length("output", out, outputs, index);
    }
    for (let index = 0; index < inputs.length; index++) {
      const data = portValue(x, inputs, index);
      if (data.length !== this.#inputLengths[index]) throw this.#length("input", x, inputs, index);
      checkFinite(data, inputs[index]!);
      bound.put(index, data);
    }
    bound.run();
    for (let index = 0; index < outputs.length; index++) bound.get(index, portValue(out, outputs, index));
  }

  get state(): StreamState {
    const { states } = this.#plan;
    const tree: Record<string, Record<string, HostTensor>> = {};
    for (const { layer, name, size, offset } of states) {
      tree[layer] ??= {};
      tree[layer][name] = hostTensor(this.#states.read(stateVector, offset, this.batch * size), [this.batch, size], "float32");
    }
    return tree;
  }

  set state(tree: Tree | { readonly [layer: string]: { readonly [state: string]: TensorLike } }) {
    const values = readState(tree, this.#plan);
    for (const [{ offset }, data] of values) this.#states.write(stateVector, data, offset);
  }

  reset(rows?: readonly number[]): void {
    if (rows === undefined) {
      this.#states.write(stateVector, new Float32Array(this.#plan.stateSize));
      return;
    }
    const wrong = rows.find((row) => !Number.isInteger(row) || row < 0 || row >= this.batch);
    if (wrong !== undefined) {
      const what = `there is no row ${wrong} in a stream of ${this.batch}`;
      throw new UsageError({ code: "bad_row", op: "reset", what, hint: `Rows run from 0 to ${this.batch - 1}.` });
    }
    const clear = ({ offset, size }: PlacedState, row: number): void =>
      this.#states.write(stateVector, new Float32Array(size), offset + row * size);
    for (const row of rows) for (const state of this.#plan.states) clear(state, row);
  }

  /** The step over the weights as they are now. Weights that are trained on are followed. */
  #current(): BoundSection {
    const { store } = this.#session;
    if (store.source !== this.#source || (this.#copied >= 0 && this.#copied !== store.version)) this.#bound = this.#bind();
    return this.#bound;
  }

  #bind(): BoundSection {
    const { store, context } = this.#session;
    let weights = store.heldOn(this.#backend);
    this.#copied = -1;
    if (weights === null) {
      // The model has moved to another backend: this one keeps a copy.
      weights = this.#backend.residents({ weights: context.layout.size });
      weights.write("weights", store.flat());
      this.#copied = store.version;
    }
    this.#source = store.source;
    return this.#program.bind("step", this.#backend.residents({}, [weights, this.#states]));
  }

  /** The elements of one input, if its shape is [batch, ...]; a single row may come without its axis, typed arrays are flat. */
  #rows(given: TensorLike, port: StepPort): ArrayLike<number> {
    const { data, shape } = flatOf(given, port);
    const { sizes } = port;
    const whole = [this.batch, ...sizes];
    if (ArrayBuffer.isView(given) && given.length === elementCount(whole)) return data;
    if (isShape(shape, whole) || (this.batch === 1 && isShape(shape, sizes))) return data;
    if (sizes.length === 0 && isShape(shape, [this.batch, 1])) return data;
    const label = port.name === "" ? "x" : `x.${port.name}`;
    throw new ShapeError({
      code: "step_shape",
      op: "step",
      what: `${label} is [${shape.join(", ")}], a step of this stream takes [${whole.join(", ")}]`,
      hint: "A step has no time axis: one row of features for each sequence.",
    });
  }

  #length(kind: "input" | "output", given: Named<Float32Array>, ports: readonly StepPort[], index: number): ShapeError {
    const { sizes, name } = ports[index]!;
    const { length } = portValue(given, ports, index);
    const shape = [this.batch, ...sizes].join(", ");
    const label = name === "" ? kind : `${kind} "${name}"`;
    return new ShapeError({ code: "step_shape", op: "stepInto", what: `the ${label} has ${length} elements, it needs [${shape}]` });
  }
}

/** The value of a port, given alone or by name. */
function portValue<T>(given: Named<T>, ports: readonly StepPort[], index: number): T {
  const { name, path } = ports[index]!;
  if (!isNamed(given)) {
    if (ports.length === 1) return given;
    throw new UsageError({
      code: "input_names",
      op: "step",
      what: `this model has ${ports.map((port) => `"${port.name}"`).join(", ")}, one value without a name was given`,
      hint: "Pass a record with these names.",
    });
  }
  const value = inside(given, path);
  if (value !== undefined) return value;
  const what = name === "" ? "this model has one input and one output without names" : `"${name}" is missing`;
  throw new UsageError({ code: "input_names", op: "step", what, hint: `Names given: ${Object.keys(given).join(", ")}.` });
}

function inside<T>(given: Named<T>, path: readonly string[]): T | undefined {
  let part: Named<T> | undefined = given;
  // A counted loop: an iterator would be allocated in every step.
  for (let at = 0; at < path.length && part !== undefined; at++) part = isNamed(part) ? part[path[at]!] : undefined;
  return part === undefined || isNamed(part) ? undefined : part;
}

function flatOf(given: TensorLike, port: StepPort): Flat {
  if (given instanceof HostTensor) return { data: given.exact, shape: given.shape };
  if (ArrayBuffer.isView(given)) return { data: given, shape: [given.length] };
  const label = port.name === "" ? "x" : `x.${port.name}`;
  if (isTensor(given) || isRecord(given) || typeof given === "string" || given === undefined || given === null) {
    throw new UsageError({ code: "not_data", op: "step", what: `${label} must be a tensor, a typed array or nested arrays of numbers` });
  }
  // Plain numbers become float32, as everywhere.
  const { data, shape } = flatNested(given, label);
  return { data: new Float32Array(data), shape };
}

function isShape(shape: readonly number[], wanted: readonly number[]): boolean {
  return shape.length === wanted.length && shape.every((size, axis) => size === wanted[axis]);
}

/** NaN and infinities would stay in the states for ever, unless NaN means a missing value. */
function checkFinite(data: ArrayLike<number>, { name, mayMiss, isGap }: StepPort): void {
  for (let index = 0; index < data.length; index++) {
    const value = data[index]!;
    const isNumber = value - value === 0;
    if (isNumber ? !(isGap && value < 0) : mayMiss && Number.isNaN(value)) continue;
    const what = `${name === "" ? "x" : `x.${name}`} holds ${value} at element ${index}; the stream has not moved`;
    throw isNumber ? negativeGap(what) : new DataError("not_finite", `${what}.`);
  }
}
