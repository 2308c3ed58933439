// The reference backend: every program run by the float64 interpreter. Slow and exact.

import { evaluateShape } from "../../base/dim.js";
import type { HostArray } from "../../base/dtype.js";
import { elementCount } from "../../base/dtype.js";
import { RunError, UsageError } from "../../base/errors.js";
import { interpret } from "../../ir/core/interpret.js";
import { type Node, reachable } from "../../ir/core/node.js";
import { argumentInputs, type Binding, type SectionSpec } from "../../ir/lowered/section.js";
import type { Backend, Executable, Residents } from "../contract.js";

/** A backend that interprets; `reason` says why it was chosen. */
export function referenceBackend(reason: string): Backend {
  return {
    info: { backend: "reference", variant: "float64", class: "fma", threads: 1, reason },
    compile: ({ sections }): Executable => {
      const byName = new Map(sections.map((section) => [section.name, section]));
      return {
        run: (name, residents, feeds) => runSection(byName.get(name) ?? noSection(name), residents, feeds),
        arenaBytes: 0,
        instructionCount: sections.reduce((count, { graph }) => count + reachable(graph.outputs).length, 0),
      };
    },
    residents: (sizes) => new ExactVectors(sizes),
  };
}

function runSection(section: SectionSpec, residents: Residents, feeds: Readonly<Record<string, HostArray>>): Record<string, HostArray> {
  const values = new Map<Node<"input">, HostArray>();
  argumentInputs(section.graph).forEach((input, index) => {
    values.set(input, inputValue(input, section.inputs[index]!, residents, feeds));
  });
  const outputs = interpret(section.graph, values);
  const returned: Record<string, HostArray> = {};
  outputs.forEach((value, index) => {
    const binding = section.outputs[index]!;
    if (binding.kind === "fed") returned[binding.name] = value;
    else if (value.dtype === "float32") residents.write(binding.vector, value.data, binding.offset);
    else residents.writeInt(binding.vector, value.data, binding.offset);
  });
  return returned;
}

function inputValue(input: Node<"input">, binding: Binding, residents: Residents, feeds: Readonly<Record<string, HostArray>>): HostArray {
  if (binding.kind === "fed") {
    const feed = feeds[binding.name];
    if (feed === undefined) throw new UsageError({ code: "missing_feed", what: `the value of "${binding.name}" is missing`, phase: "run" });
    return feed;
  }
  const shape = evaluateShape(input.shape, new Map());
  const { vector, offset } = binding;
  const count = elementCount(shape);
  if (input.dtype === "float32") return { dtype: "float32", shape, data: residents.read(vector, offset, count) };
  const whole = residents.readInt(vector, offset, count);
  return { dtype: input.dtype, shape, data: input.dtype === "bool" ? Uint8Array.from(whole) : whole };
}

/** float64 elements; whole numbers are exact in them, so int32 needs no bit patterns. */
class ExactVectors implements Residents {
  readonly sizes: Readonly<Record<string, number>>;
  readonly #vectors: ReadonlyMap<string, Float64Array>;
  readonly #versions = new Map<string, number>();

  constructor(sizes: Readonly<Record<string, number>>) {
    this.sizes = sizes;
    this.#vectors = new Map(Object.entries(sizes).map(([name, size]) => [name, new Float64Array(size)]));
  }

  read(vector: string, offset = 0, length?: number): Float64Array {
    const whole = this.#vector(vector);
    return whole.slice(offset, length === undefined ? whole.length : offset + length);
  }

  write(vector: string, data: ArrayLike<number>, offset = 0): void {
    this.#vector(vector).set(data, offset);
    this.#versions.set(vector, this.version(vector) + 1);
  }

  readInt(vector: string, offset = 0, length?: number): Int32Array {
    return Int32Array.from(this.read(vector, offset, length));
  }

  writeInt(vector: string, data: ArrayLike<number>, offset = 0): void {
    this.write(vector, data, offset);
  }

  version(vector: string): number {
    return this.#versions.get(vector) ?? 0;
  }

  #vector(name: string): Float64Array {
    const found = this.#vectors.get(name);
    if (found === undefined) throw new RunError({ code: "no_vector", what: `the program has no vector "${name}"` });
    return found;
  }
}

function noSection(name: string): never {
  throw new UsageError({ code: "no_section", what: `the program has no section "${name}"`, phase: "run" });
}
