// The weights of a model as one flat vector: on the host until a backend runs, then resident there.

import type { Backend, Residents } from "../backends/contract.js";
import { elementCount } from "../base/dtype.js";
import { RunError, ShapeError, UsageError } from "../base/errors.js";
import { HostTensor, hostTensor, type Tensor } from "../base/tensor.js";
import { isRecord, type Tree } from "../base/tree.js";
import type { ArgumentSpec } from "../engine/program.js";
import type { WeightInfo } from "../nn/network.js";
import { isTensor } from "../trace/traced.js";

/** One weight's place in the flat vectors (weights, gradients, optimiser slots). */
export interface Placed {
  readonly info: WeightInfo;
  readonly offset: number;
  readonly size: number;
}

/** All places; `size` is the length of every flat vector. */
export interface Layout {
  readonly places: readonly Placed[];
  readonly size: number;
}

// Places start at multiples of 64 bytes, where vector loads do not straddle cache lines.
const alignment = 16;

/** Weights one after the other, each at a multiple of 16 elements; what lies between stays zero. */
export function layoutOf(weights: readonly WeightInfo[]): Layout {
  let next = 0;
  const places = weights.map((info) => {
    const size = elementCount(info.shape);
    const offset = next;
    next += Math.ceil(size / alignment) * alignment;
    return { info, offset, size };
  });
  return { places, size: Math.max(next, alignment) };
}

/** Specs of the weights as a tree layer → weight, resident in a flat vector. */
export function weightSpecs(layout: Layout, vector: string): Record<string, Record<string, ArgumentSpec>> {
  return nested(
    layout.places.map(({ info, offset }) => [info.path, { shape: info.shape, dtype: "float32", resident: { vector, offset } }]),
  );
}

/** Values by `layer/weight` as a tree layer → weight. */
export function nested<V>(entries: readonly (readonly [path: string, value: V])[]): Record<string, Record<string, V>> {
  const tree: Record<string, Record<string, V>> = {};
  for (const [path, value] of entries) {
    const cut = path.indexOf("/");
    const layer = path.slice(0, cut);
    tree[layer] = { ...tree[layer], [path.slice(cut + 1)]: value };
  }
  return tree;
}

/** Numbers of one vector; float64 where the backend computes in it. */
export type Vector = Float32Array | Float64Array;

/** Owns the flat vectors of one model. */
export class WeightStore {
  readonly layout: Layout;
  /** Vectors by name while no backend holds them. */
  #host: Map<string, Vector>;
  #hostVersion = 0;
  #held: { readonly backend: Backend; readonly residents: Residents; readonly names: readonly string[] } | null = null;

  constructor(layout: Layout, initial: Float32Array) {
    this.layout = layout;
    this.#host = new Map([["weights", initial]]);
  }

