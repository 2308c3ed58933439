// What the engine hands to a backend: graphs with their inputs and outputs bound to host arrays or to places in flat vectors.

import type { Graph } from "../core/node.js";

/** Name of a flat vector that stays in the backend's memory: "weights", "gradients", "slot:m", "state" … */
export type VectorName = string;

/** Where an input comes from or an output goes. */
export type Binding =
  /** A host array given with every run, or returned by it. */
  | { readonly kind: "fed"; readonly name: string }
  /** Row-major elements of a flat vector, from element `offset` on; every element takes four bytes. */
  | { readonly kind: "resident"; readonly vector: VectorName; readonly offset: number };

/** One graph that can be run by itself. */
export interface SectionSpec {
  readonly name: string;
  readonly graph: Graph;
  /** One for each of `graph.inputs` that is an argument, in order; domain tables are made by the backend and have none. */
  readonly inputs: readonly Binding[];
  /** One for each output. A resident output is written after everything in the section has been read. */
  readonly outputs: readonly Binding[];
}

/** Sections that share vectors and memory. */
export interface ProgramSpec {
  readonly name: string;
  readonly sections: readonly SectionSpec[];
}

/** The argument inputs of a graph, in binding order. */
export function argumentInputs(graph: Graph): Graph["inputs"] {
  return graph.inputs.filter((input) => input.attrs.source.kind === "argument");
}
