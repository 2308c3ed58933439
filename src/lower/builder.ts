// Collects what a lowered section is made of: buffers, domains, ports, sites and the instructions that prepare packed operands.

import { type Dim, showDim, sizeOfShape } from "../base/dim.js";
import type { DType, ExactData } from "../base/dtype.js";
import { type Domain, isOp, type Node } from "../ir/core/node.js";
import type { Buffer, BufferHome, LoweredDomain, LoweredPort, LowerOptions, Site, StraightInstruction } from "../ir/lowered/program.js";
import { argumentInputs, type SectionSpec, type VectorName } from "../ir/lowered/section.js";
import { denseView, type View } from "./view.js";

/** The growing section. */
export class SectionBuilder {
  readonly buffers: Buffer[] = [];
  readonly prepare: StraightInstruction[] = [];
  readonly prepareFrom: Set<VectorName> = new Set();
  readonly sites: Site[] = [];
  readonly domains: LoweredDomain[] = [];
  readonly options: LowerOptions;
  readonly #spec: SectionSpec;
  readonly #shared: Map<string, number> = new Map();
  readonly #domainNumbers: Map<Domain, number> = new Map();
  readonly #inputNumbers: Map<Node, number>;
  /** Packed operands by source, so that each is packed once. */
  readonly packed: Map<string, number> = new Map();

  constructor(spec: SectionSpec, options: LowerOptions) {
    this.#spec = spec;
    this.options = options;
    this.#inputNumbers = new Map(argumentInputs(spec.graph).map((node, index) => [node, index]));
  }

  addBuffer(name: string, size: Dim, dtype: DType, home: BufferHome): number {
    const id = this.buffers.length;
    this.buffers.push({ id, name, size, dtype, home });
    return id;
  }

  /** The buffer of a home that several nodes may ask for. */
  sharedBuffer(key: string, name: string, size: Dim, dtype: DType, home: BufferHome): number {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const id = this.addBuffer(name, size, dtype, home);
    this.#shared.set(key, id);
    return id;
  }

  /** Where an input of the section lies. */
  inputView(node: Node<"input">): View {
    const { name, source } = node.attrs;
    if (source.kind === "table") return denseView(this.tableBuffer(source.domain, source.table, node.shape[0]!), node.shape);
    const input = this.#inputNumbers.get(node);
    const binding = input === undefined ? undefined : this.#spec.inputs[input];
    if (input === undefined || binding === undefined) throw new Error(`the input ${name} of section ${this.#spec.name} has no binding`);
    if (binding.kind === "resident") return this.residentView(binding.vector, binding.offset, node);
    const size = sizeOfShape(node.shape);
    return denseView(this.sharedBuffer(`fed ${input}`, name, size, node.dtype, { kind: "fed", input }), node.shape);
  }

  residentView(vector: VectorName, offset: number, type: { readonly shape: readonly Dim[]; readonly dtype: DType }): View {
    const size = sizeOfShape(type.shape);
    const key = `resident ${vector} ${offset} ${showDim(size)}`;
    return denseView(this.sharedBuffer(key, `${vector}+${offset}`, size, type.dtype, { kind: "resident", vector, offset }), type.shape);
  }

  /** Where an output of the section is to be put. */
  outputView(index: number, node: Node): View {
    const binding = this.#spec.outputs[index]!;
    if (binding.kind === "resident") return this.residentView(binding.vector, binding.offset, node);
    const home = { kind: "result", output: index } as const;
    return denseView(this.sharedBuffer(`result ${index}`, binding.name, sizeOfShape(node.shape), node.dtype, home), node.shape);
  }

  /** Constants; one element and strides of 0 when all elements are the same. */
  constantView(node: Node<"constant">): View {
    const { data, shape, dtype } = node.attrs;
    const bits = bitsOf(data, dtype);
    const isUniform = bits.length > 0 && bits.every((word) => word === bits[0]);
    if (!isUniform) {
      const key = `constant ${node.id}`;
      return denseView(this.sharedBuffer(key, `c${node.id}`, bits.length, dtype, { kind: "constant", bits }), shape);
    }
    return { ...this.uniformView(bits[0]!, dtype), shape, strides: shape.map(() => 0) };
  }

