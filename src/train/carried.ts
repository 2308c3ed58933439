// States that stateful layers carry from one batch to the next, and how programs take and give them.

import { symbolDim } from "../base/dim.js";
import { UsageError } from "../base/errors.js";
import type { Stored } from "../base/stored.js";
import { HostTensor, hostTensor, type Tensor } from "../base/tensor.js";
import { isRecord, type Tree } from "../base/tree.js";
import type { ArgumentSpec } from "../engine/program.js";
import { type Memory, type NamedState, namedMemory } from "../nn/memory.js";
import type { BuiltNetwork } from "../nn/network.js";
import { isTensor } from "../trace/traced.js";

/** The states of a model between its batches; zeros at the beginning. */
export class CarriedStates {
  readonly #states: readonly NamedState[];
  #values: ReadonlyMap<string, HostTensor> | null = null;

  constructor({ carried }: BuiltNetwork) {
    this.#states = carried;
  }

  /** False for models without stateful layers. */
  get isUsed(): boolean {
    return this.#states.length > 0;
  }

  /**
   * The states before a batch of so many rows.
   *
   * @throws UsageError `stateful_batch` if the batch before had another number
   */
  before(rows: number): Readonly<Record<string, HostTensor>> {
    const entries = this.#states.map((state): [string, HostTensor] => {
      const known = this.#values?.get(keyOf(state)) ?? zeros(rows, state.size);
      if (known.shape[0] === rows) return [keyOf(state), known];
      throw new UsageError({
        code: "stateful_batch",
        what: `the states of layer "${state.layer}" are those of ${known.shape[0]} rows, this batch has ${rows}`,
        hint: "Stateful layers need batches of one size: choose a batchSize that divides the rows, or call resetStates.",
      });
    });
    return Object.fromEntries(entries);
  }

  /** Takes over what a section gave as `states`. */
  take(states: Tree | undefined): void {
    if (!this.isUsed || !isRecord(states) || isTensor(states)) return;
    const entries = Object.entries(states).filter((entry): entry is [string, HostTensor] => entry[1] instanceof HostTensor);
    this.#values = new Map(entries);
  }

  /** Back to zeros. */
  reset(): void {
    this.#values = null;
  }

  /** For checkpoints, and to go back to. */
  get stored(): Stored {
    return this.#values === null ? null : Object.fromEntries(this.#values);
  }

  set stored(value: Stored) {
    this.reset();
    if (isRecord(value) && !isTensor(value)) this.take(value as Tree);
  }
}

/** Types of the states as arguments of a section. */
export function carriedSpecs({ carried }: BuiltNetwork): Record<string, ArgumentSpec> {
  return Object.fromEntries(carried.map((state) => [keyOf(state), { shape: [symbolDim("B"), state.size], dtype: "float32" }]));
}

/** Inside a section: the memory over its argument `states`, and what to return as `states`. */
export class Carrying {
  readonly #given: Readonly<Record<string, Tensor>>;
  #next: readonly (NamedState & { readonly value: Tensor })[] = [];

  constructor(states: Readonly<Record<string, Tensor>>) {
    this.#given = states;
  }

  /** For one run of the network; undefined without stateful layers. */
  memory(): Memory | undefined {
    if (Object.keys(this.#given).length === 0) return undefined;
    const { memory, next } = namedMemory((state) => this.#given[keyOf(state)]!);
    this.#next = next;
    return memory;
  }

  get after(): Record<string, Tensor> {
    return Object.fromEntries(this.#next.map((state) => [keyOf(state), state.value]));
  }
}

function keyOf({ layer, name }: NamedState): string {
  return `${layer}/${name}`;
}

function zeros(rows: number, size: number): HostTensor {
  return hostTensor(new Float32Array(rows * size), [rows, size], "float32");
}
