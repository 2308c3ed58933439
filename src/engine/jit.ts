// jit: a function traced once per form of its arguments and run as a program.

import type { Backend, Residents } from "../backends/contract.js";
import { type Dim, showShape, symbolDim } from "../base/dim.js";
import type { DType } from "../base/dtype.js";
import { ShapeError, UsageError } from "../base/errors.js";
import { HostTensor, hostTensor } from "../base/tensor.js";
import { type NamedLeaf, orderedLike, type Tree, type TreeOf, treeShape } from "../base/tree.js";
import { isTracing } from "../trace/context.js";
import { checkFunction, dimsOf, isTensor, tensorLeaves, tensorTree, type Value } from "../trace/traced.js";
import { currentBackend } from "./backend.js";
import {
  type ArgumentSpec,
  type CompiledProgram,
  compileSections,
  type SectionSource,
  type TracedSection,
  traceSection,
} from "./program.js";

/** A jitted function: same arguments, a promise of the same result. */
export type Jitted<A extends readonly Tree[], R> = (...args: A) => Promise<R>;

/** A jitted function that keeps its state on the backend between calls. */
export interface JittedWithState<S, A extends readonly Tree[], R> extends Jitted<A, R> {
  state(): Promise<S>;
  setState(state: S): void;
}

/**
 * Compiles a pure function of tensors. It is traced once; other batch sizes (first axis) and times (second axis of rank 3 and
 * more) reuse the program unless the function ties them to a constant. With `{ state }` the function is
 * `(state, ...args) => [next state, result]` and the state stays on the backend.
 *
 * @example const step = jit((x: Tensor, w: Tensor) => tanh(matmul(x, w)));  await step(x, W)
 */
export function jit<S extends Tree, A extends readonly Tree[], R extends Tree>(
  f: (state: S, ...args: A) => readonly [S, R],
  options: { readonly state: S },
): JittedWithState<S, A, R>;
export function jit<A extends readonly Tree[], R extends Tree>(f: (...args: A) => R): Jitted<A, R>;
export function jit(f: (...args: never[]) => unknown, options?: { readonly state: Tree }): Jitted<readonly Tree[], Tree> {
  checkFunction("jit", f);
  const call = f as (...args: readonly unknown[]) => unknown;
  if (options === undefined) {
    const session = new Session((_, args) => ({ state: [], result: call(...args) as Tree }), []);
    const jitted = (...args: readonly Tree[]): Promise<Tree> => session.call(args);
    insides.set(jitted, session);
    return jitted;
  }
  const session = new Session((state, args) => {
    const pair = call(state, ...args);
    if (!Array.isArray(pair) || pair.length !== 2) throw notAPair();
    return { state: pair[0] as Tree, result: pair[1] as Tree };
  }, options.state);
  const jitted = Object.assign((...args: readonly Tree[]) => session.call(args), {
    state: () => session.state(),
    setState: (state: Tree) => session.setState(state),
  });
  insides.set(jitted, session);
  return jitted;
}

/** A jitted function taken apart, to be explained. */
export interface JitInside {
  /** The program for these arguments. */
  callWith(args: readonly Tree[]): JitCall;
}

/** One program of a jitted function, and what a run of it takes. */
export interface JitCall {
  readonly source: SectionSource;
  readonly traced: TracedSection;
  /** The arguments' leaves; sizes of the specs' symbols follow from them. */
  readonly leaves: readonly HostTensor[];
  readonly specs: readonly ArgumentSpec[];
  /** Elements of the vector "state", and its values. */
  readonly stateSize: number;
  writeState(vectors: Residents): void;
}

const insides = new WeakMap<object, Session>();

/** What is behind a jitted function; null for any other. */
export function jitInside(f: unknown): JitInside | null {
  return typeof f === "function" ? (insides.get(f) ?? null) : null;
}

type Traceable = (state: Tree, args: readonly Tree[]) => { readonly state: Tree; readonly result: Tree };

/** One size pattern that has been compiled: argument leaves with symbols where sizes may vary. */
interface Variant {
  readonly form: string;
  readonly specs: readonly ArgumentSpec[];
  readonly program: CompiledProgram;
}

/** Which axes of which arguments are tried as run-time sizes, most general first. */
const plans = ["all", "all but the first argument", "time", "none"] as const;
type Plan = (typeof plans)[number];

