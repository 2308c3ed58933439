// A section run very often on constant sizes: views and places are found once, so that a run is one call.

import { elementCount, type HostArray } from "../../base/dtype.js";
import type { BoundPort, BoundSection } from "../contract.js";
import type { CoreSection, FixedPort, FixedSection } from "./executable-section.js";
import type { Machine } from "./machine.js";
import type { CoreResidents } from "./residents.js";

type View = Float32Array | Int32Array;

/** What every run touches, as views of machine memory. */
interface Views {
  readonly header: Float64Array;
  readonly status: Int32Array;
  readonly inputs: readonly (View | null)[];
  readonly outputs: readonly (View | null)[];
}

/** A section of a core with vectors of its own choice. */
export class BoundCoreSection implements BoundSection {
  readonly inputs: readonly BoundPort[];
  readonly outputs: readonly BoundPort[];
  readonly #machine: Machine;
  readonly #fixed: FixedSection;
  readonly #residents: CoreResidents;
  readonly #sources: readonly string[];
  /** Versions of `sources` that were packed last. */
  readonly #packed: Float64Array;
  /** Only where a run can fail because of data: the written vectors before it. */
  readonly #saved: readonly { readonly vector: string; readonly values: Int32Array }[];
  readonly #call: () => void;
  #views: Views;

  constructor(machine: Machine, section: CoreSection, residents: CoreResidents) {
    this.#machine = machine;
    this.#residents = residents;
    const fixed = section.fix(residents);
    this.#fixed = fixed;
    this.inputs = fixed.inputs;
    this.outputs = fixed.outputs;
    this.#sources = section.section.prepareFrom;
    this.#packed = new Float64Array(this.#sources.length).fill(-1);
    const canFail = section.section.sites.length > 0;
    this.#saved = canFail ? fixed.written.map((vector) => ({ vector, values: new Int32Array(residents.sizes[vector]!) })) : [];
    // The address is kept as a value of this function: read from a field, it would be a new heap number at each call.
    const { address } = fixed.header;
    this.#call = () => machine.run(address);
    this.#views = viewsOf(machine, fixed);
  }

  put(input: number, data: ArrayLike<number>): void {
    this.#current().inputs[input]?.set(data);
  }

  run(): void {
    if (!this.#isPacked()) this.#pack();
    const { header, status } = this.#current();
    const { statusWord } = this.#fixed;
    header[1] = this.#fixed.run[0];
    header[2] = this.#fixed.run[1];
    for (const { vector, values } of this.#saved) values.set(this.#residents.words(vector));
    this.#call();
    if (status[statusWord] !== 0) this.#fail(status, statusWord);
    for (let index = 0; index < this.#fixed.written.length; index++) this.#residents.changed(this.#fixed.written[index]!);
  }

  get(output: number, to: Float32Array | Float64Array | Int32Array | Uint8Array): void {
    const view = this.#current().outputs[output];
    if (view !== null && view !== undefined) to.set(view);
  }

  result(output: number): HostArray {
    const { shape, dtype } = this.outputs[output]!;
    const view = this.#current().outputs[output] ?? new Float32Array(elementCount(shape));
    return { shape, dtype, data: dtype === "bool" ? Uint8Array.from(view) : view.slice() };
  }

  /** Growing WebAssembly memory empties the views of it. */
  #current(): Views {
    if (this.#views.header.length === 0) this.#views = viewsOf(this.#machine, this.#fixed);
    return this.#views;
  }

  #isPacked(): boolean {
    for (let index = 0; index < this.#sources.length; index++) {
      if (this.#packed[index] !== this.#residents.version(this.#sources[index]!)) return false;
    }
    return true;
  }

  #pack(): void {
    this.#fixed.prepare();
    this.#sources.forEach((source, index) => {
      this.#packed[index] = this.#residents.version(source);
    });
  }

  #fail(status: Int32Array, at: number): never {
    const [error = 0, site = 0, value = 0] = status.subarray(at, at + 3);
    status.fill(0, at, at + 3);
    for (const { vector, values } of this.#saved) this.#residents.words(vector).set(values);
    throw this.#fixed.failure(error, site, value);
  }
}

function viewsOf(machine: Machine, fixed: FixedSection): Views {
  const view = ({ place, dtype, shape }: FixedPort): View | null => {
    if (place === null) return null;
    const start = place.offset / 4;
    const whole = dtype === "float32" ? machine.f32(place.block) : machine.i32(place.block);
    return whole.subarray(start, start + elementCount(shape));
  };
  return {
    header: machine.f64(fixed.header),
    status: machine.i32(fixed.header),
    inputs: fixed.inputs.map(view),
    outputs: fixed.outputs.map(view),
  };
}
