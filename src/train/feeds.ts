// How data reaches a program: which sizes are symbols, and the rows of each batch in reused memory.

import { type Dim, symbolDim } from "../base/dim.js";
import { hostTensor, type Tensor } from "../base/tensor.js";
import type { ArgumentSpec, Feeds } from "../engine/program.js";
import { BatchBuffer, gatherRows, readLater, readRows } from "./batches.js";
import type { CarriedStates } from "./carried.js";
import type { Column, Columns } from "./columns.js";
import { isSequence, type Ports, type Prepared, type RowLengths } from "./dataset.js";

/** Types of what a program is fed with; equal signatures share a program whatever their sizes. */
export interface FeedPlan {
  readonly signature: string;
  readonly x: Record<string, ArgumentSpec>;
  readonly y: Record<string, ArgumentSpec>;
  readonly lengths: Record<string, ArgumentSpec>;
  /** Sample weights by output. */
  readonly weights: Record<string, ArgumentSpec>;
  /** Outputs whose targets have holes. */
  readonly missing: ReadonlySet<string>;
}

/** Prefix of argument names, so that the unnamed "" is a name too. */
const prefix = "$";

/**
 * Batch and time are symbols. Inputs and targets with equal numbers of steps share a symbol, because their sequences meet in the
 * network; all others get their own.
 */
export function planFeeds(data: Prepared, ports: Ports): FeedPlan {
  const symbols = new Map<number, Dim>();
  const timeOf = (steps: number): Dim => {
    const known = symbols.get(steps) ?? symbolDim(symbols.size === 0 ? "T" : `T${symbols.size}`);
    symbols.set(steps, known);
    return known;
  };
  const spec = (column: Column, isTimed: boolean): ArgumentSpec => {
    const rest = column.shape.slice(1).map((size, axis): Dim => (isTimed && axis === 0 ? timeOf(size) : size));
    return { shape: [symbolDim("B"), ...rest], dtype: column.dtype };
  };
  const x = specs(data.x, (name, column) => spec(column, isSequence(ports.inputs.get(name)!)));
  const y = specs(data.y, (name, column) => spec(column, ports.outputs.get(name)!.sequence));
  const lengths = Object.fromEntries(
    [...data.lengths.keys()].map((name): [string, ArgumentSpec] => [prefix + name, { shape: [symbolDim("B")], dtype: "int32" }]),
  );
  const weights = specs(data.weights, (_, column) => spec(column, column.shape.length === 2));
  const { missing } = data;
  return { signature: JSON.stringify([x, y, lengths, weights, [...missing]]), x, y, lengths, weights, missing };
}

/** The traced value of one argument record, as networks take it: alone if unnamed, else by name. */
export function fromArguments(args: Readonly<Record<string, Tensor>>): Tensor | { readonly [name: string]: Tensor } {
  return args[prefix] ?? Object.fromEntries(Object.entries(args).map(([name, value]) => [name.slice(prefix.length), value]));
}

/** The traced value of one input or target by name. */
export function argumentOf(args: Readonly<Record<string, Tensor>>, name: string): Tensor {
  return args[prefix + name]!;
}

/** Makes the feeds of a batch. Memory is reused: a batch's tensors are valid until the next one is made. */
export class BatchFeeder {
  readonly #data: Prepared;
  readonly #states: CarriedStates;
  readonly #buffers = new Map<string, BatchBuffer>();

  /** @param states  that go before the batches of stateful models */
  constructor(data: Prepared, states: CarriedStates) {
    this.#data = data;
    this.#states = states;
  }

  /** Feeds for these rows, all of which are in memory. */
  feeds(rows: Int32Array): Feeds {
    return this.#feeds(rows, new Map());
  }

  /** Feeds for these rows, to be made when they are needed; a promise if some must be read first. */
  prepare(rows: Int32Array): (() => Feeds) | Promise<() => Feeds> {
    const { x, y } = this.#data;
    const isElsewhere = [...x.values(), ...y.values()].some(({ source }) => source !== undefined);
    return isElsewhere ? this.#read(rows) : () => this.feeds(rows);
  }

  async #read(rows: Int32Array): Promise<() => Feeds> {
    const read = new Map<Column, Tensor>();
    for (const column of [...this.#data.x.values(), ...this.#data.y.values()])
      if (column.source !== undefined) read.set(column, await readRows(column, rows));
    return () => this.#feeds(rows, read);
  }

  #feeds(rows: Int32Array, read: ReadonlyMap<Column, Tensor>): Feeds {
    const { x, y, lengths, weights } = this.#data;
    return {
      x: this.#gather("x", x, rows, read),
      y: this.#gather("y", y, rows, read),
      lengths: gatherLengths(lengths, rows),
      ...(this.#states.isUsed ? { states: this.#states.before(rows.length) } : {}),
      sampleWeights: this.#gather("weights", weights, rows, read),
    };
  }

  #gather(label: string, columns: Columns, rows: Int32Array, read: ReadonlyMap<Column, Tensor>): Record<string, Tensor> {
    const value = (name: string, column: Column): Tensor => {
      if (column.source === undefined) return gatherRows(column, rows, this.#buffer(`${label} ${name}`));
      const known = read.get(column);
      if (known !== undefined) return known;
      throw readLater("probe", column);
    };
    return Object.fromEntries([...columns].map(([name, column]) => [prefix + name, value(name, column)]));
  }

  #buffer(key: string): BatchBuffer {
    const known = this.#buffers.get(key) ?? new BatchBuffer();
    this.#buffers.set(key, known);
    return known;
  }
}

function gatherLengths(lengths: RowLengths, rows: Int32Array): Record<string, Tensor> {
  return Object.fromEntries(
    [...lengths].map(([name, values]) => [
      prefix + name,
      hostTensor(
        rows.map((row) => values[row]!),
        [rows.length],
        "int32",
      ),
    ]),
  );
}

function specs(columns: Columns, spec: (name: string, column: Column) => ArgumentSpec): Record<string, ArgumentSpec> {
  return Object.fromEntries([...columns].map(([name, column]) => [prefix + name, spec(name, column)]));
}