class Session {
  readonly #f: Traceable;
  readonly #variants: Variant[] = [];
  #state: Tree;
  #residents: { readonly backend: Backend; readonly vectors: Residents } | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(f: Traceable, state: Tree) {
    this.#f = f;
    this.#state = state;
  }

  /** Calls run one after the other, in the order they were made. */
  call(args: readonly Tree[]): Promise<Tree> {
    if (isTracing()) {
      throw new UsageError({
        code: "jit_in_trace",
        what: "a jitted function was called inside a traced one",
        hint: "Call the plain function there.",
      });
    }
    const result = this.#last.then(() => this.#run(args));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async state(): Promise<Tree> {
    await this.#last;
    return this.#stateNow();
  }

  setState(given: Tree): void {
    const state = orderedLike<Value, TreeOf<Value>>(this.#state as TreeOf<Value>, given as TreeOf<Value>, isTensor) as Tree;
    if (treeShape(state, isTensor) !== treeShape(this.#state, isTensor))
      throw new UsageError({ code: "state_form", what: "the new state has other names than the old one" });
    const now = flat(this.#state);
    flat(state).forEach(({ path, leaf }, index) => {
      checkStateLeaf(path, leaf, now[index]!.leaf);
    });
    this.#last = this.#last.then(() => {
      this.#state = state;
      if (this.#residents !== null) writeState(this.#residents.vectors, state);
    });
  }

  callWith(args: readonly Tree[]): JitCall {
    const stateSize = flat(this.#state).reduce((total, { size }) => total + size, 0);
    return this.#firstPlan(args, (specs): JitCall => {
      const source = this.#source(args, specs);
      return {
        source,
        traced: traceSection(source),
        leaves: leavesOf(args),
        specs,
        stateSize,
        writeState: (vectors) => writeState(vectors, this.#stateNow()),
      };
    });
  }

  async #run(args: readonly Tree[]): Promise<Tree> {
    const backend = await currentBackend();
    const vectors = this.#vectorsOn(backend);
    const variant = this.#variantFor(backend, args);
    return variant.program.run("main", vectors, { args: leavesOf(args) }).result!;
  }

  /** The state's vectors; a change of backend takes the values along. */
  #vectorsOn(backend: Backend): Residents {
    if (this.#residents?.backend === backend) return this.#residents.vectors;
    this.#state = this.#stateNow();
    const vectors = backend.residents({ state: flat(this.#state).reduce((total, { size }) => total + size, 0) });
    writeState(vectors, this.#state);
    this.#residents = { backend, vectors };
    this.#variants.length = 0;
    return vectors;
  }

  #stateNow(): Tree {
    if (this.#residents === null) return this.#state;
    const { vectors } = this.#residents;
    const leaves = flat(this.#state).map(({ leaf, offset, size }) => {
      const data = leaf.dtype === "float32" ? vectors.read("state", offset, size) : vectors.readInt("state", offset, size);
      return hostTensor(leaf.dtype === "bool" ? Uint8Array.from(data) : data, leaf.shape, leaf.dtype);
    });
    return tensorTree(this.#state, leaves);
  }

  #variantFor(backend: Backend, args: readonly Tree[]): Variant {
    const form = treeShape(args, isTensor);
    const leaves = leavesOf(args);
    const known = this.#variants.find((variant) => variant.form === form && fits(variant.specs, leaves));
    if (known !== undefined) return known;
    const variant = this.#compile(backend, args, form);
    this.#variants.push(variant);
    return variant;
  }

  #compile(backend: Backend, args: readonly Tree[], form: string): Variant {
    return this.#firstPlan(args, (specs) => ({
      form,
      specs,
      program: compileSections(backend, "jit", [this.#source(args, specs)]),
    }));
  }

  /** What `make` gives for the most general sizes that the function allows. */
  #firstPlan<R>(args: readonly Tree[], make: (specs: readonly ArgumentSpec[]) => R): R {
    const tried = new Set<string>();
    for (const plan of plans) {
      const specs = specsFor(plan, args);
      const key = JSON.stringify(specs);
      if (tried.has(key)) continue;
      tried.add(key);
      try {
        return make(specs);
      } catch (error) {
        // A size that the function ties to a constant shows as a shape error; with all sizes constant it is the user's.
        if (plan === "none" || !(error instanceof ShapeError) || specs.every(({ shape }) => shape.every((dim) => typeof dim === "number")))
          throw error;
      }
    }
    throw new UsageError({ code: "no_plan", what: "no size pattern was tried" });
  }

  #source(args: readonly Tree[], specs: readonly ArgumentSpec[]): SectionSource {
    const stateLeaves = flat(this.#state);
    const stateSpecs = stateLeaves.map(
      ({ leaf, offset }): ArgumentSpec => ({ shape: leaf.shape, dtype: leaf.dtype, resident: { vector: "state", offset } }),
    );
    return {
      name: "main",
      arguments: { state: stateSpecs, args: specs },
      body: (given) => {
        const state = tensorTree(this.#state, given.state as readonly Value[]);
        const traced = tensorTree(args, given.args as readonly Value[]) as readonly Tree[];
        const out = this.#f(state, traced);
        const returned = orderedLike<Value, TreeOf<Value>>(this.#state as TreeOf<Value>, out.state as TreeOf<Value>, isTensor) as Tree;
        if (treeShape(returned, isTensor) !== treeShape(this.#state, isTensor))
          throw new UsageError({
            code: "state_form",
            op: "jit",
            what: "the function returned a state with other names than it received",
          });
        const next = tensorLeaves(returned);
        next.forEach(({ path, leaf }, index) => {
          checkStateLeaf(path, leaf, stateLeaves[index]!.leaf);
        });
        return {
          fed: { result: out.result },
          resident: next.map(({ leaf }, index) => ({ vector: "state", offset: stateLeaves[index]!.offset, value: leaf })),
        };
      },
    };
  }
}

function checkStateLeaf(path: string, next: Value, now: HostTensor): void {
  const dims = dimsOf(next);
  if (next.dtype === now.dtype && dims.length === now.shape.length && now.shape.every((size, axis) => dims[axis] === size)) return;
  throw new ShapeError({
    code: "state_changes_shape",
    op: "jit",
    what: `state "${path}" is [${now.shape.join(", ")}] ${now.dtype} and becomes ${showShape(dims)} ${next.dtype}`,
  });
}

interface FlatLeaf {
  readonly path: string;
  readonly leaf: HostTensor;
  readonly offset: number;
  readonly size: number;
}

/** Leaves with their places in the flat state vector. */
function flat(state: Tree): FlatLeaf[] {
  let offset = 0;
  return tensorLeaves(state).map((named) => {
    const leaf = hostLeaf(named);
    const size = leaf.exact.length;
    offset += size;
    return { path: named.path, leaf, offset: offset - size, size };
  });
}

function writeState(vectors: Residents, state: Tree): void {
  for (const { leaf, offset } of flat(state)) {
    if (leaf.dtype === "float32") vectors.write("state", leaf.exact, offset);
    else vectors.writeInt("state", Int32Array.from(leaf.exact), offset);
  }
}

function leavesOf(args: readonly Tree[]): HostTensor[] {
  return tensorLeaves(args).map(hostLeaf);
}

function hostLeaf({ path, leaf }: NamedLeaf<Value>): HostTensor {
  if (leaf instanceof HostTensor) return leaf;
  throw new UsageError({
    code: "escaped_tensor",
    what: `the value of "${path}" is a traced tensor`,
    hint: "Jitted functions take tensors with values.",
  });
}

function specsFor(plan: Plan, args: readonly Tree[]): ArgumentSpec[] {
  const names = new Map<string, Dim>();
  const symbol = (prefix: string, size: number): Dim => {
    const key = `${prefix}${size}`;
    const known = names.get(key) ?? symbolDim(`${prefix}${names.size}`);
    names.set(key, known);
    return known;
  };
  return args.flatMap((arg, position) =>
    tensorLeaves(arg).map(({ leaf }) => {
      const shape: readonly number[] = leaf.shape;
      const batched = plan === "all" || (plan === "all but the first argument" && position > 0);
      const timed = shape.length >= 3 && (batched || plan === "time");
      const dims = shape.map(
        (size, axis): Dim => (axis === 0 && batched ? symbol("B", size) : axis === 1 && timed ? symbol("T", size) : size),
      );
      return { shape: dims, dtype: leaf.dtype satisfies DType };
    }),
  );
}

/** True if the leaves' sizes agree with the specs, each symbol having one value. */
function fits(specs: readonly ArgumentSpec[], leaves: readonly HostTensor[]): boolean {
  const values = new Map<string, number>();
  return leaves.every((leaf, index) => {
    const { shape, dtype } = specs[index]!;
    if (leaf.dtype !== dtype || leaf.shape.length !== shape.length) return false;
    return shape.every((dim, axis) => {
      const size = leaf.shape[axis]!;
      if (typeof dim === "number") return dim === size;
      const known = values.get(dim.key);
      values.set(dim.key, size);
      return known === undefined || known === size;
    });
  });
}

function notAPair(): UsageError {
  return new UsageError({ code: "not_a_pair", op: "jit", what: "a function with state must return [next state, result]" });
}
