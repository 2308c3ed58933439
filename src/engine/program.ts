// From traced functions to a running program: the only place that knows the order of the phases.

import type { Backend, Binding, BoundSection, Executable, Residents, SectionSpec } from "../backends/contract.js";
import type { Dim } from "../base/dim.js";
import type { DType, HostArray } from "../base/dtype.js";
import { ShapeError, UsageError } from "../base/errors.js";
import { HostTensor, hostTensor, type Tensor } from "../base/tensor.js";
import { type NamedLeaf, type Tree, type TreeOf, treeFrom, treeLeaves } from "../base/tree.js";
import type { Graph, Node } from "../ir/core/node.js";
import type { PassEntry } from "../passes/log.js";
import { optimise } from "../passes/optimise.js";
import { overPrepared } from "../passes/prepare.js";
import { type ArgumentLeaf, traceFunction } from "../trace/function.js";
import { TracedTensor, tensorLeaves, tensorTree } from "../trace/traced.js";
import { withPassLog } from "./pass-log.js";

/** Type of one argument leaf, and where it lives if it stays on the backend. */
export interface ArgumentSpec {
  readonly shape: readonly Dim[];
  readonly dtype: DType;
  readonly resident?: { readonly vector: string; readonly offset: number };
}

/** A value written into a resident vector after all reads of the section. */
export interface ResidentResult {
  readonly vector: string;
  readonly offset: number;
  readonly value: Tensor;
}

/** What a section's function returns. */
export interface SectionResult {
  readonly fed?: Readonly<Record<string, Tree>>;
  readonly resident?: readonly ResidentResult[];
}

/** One section of a program, before tracing. */
export interface SectionSource {
  readonly name: string;
  /** Trees of specs by argument name. Sizes given as symbols never recompile. */
  readonly arguments: Readonly<Record<string, TreeOf<ArgumentSpec>>>;
  body(args: Readonly<Record<string, Tree>>): SectionResult;
}

/** What a run takes: tensors, and numbers for scalars. */
export type Feeds = Readonly<Record<string, TreeOf<Tensor | number>>>;

/** A program ready to run on its backend. */
export interface CompiledProgram {
  /** Host tensors in, host tensors out, in the trees that the section's function returned. Synchronous. */
  run(section: string, residents: Residents, feeds: Feeds): Readonly<Record<string, Tree>>;
  /** Plans memory for a run on these feeds, without running. */
  reserve(section: string, feeds: Feeds): void;
  /** A section without symbolic sizes, tied to its vectors, for many small runs. Its ports are the leaves in order. */
  bind(section: string, residents: Residents): BoundSection;
  readonly arenaBytes: number;
  readonly instructionCount: number;
  /** What the passes did, per section. */
  readonly log: Readonly<Record<string, readonly PassEntry[]>>;
}

let programs = 0;

/** How many programs this process has compiled: laws about recompilation count with it. */
export function compiledPrograms(): number {
  return programs;
}

/** A section after tracing and optimising. */
export interface TracedSection {
  readonly spec: SectionSpec;
  readonly fedLeaves: readonly { readonly argument: string; readonly leaf: NamedLeaf<ArgumentSpec> }[];
  readonly constants: Readonly<Record<string, HostArray>>;
  readonly fed: Readonly<Record<string, Tree>>;
  readonly log: readonly PassEntry[];
}

/** Traces, optimises and compiles the sections of one program. */
export function compileSections(backend: Backend, name: string, sources: readonly SectionSource[]): CompiledProgram {
  const sections = new Map(sources.map((source) => [source.name, traceSection(source)]));
  const executable = backend.compile({ name, sections: [...sections.values()].map(({ spec }) => spec) });
  programs += 1;
  return {
    run: (section, residents, feeds) => runSection(executable, sections.get(section) ?? noSection(section), residents, feeds),
    reserve: (section, feeds) => {
      const found = sections.get(section) ?? noSection(section);
      executable.reserve(found.spec.name, fedArrays(found, feeds));
    },
    bind: (section, residents) => executable.bind((sections.get(section) ?? noSection(section)).spec.name, residents),
    get arenaBytes() {
      return executable.arenaBytes;
    },
    instructionCount: executable.instructionCount,
    log: Object.fromEntries([...sections].map(([section, { log }]) => [section, log])),
  };
}