  /** Residents on this backend with at least these vectors; values move along when backend or vectors change. */
  on(backend: Backend, names: readonly string[]): Residents {
    const held = this.#held;
    if (held !== null && held.backend === backend && names.every((name) => held.names.includes(name))) return held.residents;
    if (held !== null) for (const name of held.names) this.#host.set(name, held.residents.read(name));
    const all = [...new Set([...this.#host.keys(), ...names])];
    const residents = backend.residents(Object.fromEntries(all.map((name) => [name, this.layout.size])));
    for (const [name, values] of this.#host) residents.write(name, values);
    this.#host = new Map();
    this.#held = { backend, residents, names: all };
    return residents;
  }

  /** Where the weights are now: an object that changes when they move, and a number that grows when they change there. */
  get source(): object {
    return this.#held?.residents ?? this.#host;
  }

  get version(): number {
    return this.#held?.residents.version("weights") ?? this.#hostVersion;
  }

  /** The residents that hold the weights, moving them to this backend only if none has them; null if another one has. */
  heldOn(backend: Backend): Residents | null {
    if (this.#held === null) return this.on(backend, ["weights"]);
    return this.#held.backend === backend ? this.#held.residents : null;
  }

  /** Forgets every vector but the weights: the slots of an optimiser that is no longer used. */
  dropOthers(): void {
    const weights = this.flat();
    this.#held = null;
    this.#host = new Map([["weights", weights]]);
  }

  /** Copies of all vectors but the gradients and their sums, which every step makes anew. */
  vectors(): Map<string, Vector> {
    const held = this.#held;
    const entries: [string, Vector][] =
      held === null
        ? [...this.#host].map(([name, values]) => [name, values.slice()])
        : held.names.map((name) => [name, held.residents.read(name)]);
    return new Map(entries.filter(([name]) => name !== "gradients" && name !== "accumulated"));
  }

  /** Puts such copies back; vectors that are not among them are forgotten. */
  setVectors(values: ReadonlyMap<string, Vector>): void {
    const held = this.#held;
    if (held !== null && [...values.keys()].every((name) => held.names.includes(name))) {
      for (const [name, vector] of values) held.residents.write(name, vector);
      return;
    }
    this.#held = null;
    this.#host = new Map([...values].map(([name, vector]) => [name, vector.slice()]));
    this.#hostVersion += 1;
  }

  /** A copy of all weights as they lie in the vector. */
  flat(): Vector {
    if (this.#held !== null) return this.#held.residents.read("weights");
    return this.#host.get("weights")!.slice();
  }

  /** Rounds all weights to float32. */
  round(): void {
    this.setFlat(Float32Array.from(this.flat()));
  }

  /** Replaces all weights. */
  setFlat(values: Vector): void {
    if (this.#held !== null) this.#held.residents.write("weights", values);
    else {
      this.#host.set("weights", values.slice());
      this.#hostVersion += 1;
    }
  }

  /** The weights as a tree layer → weight of host tensors. */
  tree(): Record<string, Record<string, HostTensor>> {
    const flat = this.flat();
    return nested(
      this.layout.places.map(({ info, offset, size }) => [info.path, hostTensor(flat.slice(offset, offset + size), info.shape, "float32")]),
    );
  }

  /** Sets all weights from a tree; throws UsageError `weight_names`, ShapeError `weight_shape`. */
  setTree(tree: Tree): void {
    const given = new Map(flatten(tree));
    const known = new Set(this.layout.places.map(({ info }) => info.path));
    const layers = new Set([...known].map((path) => path.slice(0, path.indexOf("/"))));
    const extraLayer = Object.keys(tree).find((layer) => !layers.has(layer));
    if (extraLayer !== undefined) throw unknownName(`layer "${extraLayer}" with weights`, layers);
    const extra = [...given.keys()].find((path) => !known.has(path));
    if (extra !== undefined) throw unknownName(`weight "${extra}"`, known);
    const flat = this.flat();
    for (const { info, offset } of this.layout.places) {
      const value = given.get(info.path);
      if (value === undefined) throw new UsageError({ code: "weight_names", what: `the weight "${info.path}" is missing` });
      flat.set(weightValues(value, info), offset);
    }
    this.setFlat(flat);
  }
}

/** Initial weights for a seed. */
export function initialFlat(layout: Layout, seed: number): Float32Array {
  const flat = emptyVector(layout.size);
  for (const { info, offset } of layout.places) flat.set(info.initial(seed), offset);
  return flat;
}

function emptyVector(size: number): Float32Array {
  try {
    return new Float32Array(size);
  } catch {
    const what = `the weights are ${size} numbers, ${Math.round(size / 2.5e8)} GB, more than memory can hold`;
    throw new RunError({ code: "too_large", what, hint: "Use fewer units or layers." });
  }
}

function unknownName(what: string, known: ReadonlySet<string>): UsageError {
  return new UsageError({ code: "weight_names", what: `the model has no ${what}`, hint: `It has ${[...known].join(", ")}.` });
}

function flatten(tree: Tree): [string, Tensor][] {
  if (!isRecord(tree) || isTensor(tree))
    throw new UsageError({ code: "weight_names", what: "weights must be a record layer → weight → tensor" });
  const layers: { readonly [layer: string]: unknown } = tree;
  return Object.entries(layers).flatMap(([layer, weights]) => {
    if (!isRecord(weights) || isTensor(weights))
      throw new UsageError({ code: "weight_names", what: `weights.${layer} must be a record of tensors` });
    return Object.entries(weights).map(([name, value]): [string, Tensor] => {
      if (isTensor(value)) return [`${layer}/${name}`, value];
      throw new UsageError({ code: "weight_names", what: `weights.${layer}.${name} is not a tensor` });
    });
  });
}

function weightValues(value: Tensor, info: WeightInfo): HostTensor["data"] {
  if (!(value instanceof HostTensor))
    throw new UsageError({ code: "value_in_trace", what: `the weight "${info.path}" is a traced tensor` });
  if (value.shape.join() === info.shape.join()) return value.data;
  const what = `the weight "${info.path}" is [${info.shape.join(", ")}], the new value [${value.shape.join(", ")}]`;
  throw new ShapeError({ code: "weight_shape", what });
}
