// A small assembler for tests: writes programs word by word, places buffers in machine memory, runs them.
import type { Block, Machine, Unavailable } from "../../src/backends/core/machine.js";
import { loadNative, nativeVariants } from "../../src/backends/core/native-node.js";
import { loadWasm, wasmVariants } from "../../src/backends/core/wasm.js";
import { type MicroOpcode, microNumber, type Opcode, opcodeNumber } from "../../src/ir/lowered/opcodes.js";

/** A matrix operand; strides and offset in elements. */
export interface View {
  readonly buffer: number;
  readonly offset?: number;
  readonly row?: number;
  readonly col?: number;
  /** Elements per unit of the step's offset; absent = not stepped. */
  readonly step?: number;
}

/** A number of rows, or the rows active at this step. */
export type Rows = number | "active";

export type Micro = readonly [MicroOpcode, d: number, a?: number, b?: number, c?: number];

export interface Outcome {
  readonly error: number;
  readonly site: number;
  readonly value: number;
}

export interface RunOptions {
  readonly threads?: number;
  readonly cancel?: boolean;
}

/** Bytes before and after every buffer that must stay as they are. */
const guard = 64;
const guardByte = 0x5a;

/** Every machine there is here, fastest first; WebAssembly also with threads. */
export async function allMachines(): Promise<readonly Machine[]> {
  const found: (Machine | Unavailable)[] = [];
  for (const variant of nativeVariants()) found.push(await loadNative({ variant }));
  for (const variant of await wasmVariants()) found.push(await loadWasm({ variant }), await loadWasm({ variant, threads: 3 }));
  return found.filter((machine): machine is Machine => !("unavailable" in machine));
}

/** How a machine is named in a test's title. */
export function titleOf(machine: Machine): string {
  return `${machine.name}/${machine.variant}${machine.threads === undefined ? "" : " with threads"}`;
}

/** A program under construction on one machine. */
export class Assembly {
  readonly machine: Machine;
  private readonly blocks: Block[] = [];
  private readonly bytes: number[] = [];
  private readonly sizes: number[] = [];
  private readonly loops: number[] = [];
  /** Blocks of runs, held so that a collection cannot take them while addresses are in use. */
  private readonly kept: (readonly Block[])[] = [];
  readonly words: number[] = [];

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** A buffer with these contents; a number makes that many zeros. Returns its index. */
  buffer(contents: Float32Array | Int32Array | readonly number[] | number): number {
    const data = typeof contents === "number" ? new Float32Array(contents) : contents;
    const byteLength = data.length * 4;
    const block = this.machine.allocate(byteLength + 2 * guard);
    const words = this.machine.i32(block);
    new Uint8Array(words.buffer, words.byteOffset, words.byteLength).fill(guardByte);
    if (data instanceof Int32Array) words.set(data, guard / 4);
    else this.machine.f32(block).set(data, guard / 4);
    this.blocks.push(block);
    this.bytes.push(byteLength);
    return this.blocks.length - 1;
  }

  f32(buffer: number): Float32Array {
    const whole = this.machine.f32(this.block(buffer));
    return whole.slice(guard / 4, whole.length - guard / 4);
  }

  i32(buffer: number): Int32Array {
    const whole = this.machine.i32(this.block(buffer));
    return whole.slice(guard / 4, whole.length - guard / 4);
  }

  /** The index of a size with this value. */
  size(value: number): number {
    const at = this.sizes.indexOf(value);
    if (at >= 0) return at;
    this.sizes.push(value);
    return this.sizes.length - 1;
  }

  private rows(value: Rows): number {
    return value === "active" ? -1 : this.size(value);
  }

  private view({ buffer, offset = 0, row = 0, col = 1, step }: View): number[] {
    return [buffer, this.size(offset), this.size(row), this.size(col), step === undefined ? -1 : this.size(step)];
  }

