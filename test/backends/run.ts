// Runs graphs on every backend there is, the core ones with all unused memory poisoned.

import type { Backend, Executable, Residents, SectionSpec } from "../../src/backends/contract.js";
import { type CoreBackend, coreBackend } from "../../src/backends/core/backend.js";
import type { HostArray } from "../../src/base/dtype.js";
import type { Graph, Node } from "../../src/ir/core/node.js";
import { argumentInputs } from "../../src/ir/lowered/section.js";
import { lowerProgram } from "../../src/lower/lower.js";
import { allMachines } from "../core/assemble.js";

/** Every core variant of this machine; even the smallest work is divided if there are several threads. */
export async function coreBackends(
  options: { readonly threads?: number; readonly poison?: boolean } = {},
): Promise<readonly CoreBackend[]> {
  return (await allMachines()).map((machine) => coreBackend(machine, { lower: lowerProgram, poison: true, parallelWork: 1, ...options }));
}

/** As in test titles. */
export function backendTitle({ info }: Backend): string {
  return `${info.backend}/${info.variant}`;
}

/** A section in which everything is fed: inputs by position and name, outputs o0, o1 … */
export function fedSection(graph: Graph, name = "main"): SectionSpec {
  return {
    name,
    graph,
    inputs: argumentInputs(graph).map((_, index) => ({ kind: "fed", name: `i${index}` })),
    outputs: graph.outputs.map((_, index) => ({ kind: "fed", name: `o${index}` })),
  };
}

/** A compiled graph of fed inputs and outputs. */
export interface FedProgram {
  readonly executable: Executable;
  readonly residents: Residents;
  run(feeds: ReadonlyMap<Node<"input">, HostArray>): HostArray[];
}

export function compileFed(backend: Backend, graph: Graph): FedProgram {
  const executable = backend.compile({ name: graph.name, sections: [fedSection(graph)] });
  const residents = backend.residents({});
  return {
    executable,
    residents,
    run: (feeds) => {
      const given = Object.fromEntries(argumentInputs(graph).map((node, index) => [`i${index}`, feeds.get(node)!]));
      const results = executable.run("main", residents, given);
      return graph.outputs.map((_, index) => results[`o${index}`]!);
    },
  };
}
