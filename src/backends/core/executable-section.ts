// One section in machine memory: its code and tables, and everything that is done around a run of it.

import { bareSymbol, type Dim } from "../../base/dim.js";
import type { HostArray } from "../../base/dtype.js";
import { RunError, UsageError } from "../../base/errors.js";
import { shownIndex } from "../../base/no-index.js";
import type { Buffer, LoweredPort, LoweredSection } from "../../ir/lowered/program.js";
import type { BoundPort, VectorName } from "../contract.js";
import type { Arena } from "./arena.js";
import { DomainCache } from "./executable-domains.js";
import { bindFeed, checkFeed, copyIn, copyOut, feedOf } from "./executable-ports.js";
import type { Block, Machine } from "./machine.js";
import { type EncodedSection, encodeSection } from "./program-encode.js";
import { isInArena, type Lifetime, lifetimesOf, planArena } from "./program-plan.js";
import { poisoned } from "./program-poison.js";
import { checkSize, SymbolTable } from "./program-sizes.js";
import type { CoreResidents } from "./residents.js";

/** What sections take from their program. */
export interface SectionHost {
  readonly machine: Machine;
  readonly threads: number;
  readonly scratch: Block;
  readonly arena: Arena;
  readonly poison: boolean;
  /** Operations from which threads share an instruction; 0: the core decides. */
  readonly parallelWork: number;
}

interface Port {
  readonly port: LoweredPort;
  readonly sizes: readonly (() => number)[];
}

/** A fed input or output at its final place; null for an input that nothing reads. */
export interface FixedPort extends BoundPort {
  readonly place: { readonly block: Block; readonly offset: number } | null;
}

/** A section that does not move any more. */
export interface FixedSection {
  readonly header: Block;
  /** Where in the header the error, its site and its value stand. */
  readonly statusWord: number;
  /** The words to run. */
  readonly run: readonly [number, number];
  readonly inputs: readonly FixedPort[];
  readonly outputs: readonly FixedPort[];
  readonly written: readonly VectorName[];
  /** Packs operands again; moves the header's word range. */
  prepare(): void;
  failure(error: number, site: number, value: number): RunError;
}

const headerBytes = 128;
const statusBytes = 64;

/** A section ready to run. */
export class CoreSection {
  readonly section: LoweredSection;
  readonly code: EncodedSection;
  readonly #host: SectionHost;
  readonly #symbols: SymbolTable;
  readonly #values: Float64Array;
  readonly #sizes: readonly (() => number)[];
  readonly #bufferSizes: readonly (() => number)[];
  readonly #capacity: Float64Array;
  readonly #lifetimes: readonly Lifetime[];
  readonly #inputs: readonly Port[];
  readonly #outputs: readonly Port[];
  readonly #domains: readonly DomainCache[];
  readonly #fixed: Block;
  readonly #layout: { readonly code: number; readonly sizes: number; readonly buffers: number; readonly values: number };
  readonly #places: Map<number, { block: Block; offset: number }> = new Map();
  readonly #sizeBuffers: readonly { readonly id: number; readonly value: () => number; readonly word: number }[];
  #kept: Block | null = null;
  #isPlanned = false;
  /** Tables and places were not written for what is planned. */
  #isStale = false;
  #arenaBytes = 0;
  #generation = -1;
  #residents: WeakRef<CoreResidents> | null = null;
  #prepared: readonly number[] = [];