  raw(op: Opcode, fields: readonly number[]): this {
    this.words.push(opcodeNumber(op), fields.length + 2, ...fields);
    return this;
  }

  gemm(
    [m, n, k, batch]: readonly [Rows, number, number, Rows],
    [a, b, c]: readonly [View, View, View],
    { batchStrides = [0, 0, 0], accumulate = false, packed = false }: GemmOptions = {},
  ): this {
    const sizes = [this.rows(m), this.size(n), this.size(k), this.rows(batch)];
    const operands = [...this.view(a), ...this.view(b), ...this.view(c)];
    const flags = (accumulate ? 1 : 0) + (packed ? 2 : 0);
    return this.raw("gemm", [...sizes, ...operands, ...batchStrides.map((stride) => this.size(stride)), flags]);
  }

  tile(rows: Rows, cols: number, operands: readonly View[], micro: readonly Micro[]): this {
    const words = micro.flatMap(([name, d, a = 0, b = 0, c = 0]) => [microNumber(name), d, a, b, c]);
    const views = operands.flatMap((operand) => this.view(operand));
    return this.raw("tile", [this.rows(rows), this.size(cols), operands.length, micro.length, ...views, ...words]);
  }

  reduce(kind: "sum" | "max" | "argmax", [outer, mid, inner]: readonly [Rows, number, number], options: ReduceOptions): this {
    const { src, dst, accumulate = false } = options;
    const kinds = ["sum", "max", "argmax"];
    const from = [src.buffer, ...[src.offset ?? 0, src.outer, src.mid, src.inner].map((size) => this.size(size))];
    const to = [dst.buffer, ...[dst.offset ?? 0, dst.outer, dst.inner].map((size) => this.size(size))];
    const step = (value: number | undefined): number => (value === undefined ? -1 : this.size(value));
    const sizes = [this.rows(outer), this.size(mid), this.size(inner)];
    return this.raw("reduce", [kinds.indexOf(kind), ...sizes, ...from, step(src.step), ...to, step(dst.step), accumulate ? 1 : 0]);
  }

  /** Unused dimensions are ones; active rows come first of all six. */
  copy(dims: readonly Rows[], src: CopySide, dst: CopySide): this {
    const first = dims[0] === "active" ? 1 : 0;
    const padded = <T>(values: readonly T[], filling: T): T[] => [
      ...values.slice(0, first),
      ...new Array<T>(6 - values.length).fill(filling),
      ...values.slice(first),
    ];
    const side = ({ buffer, offset = 0, strides, step }: CopySide): number[] => [
      buffer,
      this.size(offset),
      step === undefined ? -1 : this.size(step),
      ...padded(strides, 0).map((stride) => this.size(stride)),
    ];
    return this.raw("copy", [...padded(dims, 1).map((dim) => this.rows(dim)), ...side(src), ...side(dst)]);
  }

  gather([rows, cols, tableRows]: readonly [Rows, number, number], site: number, views: readonly [View, View, View]): this {
    const words = views.flatMap((view) => this.view(view));
    return this.raw("gather", [this.rows(rows), this.size(cols), this.size(tableRows), site, ...words]);
  }

  scatter([rows, cols, tableRows]: readonly [Rows, number, number], site: number, views: readonly [View, View, View]): this {
    const words = views.flatMap((view) => this.view(view));
    return this.raw("scatter", [this.rows(rows), this.size(cols), this.size(tableRows), site, ...words]);
  }

  random(rows: Rows, cols: number, kind: "uniform" | "key", views: readonly [View, View, View]): this {
    const words = views.flatMap((view) => this.view(view));
    return this.raw("random", [this.rows(rows), this.size(cols), kind === "key" ? 1 : 0, ...words]);
  }

  pack(k: number, n: number, b: View, dst: number): this {
    return this.raw("pack", [this.size(k), this.size(n), ...this.view(b), dst, this.size(0)]);
  }

