// The reference backend: the float64 interpreter behind the contract of all backends.

import { evaluateShape } from "../../base/dim.js";
import { elementCount, exactArray, type HostArray } from "../../base/dtype.js";
import { UsageError } from "../../base/errors.js";
import { interpret } from "../../ir/core/interpret.js";
import type { Node } from "../../ir/core/node.js";
import { argumentInputs, type Binding } from "../../ir/lowered/section.js";
import type { Backend, BoundPort, BoundSection, Executable, ProgramSpec, Residents, SectionSpec, VectorName } from "../contract.js";

/** Exact and slow: the oracle of the others. */
export function referenceBackend(reason = "asked for"): Backend {
  return {
    info: { backend: "reference", variant: "float64", class: "float64", threads: 1, reason },
    compile: (spec) => new ReferenceExecutable(spec),
    residents: (sizes, shared = []) => new ReferenceResidents(sizes, shared.map(ownResidents)),
  };
}

interface Vector {
  readonly values: Float64Array;
  version: number;
}

/** Vectors of exact values; integers are their own value here, not bits. */
class ReferenceResidents implements Residents {
  readonly sizes: Readonly<Record<VectorName, number>>;
  readonly #vectors: ReadonlyMap<VectorName, Vector>;

  constructor(sizes: Readonly<Record<VectorName, number>>, shared: readonly ReferenceResidents[]) {
    this.sizes = Object.assign({}, ...shared.map((other) => other.sizes), sizes);
    this.#vectors = new Map([
      ...shared.flatMap((other) => [...other.#vectors]),
      ...Object.entries(sizes).map(([name, size]): [string, Vector] => [name, { values: new Float64Array(size), version: 0 }]),
    ]);
  }

  read(vector: VectorName, offset = 0, length: number = this.#vector(vector).values.length - offset): Float64Array {
    return this.#range(vector, offset, length).values.slice(offset, offset + length);
  }

  readInt(vector: VectorName, offset = 0, length: number = this.#vector(vector).values.length - offset): Int32Array {
    return Int32Array.from(this.read(vector, offset, length));
  }

  write(vector: VectorName, data: ArrayLike<number>, offset = 0): void {
    const written = this.#range(vector, offset, data.length);
    written.values.set(data, offset);
    written.version += 1;
  }

  writeInt(vector: VectorName, data: ArrayLike<number>, offset = 0): void {
    this.write(vector, data, offset);
  }

  version(vector: VectorName): number {
    return this.#vector(vector).version;
  }

  #vector(name: VectorName): Vector {
    const vector = this.#vectors.get(name);
    if (vector !== undefined) return vector;
    const known = [...this.#vectors.keys()].join(", ");
    throw new UsageError({ code: "unknown_vector", what: `there is no vector "${name}"; there are: ${known === "" ? "none" : known}` });
  }

  #range(name: VectorName, offset: number, length: number): Vector {
    const vector = this.#vector(name);
    if (offset >= 0 && length >= 0 && offset + length <= vector.values.length) return vector;
    throw new UsageError({
      code: "vector_range",
      what: `elements ${offset} to ${offset + length} do not lie in the vector "${name}" of ${vector.values.length} elements`,
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
    return runSection(this.#section(section), residents, feeds);
  }

  /** Every value has memory of its own. */
  reserve(): void {}

  bind(section: string, residents: Residents): BoundSection {
    return boundSection(this.#section(section), residents);
  }

  #section(section: string): SectionSpec {
    const found = this.#spec.sections.find(({ name }) => name === section);
    if (found === undefined) {
      const known = this.#spec.sections.map(({ name }) => name).join(", ");
      throw new UsageError({
        code: "unknown_section",
        what: `the program ${this.#spec.name} has no section "${section}"; it has ${known}`,
      });
    }
    return found;
  }
}

/** The same run over and over; being slow anyway, it makes new arrays each time. */
function boundSection(spec: SectionSpec, residents: Residents): BoundSection {
  const inputs = portsOf(argumentInputs(spec.graph), spec.inputs);
  const outputs = portsOf(spec.graph.outputs, spec.outputs);
  const feeds: Record<string, HostArray> = {};
  let results: Record<string, HostArray> = {};
  const result = (output: number): HostArray => {
    const port = outputs[output]!;
    return results[port.name] ?? { ...port, data: exactArray(port.dtype, elementCount(port.shape)) };
  };
  return {
    inputs,
    outputs,
    put(input, data) {
      const port = inputs[input]!;
      const exact = exactArray(port.dtype, elementCount(port.shape));
      exact.set(data);
      feeds[port.name] = { ...port, data: exact };
    },
    run() {
      results = runSection(spec, residents, feeds);
    },
    get: (output, to) => to.set(result(output).data),
    result,
  };
}

/** The fed ones. */
function portsOf(nodes: readonly Node[], bindings: readonly Binding[]): BoundPort[] {
  return nodes.flatMap(({ shape, dtype }, index) => {
    const binding = bindings[index]!;
    return binding.kind === "fed" ? [{ name: binding.name, shape: evaluateShape(shape, new Map()), dtype }] : [];
  });
}

function ownResidents(residents: Residents): ReferenceResidents {
  if (residents instanceof ReferenceResidents) return residents;
  throw new UsageError({
    code: "foreign_residents",
    what: "these vectors belong to another backend",
    hint: "Make them with the same backend.",
  });
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
