// Flat vectors in a machine's memory.

import { UsageError } from "../../base/errors.js";
import type { Residents, VectorName } from "../contract.js";
import type { Block, Machine } from "./machine.js";

interface Vector {
  readonly block: Block;
  readonly size: number;
  version: number;
}

/** Vectors of one machine; memory comes back when the object is collected. */
export class CoreResidents implements Residents {
  readonly sizes: Readonly<Record<VectorName, number>>;
  readonly machine: Machine;
  readonly #vectors: ReadonlyMap<VectorName, Vector>;

  constructor(machine: Machine, sizes: Readonly<Record<VectorName, number>>, shared: readonly CoreResidents[] = []) {
    this.machine = machine;
    this.sizes = Object.assign({}, ...shared.map((other) => other.sizes), sizes);
    const make = (size: number): Vector => ({ block: machine.allocate(Math.max(size, 1) * 4), size, version: 0 });
    this.#vectors = new Map([
      ...shared.flatMap((other) => [...other.#vectors]),
      ...Object.entries(sizes).map(([name, size]): [string, Vector] => [name, make(size)]),
    ]);
  }

  read(vector: VectorName, offset = 0, length: number = this.#sizeFrom(vector, offset)): Float32Array {
    return this.machine.f32(this.#range(vector, offset, length).block).slice(offset, offset + length);
  }

  readInt(vector: VectorName, offset = 0, length: number = this.#sizeFrom(vector, offset)): Int32Array {
    return this.machine.i32(this.#range(vector, offset, length).block).slice(offset, offset + length);
  }

  write(vector: VectorName, data: ArrayLike<number>, offset = 0): void {
    this.machine.f32(this.#range(vector, offset, data.length).block).set(data, offset);
    this.changed(vector);
  }

  writeInt(vector: VectorName, data: ArrayLike<number>, offset = 0): void {
    this.machine.i32(this.#range(vector, offset, data.length).block).set(data, offset);
    this.changed(vector);
  }

  version(vector: VectorName): number {
    return this.#vector(vector).version;
  }

  /** Notes that a program wrote the vector. */
  changed(vector: VectorName): void {
    this.#vector(vector).version += 1;
  }

  /** Address of the first element. */
  address(vector: VectorName): number {
    return this.#vector(vector).block.address;
  }

  /** All elements as they lie in memory. */
  words(vector: VectorName): Int32Array {
    const { block, size } = this.#vector(vector);
    return this.machine.i32(block).subarray(0, size);
  }

  #sizeFrom(vector: VectorName, offset: number): number {
    return this.#vector(vector).size - offset;
  }

  #vector(name: VectorName): Vector {
    const vector = this.#vectors.get(name);
    if (vector !== undefined) return vector;
    const known = [...this.#vectors.keys()].join(", ");
    throw new UsageError({ code: "unknown_vector", what: `there is no vector "${name}"; there are: ${known === "" ? "none" : known}` });
  }

  #range(name: VectorName, offset: number, length: number): Vector {
    const vector = this.#vector(name);
    if (offset >= 0 && length >= 0 && offset + length <= vector.size) return vector;
    throw new UsageError({
      code: "vector_range",
      what: `elements ${offset} to ${offset + length} do not lie in the vector "${name}" of ${vector.size} elements`,
    });
  }
}