  /** Everything until `endLoop` is the body. */
  loop(time: number, rowsBuffer: number, offsetsBuffer: number, { reverse = false, serial = false }: LoopOptions = {}): this {
    this.raw("loop", [this.size(time), rowsBuffer, offsetsBuffer, (reverse ? 1 : 0) + (serial ? 2 : 0), 0]);
    this.loops.push(this.words.length);
    return this;
  }

  endLoop(): this {
    const start = this.loops.pop() ?? 0;
    this.words[start - 1] = this.words.length - start;
    return this;
  }

  /** Runs all words; every instruction is large enough for threads. Throws if a guard was written. */
  run({ threads = 1, cancel = false }: RunOptions = {}): Outcome {
    const placed = this.place(threads, cancel);
    this.machine.run(placed.header);
    const [error = 0, site = 0, value = 0] = this.machine.i32(placed.status);
    for (const block of placed.own) this.machine.free(block);
    this.kept.pop();
    this.checkGuards();
    return { error, site, value };
  }

  /** A function that runs all words again and again, for measuring; its memory stays. */
  repeated(threads = 1): () => void {
    const { header } = this.place(threads, false);
    return () => this.machine.run(header);
  }

  private place(threads: number, cancel: boolean): { header: number; status: Block; own: readonly Block[] } {
    const { machine } = this;
    const words = (values: readonly number[]): Block => {
      const block = machine.allocate(values.length * 4 + 4);
      machine.i32(block).set(values);
      return block;
    };
    const [code, sizes, status] = [words(this.words), words(this.sizes), words([0, 0, 0, cancel ? 1 : 0, 0, 0, 0, 0])];
    const buffers = machine.allocate(8 * this.blocks.length + 8);
    const scratch = machine.allocate(threads * machine.scratchBytesPerThread);
    const header = machine.allocate(128);
    machine.f64(buffers).set(this.blocks.map((block) => block.address + guard));
    const places = [code.address, 0, this.words.length, sizes.address, buffers.address, scratch.address, scratch.bytes];
    machine.f64(header).set([...places, threads, status.address, 1]);
    const own = [code, sizes, status, buffers, scratch, header];
    this.kept.push(own);
    return { header: header.address, status, own };
  }

  /** Gives all memory back. */
  free(): void {
    for (const block of this.blocks.splice(0)) this.machine.free(block);
  }

  private block(buffer: number): Block {
    const block = this.blocks[buffer];
    if (block === undefined) throw new Error(`no buffer ${buffer}`);
    return block;
  }

  private checkGuards(): void {
    this.blocks.forEach((block, index) => {
      const words = this.machine.i32(block);
      const size = this.bytes[index] ?? 0;
      // The margins alone: the contents are by far the larger part.
      for (const [name, from] of [
        ["before", 0],
        ["after", guard + size],
      ] as const) {
        const margin = new Uint8Array(words.buffer, words.byteOffset + from, guard);
        const touched = margin.findIndex((byte) => byte !== guardByte);
        if (touched >= 0) throw new Error(`buffer ${index}: byte ${touched} of the ${guard} ${name} it was written`);
      }
    });
  }
}

export interface GemmOptions {
  readonly batchStrides?: readonly [number, number, number];
  readonly accumulate?: boolean;
  readonly packed?: boolean;
}

export interface LoopOptions {
  readonly reverse?: boolean;
  readonly serial?: boolean;
}

export interface CopySide {
  readonly buffer: number;
  readonly offset?: number;
  readonly strides: readonly number[];
  readonly step?: number;
}

export interface ReduceOptions {
  readonly src: {
    readonly buffer: number;
    readonly offset?: number;
    readonly outer: number;
    readonly mid: number;
    readonly inner: number;
    readonly step?: number;
  };
  readonly dst: {
    readonly buffer: number;
    readonly offset?: number;
    readonly outer: number;
    readonly inner: number;
    readonly step?: number;
  };
  readonly accumulate?: boolean;
}