  constructor(section: LoweredSection, host: SectionHost) {
    this.section = section;
    this.#host = host;
    this.#lifetimes = lifetimesOf(section);
    this.code = encodeSection(host.poison ? poisoned(section, this.#lifetimes) : section);
    this.#symbols = new SymbolTable(dimsOf(section, this.code));
    const compile = (dim: Dim): (() => number) => this.#symbols.compile(dim);
    this.#values = new Float64Array(this.#symbols.names.length).fill(-1);
    this.#sizes = this.code.sizes.map(compile);
    this.#bufferSizes = section.buffers.map(({ size }) => compile(size));
    this.#capacity = new Float64Array(section.buffers.length).fill(-1);
    const ports = (list: readonly LoweredPort[]): Port[] => list.map((port) => ({ port, sizes: port.shape.map(compile) }));
    this.#inputs = ports(section.inputs);
    this.#outputs = ports(section.outputs);
    this.#domains = section.domains.map((domain) => new DomainCache(domain, this.#symbols));
    const { layout, sizeBuffers, fixed } = layOut(section, this.code, host.machine, compile);
    this.#layout = layout;
    this.#sizeBuffers = sizeBuffers;
    this.#fixed = fixed;
    this.#writeFixed();
  }

  /** Arena bytes this section asks for. */
  get arenaBytes(): number {
    return this.#arenaBytes;
  }

  /** Plans memory for a run on these feeds. */
  reserve(feeds: Readonly<Record<string, HostArray>>): void {
    if (this.#fit(feeds).moved) this.#isStale = true;
  }

  run(residents: CoreResidents, feeds: Readonly<Record<string, HostArray>>): Record<string, HostArray> {
    const { machine } = this.#host;
    const { given, tablesChanged, moved: resized } = this.#fit(feeds);
    const moved = resized || this.#isStale;
    this.#isStale = false;
    this.#place(residents, moved);
    if (tablesChanged || moved) this.#writeTables();
    this.#prepare(residents);
    if (this.#host.poison) machine.i32(this.#host.arena.block!).fill(0x7fc00000);
    this.#inputs.forEach(({ port }, index) => {
      const place = port.buffer === null ? undefined : this.#places.get(port.buffer);
      if (place !== undefined) copyIn(machine, place.block, place.offset, port, given[index]!);
    });
    this.#execute(this.code.run);
    for (const vector of this.#written()) residents.changed(vector);
    return this.#results();
  }

  /**
   * Lays everything out for good, for a section whose sizes are all constants. From then on it is run through what comes back,
   * not through `run`.
   */
  fix(residents: CoreResidents): FixedSection {
    this.#bind(this.#inputs.map(() => null));
    this.#place(residents, this.#resize());
    this.#writeTables();
    const fed = (ports: readonly Port[]): FixedPort[] =>
      ports.flatMap(({ port, sizes }) => {
        if (port.binding.kind !== "fed") return [];
        const place = port.buffer === null ? undefined : this.#places.get(port.buffer);
        return [{ name: port.binding.name, dtype: port.dtype, shape: sizes.map((size) => size()), place: place ?? null }];
      });
    return {
      header: this.#fixed,
      statusWord: headerBytes / 4,
      run: this.code.run,
      inputs: fed(this.#inputs),
      outputs: fed(this.#outputs),
      written: [...this.#written()],
      prepare: () => this.#prepare(residents),
      failure: (error, site, value) => this.#failure(error, site, value),
    };
  }

  /** Sizes and memory for these feeds. */
  #fit(feeds: Readonly<Record<string, HostArray>>): {
    readonly given: readonly (HostArray | null)[];
    readonly tablesChanged: boolean;
    readonly moved: boolean;
  } {
    const given = this.#inputs.map(({ port }) => feedOf(port, feeds));
    const tablesChanged = this.#bind(given);
    const resized = this.#symbols.differsFrom(this.#values) || !this.#isPlanned;
    this.#inputs.forEach(({ port, sizes }, index) => {
      const feed = given[index];
      if (feed !== null && feed !== undefined) checkFeed(port, feed, sizes);
    });
    return { given, tablesChanged, moved: resized && this.#resize() };
  }

  /** Symbols from feeds, then the steps of each domain. */
  #bind(given: readonly (HostArray | null)[]): boolean {
    this.#symbols.clear();
    this.#inputs.forEach(({ port }, index) => {
      const feed = given[index];
      if (feed !== null && feed !== undefined) bindFeed(port, feed, this.#symbols);
    });
    let changed = false;
    for (const cache of this.#domains) {
      const { lengths, steps, time, name, over } = cache.domain;
      const feed = lengths === null ? null : given[lengths];
      if (feed === undefined || (feed === null && lengths !== null)) {
        throw new UsageError({ code: "resident_lengths", what: `the lengths of the time domain ${name} must be fed with every run` });
      }
      if (cache.update(feed?.data ?? null)) changed = true;
      this.#symbols.bind(steps, cache.steps);
      const timeSymbol = over === undefined ? null : bareSymbol(time);
      if (timeSymbol !== null) this.#symbols.bind(timeSymbol, cache.time);
    }
    return changed;
  }

  /** Fills the sizes table; true if memory had to be laid out anew. */
  #resize(): boolean {
    const { machine } = this.#host;
    const words = machine.i32(this.#fixed);
    const at = this.#layout.sizes / 4;
    this.#sizes.forEach((size, index) => {
      words[at + index] = checkSize(size());
    });
    for (const { value, word } of this.#sizeBuffers) words[word] = checkSize(value());
    const needed = this.#bufferSizes.map((size, id) => Math.max(size(), this.#capacity[id]!));
    if (this.#isPlanned && needed.every((value, id) => value === this.#capacity[id])) return false;
    // Memory that cannot be had leaves the section as if it had never run, so that smaller sizes still work.
    this.#isPlanned = false;
    this.#plan(needed);
    this.#capacity.set(needed);
    this.#isPlanned = true;
    return true;
  }

  /** Offsets for the largest sizes seen; smaller runs keep them. */
  #plan(capacity: readonly number[]): void {
    const { machine, arena } = this.#host;
    const bytesOf = (buffer: number): number => capacity[buffer]! * 4;
    const plan = planArena(this.#lifetimes, bytesOf);
    const kept = this.section.buffers.filter(({ home }) => home.kind === "prepared" || home.kind === "table");
    const keptPlan = planArena(
      kept.map(({ id }) => ({ buffer: id, first: 0, last: 0 })),
      bytesOf,
    );
    if (this.#kept !== null) machine.free(this.#kept);
    this.#kept = null;
    this.#kept = machine.allocate(Math.max(keptPlan.bytes, 64));
    for (const [buffer, offset] of keptPlan.offsets) this.#places.set(buffer, { block: this.#kept, offset });
    const block = arena.reserve(Math.max(plan.bytes, 64));
    this.#arenaBytes = plan.bytes;
    for (const [buffer, offset] of plan.offsets) this.#places.set(buffer, { block, offset });
    this.#prepared = [];
  }

  /** Writes addresses that are not those of the last run. */
  #place(residents: CoreResidents, moved: boolean): void {
    const { arena, machine } = this.#host;
    const sameResidents = this.#residents?.deref() === residents;
    if (!moved && sameResidents && this.#generation === arena.generation) return;
    const block = arena.reserve(Math.max(this.#arenaBytes, 64));
    this.#generation = arena.generation;
    const addresses = machine.f64(this.#fixed);
    const at = this.#layout.buffers / 8;
    for (const buffer of this.section.buffers) {
      const { id, home } = buffer;
      const place = this.#places.get(id);
      if (isInArena(buffer) && place !== undefined) place.block = block;
      if (home.kind === "resident") {
        checkVector(residents, home.vector, home.offset + this.#capacity[id]!);
        addresses[at + id] = residents.address(home.vector) + home.offset * 4;
      } else if (place !== undefined) addresses[at + id] = place.block.address + place.offset;
    }
    if (sameResidents) return;
    this.#residents = new WeakRef(residents);
    this.#prepared = [];
  }

  #writeTables(): void {
    const { machine } = this.#host;
    for (const { id, home } of this.section.buffers) {
      if (home.kind !== "table") continue;
      const { block, offset } = this.#places.get(id)!;
      machine.i32(block).set(this.#domains[home.domain]!.table(home.table), offset / 4);
    }
  }

  /** Packs operands again if a vector they come from has changed. */
  #prepare(residents: CoreResidents): void {
    const { prepareFrom } = this.section;
    if (prepareFrom.length === 0) return;
    const isFresh = prepareFrom.every((vector, index) => this.#prepared[index] === residents.version(vector));
    if (isFresh) return;
    this.#execute(this.code.prepare);
    this.#prepared = prepareFrom.map((vector) => residents.version(vector));
  }

  #execute([first, end]: readonly [number, number]): void {
    const { machine } = this.#host;
    const header = machine.f64(this.#fixed);
    header[1] = first;
    header[2] = end;
    machine.i32(this.#fixed).fill(0, headerBytes / 4, (headerBytes + statusBytes) / 4);
    machine.run(this.#fixed.address);
    const status = machine.i32(this.#fixed);
    const [error, site, value] = [status[headerBytes / 4]!, status[headerBytes / 4 + 1]!, status[headerBytes / 4 + 2]!];
    if (error !== 0) throw this.#failure(error, site, value);
  }

  #failure(error: number, siteNumber: number, value: number): RunError {
    const site = this.section.sites[siteNumber];
    if (error !== 1 || site === undefined) {
      return new RunError({
        code: "core_error",
        what: `the core stopped section "${this.section.name}" with error ${error}`,
        phase: "run",
      });
    }
    const rows = this.#symbols.compile(site.rows)();
    const index = site.shifted && value === -2 ? "an index" : shownIndex(value);
    return new RunError({
      code: "index_out_of_range",
      op: site.op,
      what: `${index} is outside [0, ${rows})`,
      where: site.where,
      phase: "run",
      hint: rows === 0 ? "The table is empty." : `Indices run from 0 to ${rows - 1}; -1 means none.`,
    });
  }

  #written(): Set<VectorName> {
    return new Set(this.section.outputs.flatMap(({ binding }) => (binding.kind === "resident" ? [binding.vector] : [])));
  }

  #results(): Record<string, HostArray> {
    const results: Record<string, HostArray> = {};
    for (const { port, sizes } of this.#outputs) {
      if (port.binding.kind !== "fed" || port.buffer === null) continue;
      const { block, offset } = this.#places.get(port.buffer)!;
      results[port.binding.name] = copyOut(
        this.#host.machine,
        block,
        offset,
        port,
        sizes.map((size) => size()),
      );
    }
    return results;
  }

  /** What never changes: code, constants, and the header apart from the word range. */
  #writeFixed(): void {
    const { machine, scratch, threads, parallelWork } = this.#host;
    const words = machine.i32(this.#fixed);
    words.set(this.code.words, this.#layout.code / 4);
    const addresses = machine.f64(this.#fixed);
    const { address } = this.#fixed;
    let at = this.#layout.values;
    for (const { id, home } of this.section.buffers) {
      if (home.kind !== "constant" && home.kind !== "size") continue;
      if (home.kind === "constant") words.set(home.bits, at / 4);
      addresses[this.#layout.buffers / 8 + id] = address + at;
      at += valueBytes(home);
    }
    addresses.set([address + this.#layout.code, 0, 0, address + this.#layout.sizes, address + this.#layout.buffers]);
    addresses.set([scratch.address, scratch.bytes, threads, address + headerBytes, parallelWork], 5);
  }
}

/** Every size that a run evaluates. */
function dimsOf(section: LoweredSection, code: EncodedSection): Dim[] {
  return [
    ...code.sizes,
    ...section.buffers.flatMap(({ size, home }) => (home.kind === "size" ? [size, home.dim] : [size])),
    ...[...section.inputs, ...section.outputs].flatMap(({ shape }) => shape),
    ...section.domains.flatMap(({ batch, time, over }) => [batch, time, over?.time ?? time]),
    ...section.sites.map(({ rows }) => rows),
  ];
}

function layOut(section: LoweredSection, code: EncodedSection, machine: Machine, compile: (dim: Dim) => () => number) {
  const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;
  const start = headerBytes + statusBytes;
  const sizes = start + aligned(code.words.length * 4);
  const buffers = sizes + aligned(code.sizes.length * 4);
  const values = buffers + aligned(section.buffers.length * 8);
  const sizeBuffers: { id: number; value: () => number; word: number }[] = [];
  let at = values;
  for (const { id, home } of section.buffers) {
    if (home.kind === "size") sizeBuffers.push({ id, value: compile(home.dim), word: at / 4 });
    if (home.kind === "constant" || home.kind === "size") at += valueBytes(home);
  }
  return { layout: { code: start, sizes, buffers, values }, sizeBuffers, fixed: machine.allocate(aligned(at)) };
}

function valueBytes(home: Buffer["home"]): number {
  return home.kind === "constant" ? Math.max(64, Math.ceil(home.bits.length / 16) * 64) : 64;
}

function checkVector(residents: CoreResidents, vector: VectorName, end: number): void {
  const size = residents.sizes[vector];
  if (size !== undefined && end <= size) return;
  throw new UsageError({
    code: "vector_range",
    what: `the program uses ${end} elements of the vector "${vector}", which ${size === undefined ? "does not exist" : `has ${size}`}`,
  });
}
