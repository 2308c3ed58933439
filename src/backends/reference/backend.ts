// The reference backend: the float64 interpreter behind the contract of all backends.

import { evaluateShape } from "../../base/dim.js";
import { elementCount, exactArray, type HostArray } from "../../base/dtype.js";
import { UsageError } from "../../base/errors.js";
import { interpret } from "../../ir/core/interpret.js";
import type { Node } from "../../ir/core/node.js";
import { argumentInputs, type Binding } from "../../ir/lowered/section.js";
import type { Backend, Executable, ProgramSpec, Residents, SectionSpec, VectorName } from "../contract.js";

/** Exact and slow: the oracle of the others. */
export function referenceBackend(reason = "asked for"): Backend {
  return {
    info: { backend: "reference", variant: "float64", class: "float64", threads: 1, reason },
    compile: (spec) => new ReferenceExecutable(spec),
    residents: (sizes) => new ReferenceResidents(sizes),
  };
}

/** Vectors of exact values; integers are their own value here, not bits. */
class ReferenceResidents implements Residents {
  readonly sizes: Readonly<Record<VectorName, number>>;
  readonly #vectors: ReadonlyMap<VectorName, Float64Array>;
  readonly #versions: Map<VectorName, number> = new Map();

  constructor(sizes: Readonly<Record<VectorName, number>>) {
    this.sizes = { ...sizes };
    this.#vectors = new Map(Object.entries(sizes).map(([name, size]) => [name, new Float64Array(size)]));
  }

  read(vector: VectorName, offset = 0, length: number = this.#vector(vector).length - offset): Float64Array {
    return this.#range(vector, offset, length).slice(offset, offset + length);
  }

  readInt(vector: VectorName, offset = 0, length: number = this.#vector(vector).length - offset): Int32Array {
    return Int32Array.from(this.read(vector, offset, length));
  }

  write(vector: VectorName, data: ArrayLike<number>, offset = 0): void {
    this.#range(vector, offset, data.length).set(data, offset);
    this.#versions.set(vector, this.version(vector) + 1);
  }

  writeInt(vector: VectorName, data: ArrayLike<number>, offset = 0): void {
    this.write(vector, data, offset);
  }

  version(vector: VectorName): number {
    this.#vector(vector);
    return this.#versions.get(vector) ?? 0;
  }

  #vector(name: VectorName): Float64Array {
    const vector = this.#vectors.get(name);
    if (vector !== undefined) return vector;
    const known = [...this.#vectors.keys()].join(", ");
    throw new UsageError({ code: "unknown_vector", what: `there is no vector "${name}"; there are: ${known === "" ? "none" : known}` });
  }

  #range(name: VectorName, offset: number, length: number): Float64Array {
    const vector = this.#vector(name);
    if (offset >= 0 && length >= 0 && offset + length <= vector.length) return vector;
    throw new UsageError({
      code: "vector_range",
      what: `elements ${offset} to ${offset + length} do not lie in the vector "${name}" of ${vector.length} elements`,
    });
  }
}

class ReferenceExecutable implements Executable {
  readonly arenaBytes = 0;
  readonly instructionCount = 0;
  readonly #spec: ProgramSpec;

  constructor(spec: ProgramSpec) {
    this.#spec = spec;
  }

  run(section: string, residents: Residents, feeds: Readonly<Record<string, HostArray>>): Readonly<Record<string, HostArray>> {
    const found = this.#spec.sections.find(({ name }) => name === section);
    if (found === undefined) {
      const known = this.#spec.sections.map(({ name }) => name).join(", ");
      throw new UsageError({
        code: "unknown_section",
        what: `the program ${this.#spec.name} has no section "${section}"; it has ${known}`,
      });
    }
    return runSection(found, residents, feeds);
  }
}

function runSection(spec: SectionSpec, residents: Residents, feeds: Readonly<Record<string, HostArray>>): Record<string, HostArray> {
  const values = new Map<Node<"input">, HostArray>();
  argumentInputs(spec.graph).forEach((node, index) => {
    values.set(node, inputValue(node, spec.inputs[index]!, residents, feeds));
  });
  const outputs = interpret(spec.graph, values);
  const results: Record<string, HostArray> = {};
  outputs.forEach((value, index) => {
    const binding = spec.outputs[index]!;
    if (binding.kind === "fed") results[binding.name] = value;
    else residents.write(binding.vector, value.data, binding.offset);
  });
  return results;
}

function inputValue(node: Node<"input">, binding: Binding, residents: Residents, feeds: Readonly<Record<string, HostArray>>): HostArray {
  if (binding.kind === "fed") {
    const feed = feeds[binding.name];
    if (feed !== undefined) return feed;
    throw new UsageError({ code: "missing_feed", what: `the argument ${binding.name} has no value` });
  }
  const shape = evaluateShape(node.shape, new Map());
  const data = exactArray(node.dtype, elementCount(shape));
  data.set(residents.read(binding.vector, binding.offset, data.length));
  return { dtype: node.dtype, shape, data };
}