  /** A scalar with these bits. */
  uniformView(bits: number, dtype: DType): View {
    const home = { kind: "constant", bits: Int32Array.of(bits) } as const;
    return denseView(this.sharedBuffer(`uniform ${bits}`, `bits${bits}`, 1, dtype, home), []);
  }

  /** The bits if this view reads one uniform constant. */
  uniformBits(view: View): number | null {
    const { home } = this.buffers[view.buffer]!;
    return home.kind === "constant" && home.bits.length === 1 ? home.bits[0]! : null;
  }

  sizeView(dim: Dim): View {
    return denseView(this.sharedBuffer(`size ${showDim(dim)}`, `sizeOf ${showDim(dim)}`, 1, "int32", { kind: "size", dim }), []);
  }

  domain(domain: Domain): number {
    const known = this.#domainNumbers.get(domain);
    if (known !== undefined) return known;
    const lengths = domain.lengths === null ? null : (this.#inputNumbers.get(domain.lengths) ?? -1);
    if (lengths === -1) throw new Error(`the lengths of domain ${domain.name} are not an input of section ${this.#spec.name}`);
    const steps = typeof domain.steps === "number" ? domain.name : domain.steps.key;
    const { name, batch, time, over } = domain;
    this.domains.push({ name, batch, time, steps, lengths, ...(over === undefined ? {} : { over }) });
    this.#domainNumbers.set(domain, this.domains.length - 1);
    return this.domains.length - 1;
  }

  /** True for what changes only between runs: a vector that this section does not write, and what is prepared from such. */
  isSteady(buffer: number): boolean {
    const { home } = this.buffers[buffer]!;
    if (home.kind !== "resident") return home.kind === "prepared";
    return !this.#spec.outputs.some((output) => output.kind === "resident" && output.vector === home.vector);
  }

  /** Repeats `prepare` when what this buffer shows changes; what is prepared itself does so already. */
  prepareFromHome(buffer: number): void {
    const { home } = this.buffers[buffer]!;
    if (home.kind === "resident") this.prepareFrom.add(home.vector);
  }

  tableBuffer(domain: Domain, table: Extract<BufferHome, { kind: "table" }>["table"], size: Dim): number {
    const number = this.domain(domain);
    const home = { kind: "table", domain: number, table } as const;
    return this.sharedBuffer(`table ${number} ${table}`, `${domain.name}.${table}`, size, "int32", home);
  }

  addSite(site: Site): number {
    this.sites.push(site);
    return this.sites.length - 1;
  }

  /** The section's inputs as the host sees them, known once everything is lowered. */
  inputPorts(): LoweredPort[] {
    return argumentInputs(this.#spec.graph).map((node, index) => ({
      binding: this.#spec.inputs[index]!,
      name: node.attrs.name,
      shape: node.shape,
      dtype: node.dtype,
      buffer: this.#shared.get(`fed ${index}`) ?? null,
    }));
  }

  outputPorts(): LoweredPort[] {
    return this.#spec.graph.outputs.map((node, index) => ({
      binding: this.#spec.outputs[index]!,
      name: isOp(node, "input") ? node.attrs.name : node.op,
      shape: node.shape,
      dtype: node.dtype,
      buffer: this.#shared.get(`result ${index}`) ?? null,
    }));
  }

  /** Vector ranges that inputs are bound to, for the order of reads and writes. */
  residentInputs(): { readonly node: Node<"input">; readonly vector: VectorName; readonly offset: number }[] {
    return argumentInputs(this.#spec.graph).flatMap((node, index) => {
      const binding = this.#spec.inputs[index]!;
      return binding.kind === "resident" ? [{ node, vector: binding.vector, offset: binding.offset }] : [];
    });
  }
}

/** The four-byte words of exact values: float32 bits, int32, or 0/1. */
export function bitsOf(data: ExactData, dtype: DType): Int32Array {
  if (dtype === "float32") return new Int32Array(Float32Array.from(data).buffer);
  return Int32Array.from(data);
}
