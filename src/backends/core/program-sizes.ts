// Fast evaluation of many symbolic sizes: symbols become places in one array.

import { type Dim, symbolsIn } from "../../base/dim.js";
import { RunError, UsageError } from "../../base/errors.js";

interface CompiledTerm {
  readonly coefficient: number;
  readonly symbols: readonly number[];
}

/** Symbols of a section with their values in the current run. */
export class SymbolTable {
  readonly names: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  readonly #values: Float64Array;
  readonly #isSet: Uint8Array;

  constructor(dims: Iterable<Dim>) {
    const names = new Set<string>();
    for (const dim of dims) for (const name of symbolsIn(dim)) names.add(name);
    this.names = [...names];
    this.#index = new Map(this.names.map((name, index) => [name, index]));
    this.#values = new Float64Array(this.names.length);
    this.#isSet = new Uint8Array(this.names.length);
  }

  /** Forgets all values. */
  clear(): void {
    this.#isSet.fill(0);
  }

  /** Gives a symbol its value; false if it has a different one. Symbols that no size mentions are ignored. */
  bind(name: string, value: number): boolean {
    const index = this.#index.get(name);
    if (index === undefined) return true;
    if (this.#isSet[index] === 1) return this.#values[index] === value;
    this.#values[index] = value;
    this.#isSet[index] = 1;
    return true;
  }

  /** Copies the values to `kept`; true if that changed anything. */
  differsFrom(kept: Float64Array): boolean {
    let differs = false;
    this.#values.forEach((value, index) => {
      differs ||= kept[index] !== value;
      kept[index] = value;
    });
    return differs;
  }

  /** An evaluator for one size; it throws `unbound_symbol`. */
  compile(dim: Dim): () => number {
    if (typeof dim === "number") return () => dim;
    const terms = dim.terms.map(
      ({ coefficient, symbols }): CompiledTerm => ({ coefficient, symbols: symbols.map((name) => this.#index.get(name)!) }),
    );
    return () => this.#evaluate(terms);
  }

  #evaluate(terms: readonly CompiledTerm[]): number {
    let sum = 0;
    for (const { coefficient, symbols } of terms) {
      let product = coefficient;
      for (const index of symbols) {
        if (this.#isSet[index] === 0) throw unbound(this.names[index]!);
        product *= this.#values[index]!;
      }
      sum += product;
    }
    return sum;
  }
}

/** Sizes and offsets are 32-bit in the core. */
export function checkSize(value: number): number {
  if (value <= 0x7fffffff && value >= -0x80000000) return value;
  throw new RunError({
    code: "too_large",
    what: `a value of ${value} elements is more than the core addresses (2147483647)`,
    hint: "Use a smaller batch or shorter sequences.",
    phase: "run",
  });
}

function unbound(name: string): UsageError {
  return new UsageError({ code: "unbound_symbol", what: `the size ${name} has no value in this run` });
}