/** Traces and optimises one section. */
export function traceSection(source: SectionSource): TracedSection {
  const leaves = Object.entries(source.arguments).flatMap(([argument, tree]) =>
    treeLeaves(tree, isSpec).map((leaf) => ({ argument, leaf })),
  );
  const types: ArgumentLeaf[] = leaves.map(({ argument, leaf }) => ({
    name: pathOf(argument, leaf.path),
    shape: leaf.leaf.shape,
    dtype: leaf.leaf.dtype,
  }));
  const {
    result: traced,
    log: before,
    prepared,
  } = withPassLog(() =>
    traceFunction(source.name, types, (inputs) => {
      let next = 0;
      const args = Object.fromEntries(
        Object.entries(source.arguments).map(([argument, tree]) => {
          const count = treeLeaves(tree, isSpec).length;
          next += count;
          return [argument, treeFrom(tree, inputs.slice(next - count, next), isSpec) as Tree];
        }),
      );
      const { fed = {}, resident = [] } = source.body(args);
      const fedLeaves = Object.values(fed).flatMap((tree) => tensorLeaves(tree).map(({ leaf }) => leaf));
      return { outputs: [...fedLeaves, ...resident.map(({ value }) => value)], extra: { fed, resident } };
    }),
  );
  const { fed, resident } = traced.extra;
  const { graph, log } = optimise(overPrepared(traced.graph, prepared));
  const captured = [...traced.captured.keys()];
  const inputs: Binding[] = graph.inputs.map((input, index) => bindingOf(input, leaves[index], captured));
  const outputs: Binding[] = [
    ...Object.entries(fed).flatMap(([argument, tree]) =>
      tensorLeaves(tree).map(({ path }): Binding => ({ kind: "fed", name: pathOf(argument, path) })),
    ),
    ...resident.map(({ vector, offset }): Binding => ({ kind: "resident", vector, offset })),
  ];
  const constants = Object.fromEntries([...traced.captured].map(([node, value]) => [capturedName(node, captured), hostArray(value)]));
  return {
    spec: { name: source.name, graph: checkInputs(graph, leaves.length + captured.length), inputs, outputs },
    fedLeaves: leaves.filter(({ leaf }) => leaf.leaf.resident === undefined),
    constants,
    fed,
    log: [...before, ...log],
  };
}

function runSection(executable: Executable, section: TracedSection, residents: Residents, feeds: Feeds): Readonly<Record<string, Tree>> {
  const out = executable.run(section.spec.name, residents, fedArrays(section, feeds));
  return Object.fromEntries(
    Object.entries(section.fed).map(([argument, tree]) => {
      const leaves = tensorLeaves(tree).map(({ path }) => {
        const array = out[pathOf(argument, path)]!;
        return hostTensor(array.data, array.shape, array.dtype);
      });
      return [argument, tensorTree(tree, leaves)];
    }),
  );
}

/** Host arrays of what is fed, by the names of their bindings. */
function fedArrays(section: TracedSection, feeds: Feeds): Readonly<Record<string, HostArray>> {
  const given: Record<string, HostArray> = { ...section.constants };
  const values = new Map(
    Object.entries(feeds).map(([argument, tree]) => [argument, new Map(treeLeaves(tree, isFeed).map(({ path, leaf }) => [path, leaf]))]),
  );
  for (const { argument, leaf } of section.fedLeaves) {
    const value = values.get(argument)?.get(leaf.path);
    if (value === undefined)
      throw new UsageError({ code: "missing_feed", what: `the value of "${pathOf(argument, leaf.path)}" is missing`, phase: "run" });
    given[pathOf(argument, leaf.path)] = feedArray(value, leaf.leaf);
  }
  return given;
}

function bindingOf(
  input: Node<"input">,
  source: TracedSection["fedLeaves"][number] | undefined,
  captured: readonly Node<"input">[],
): Binding {
  if (source === undefined) return { kind: "fed", name: capturedName(input, captured) };
  const { resident } = source.leaf.leaf;
  return resident === undefined ? { kind: "fed", name: pathOf(source.argument, source.leaf.path) } : { kind: "resident", ...resident };
}

function capturedName(node: Node<"input">, captured: readonly Node<"input">[]): string {
  return `captured/${captured.indexOf(node)}`;
}

function checkInputs(graph: Graph, expected: number): Graph {
  if (graph.inputs.length === expected) return graph;
  throw new UsageError({
    code: "pass_changed_inputs",
    what: `optimising turned ${expected} graph inputs into ${graph.inputs.length}`,
    phase: "compile",
  });
}

function feedArray(value: Tensor | number, spec: ArgumentSpec): HostArray {
  if (typeof value === "number") return { data: Float64Array.of(value), shape: [], dtype: spec.dtype };
  if (value instanceof HostTensor) {
    if (value.shape.length === spec.shape.length) return hostArray(value);
    throw new ShapeError({
      code: "feed_rank",
      what: `a value of shape [${value.shape.join(", ")}] where rank ${spec.shape.length} was compiled`,
      phase: "run",
    });
  }
  throw new UsageError({ code: "escaped_tensor", what: "a traced tensor was given where a value is needed", phase: "run" });
}

function hostArray(value: HostTensor): HostArray {
  return { data: value.exact, shape: value.shape, dtype: value.dtype };
}

function pathOf(argument: string, path: string): string {
  return path === "" ? argument : `${argument}/${path}`;
}

function isSpec(value: unknown): value is ArgumentSpec {
  return typeof value === "object" && value !== null && "dtype" in value && "shape" in value && Array.isArray(value.shape);
}

function isFeed(value: unknown): value is Tensor | number {
  return typeof value === "number" || value instanceof HostTensor || value instanceof TracedTensor;
}

function noSection(section: string): never {
  throw new UsageError({ code: "no_section", what: `the program has no section "${section}"`, phase: "run" });
}
