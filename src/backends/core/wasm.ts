// The WebAssembly core, in Node and in browsers: picks the module, instantiates it, wraps it as a machine.
import type { Block, Machine, MachineOptions, Unavailable } from "./machine.js";
import { blockGone, isSize, outOfMemory } from "./memory.js";
import { chooseVariant } from "./variant.js";
import { createHeap, type Heap, type Piece } from "./wasm-heap.js";
import { type Helper, mostThreads, type Starter, sharedMemory, starter, WasmThreads, whyNoThreads } from "./wasm-threads.js";
import { type CoreExports, type ThreadFunctions, type WasmEngine, type WasmModule, wasmEngine } from "./wasm-types.js";

const pageBytes = 65536;
/** Addresses above this leave no room for what an engine keeps beside the memory. */
const mostBytes = 3.5 * 2 ** 30;

/** Bodies of `() -> v128` functions: one instruction each of plain and of relaxed SIMD. */
const plainBody = [0x41, 0, 0xfd, 0x0f, 0x0b];
const relaxedBody = [0x41, 0, 0xfd, 0x0f, 0x41, 0, 0xfd, 0x0f, 0x41, 0, 0xfd, 0x0f, 0xfd, 0x85, 0x02, 0x0b];

function probe(body: readonly number[]): Uint8Array {
  const head = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0];
  return new Uint8Array([...head, 0x0a, body.length + 3, 1, body.length + 1, 0, ...body]);
}

interface Host {
  readonly process?: { readonly versions?: { readonly node?: string } };
}

function inNode(): boolean {
  const host: Host = globalThis;
  return host.process?.versions?.node !== undefined;
}

/** Variants of the WebAssembly core that this engine runs, best first. */
export async function wasmVariants(): Promise<readonly string[]> {
  const engine = wasmEngine();
  if (engine === undefined || !engine.validate(probe(plainBody))) return [];
  if (!engine.validate(probe(relaxedBody)) && inNode()) (await import("#node/backends/core/wasm")).enableRelaxedSimd();
  return engine.validate(probe(relaxedBody)) ? ["relaxed", "simd"] : ["simd"];
}

// Written out one by one: bundlers find such files by this very expression.
function moduleUrl(name: string): URL {
  if (name === "relaxed") return new URL("../../../native/core-relaxed.wasm", import.meta.url);
  if (name === "relaxed-threads") return new URL("../../../native/core-relaxed-threads.wasm", import.meta.url);
  if (name === "simd-threads") return new URL("../../../native/core-simd-threads.wasm", import.meta.url);
  return new URL("../../../native/core-simd.wasm", import.meta.url);
}

async function moduleBytes(name: string): Promise<Uint8Array> {
  const url = moduleUrl(name);
  if (inNode() && url.protocol === "file:") return (await import("#node/backends/core/wasm")).readModule(url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText} for ${url.href}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** One instance of a module; `module` and `start` where it has threads. */
interface Loaded {
  readonly core: CoreExports;
  readonly threads?: { readonly core: CoreExports & ThreadFunctions; readonly module: WasmModule; readonly start: Starter };
}

async function instantiate(engine: WasmEngine, variant: string, threaded: boolean): Promise<Loaded | Unavailable> {
  try {
    if (!threaded) return { core: (await engine.instantiate(await engine.compile(await moduleBytes(variant)))).exports };
    const memory = sharedMemory(engine);
    if (memory === undefined) return { unavailable: "this engine gives no shared memory" };
    const module = await engine.compile(await moduleBytes(`${variant}-threads`));
    const { exports } = await engine.instantiate(module, { env: { memory } });
    const core = { ...exports, memory };
    return { core, threads: { core, module, start: await starter() } };
  } catch (error) {
    return { unavailable: `the WebAssembly core does not load: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/**
 * Loads the WebAssembly core with a memory of its own. With `threads` above 1 it is the module with threads, where they are possible;
 * otherwise the machine's `threadLimit` says why not.
 *
 * @returns a machine, or the reason why this engine has none
 * @throws  UsageError `unknown_variant`
 */
export async function loadWasm(options: MachineOptions = {}): Promise<Machine | Unavailable> {
  const engine = wasmEngine();
  const available = await wasmVariants();
  if (engine === undefined || available.length === 0) return { unavailable: "this engine has no WebAssembly SIMD" };
  const variant = chooseVariant(options, "wasm", available);
  const most = Math.min(Math.floor(options.threads ?? 1), mostThreads);
  const limit = most > 1 ? whyNoThreads() : undefined;
  if (most > 1 && limit === undefined) {
    const loaded = await instantiate(engine, variant, true);
    if (!("unavailable" in loaded)) return wasmMachine(loaded, variant, most);
    const alone = await instantiate(engine, variant, false);
    return "unavailable" in alone ? alone : wasmMachine(alone, variant, 1, loaded.unavailable);
  }
  const loaded = await instantiate(engine, variant, false);
  return "unavailable" in loaded ? loaded : wasmMachine(loaded, variant, 1, limit);
}

// Workers outlive nothing: they end when nobody holds their machine any more.
const abandoned = new FinalizationRegistry<readonly Helper[]>((helpers) => {
  for (const helper of helpers) helper.end();
});

/** The heap of one instance; grown in steps of at least a sixteenth, so that many small blocks do not grow it many times. */
function heapOf({ memory, __heap_base: base }: CoreExports): Heap {
  const size = (): number => memory.buffer.byteLength;
  const grow = (bytes: number): boolean => {
    try {
      memory.grow(Math.ceil((bytes - size()) / pageBytes));
      return true;
    } catch {
      return false;
    }
  };
  return createHeap(
    {
      size,
      growTo: (bytes) => bytes <= mostBytes && (grow(Math.min(mostBytes, bytes + Math.floor(size() / 16))) || grow(bytes)),
      clear: (address, bytes) => new Uint8Array(memory.buffer, address, bytes).fill(0),
    },
    base.value,
  );
}

function wasmMachine({ core, threads: found }: Loaded, variant: string, most: number, threadLimit?: string): Machine {
  const heap = heapOf(core);
  const threads = found === undefined ? undefined : new WasmThreads(found.core, found.module, heap, found.start, most);
  const pieces = new WeakMap<Block, Piece>();
  // Blocks that nobody holds any more come back on their own.
  const dropped = new FinalizationRegistry<Piece>((piece) => heap.giveBack(piece));
  const view = <T>(block: Block, make: (buffer: ArrayBufferLike, bytes: number) => T): T => {
    if (!pieces.has(block)) throw blockGone("WebAssembly");
    return make(core.memory.buffer, block.bytes);
  };
  const machine: Machine = {
    name: "wasm",
    variant,
    arithmetic: core.fused() === 1 ? "fma" : "plain",
    panelWidth: core.panelWidth(),
    maxThreads: threads === undefined ? 1 : mostThreads,
    ...(threadLimit === undefined ? {} : { threadLimit }),
    ...(threads === undefined ? {} : { threads }),
    scratchBytesPerThread: core.scratchBytes(),
    allocate(bytes) {
      const piece = isSize(bytes) && bytes <= mostBytes ? heap.take(bytes) : undefined;
      if (piece === undefined) throw outOfMemory("WebAssembly", bytes, "its limit is 3.5 GiB");
      const block: Block = { address: piece.address, bytes };
      pieces.set(block, piece);
      dropped.register(block, piece, block);
      return block;
    },
    free(block) {
      const piece = pieces.get(block);
      if (piece === undefined) throw blockGone("WebAssembly");
      pieces.delete(block);
      dropped.unregister(block);
      heap.giveBack(piece);
    },
    f32: (block) => view(block, (buffer, bytes) => new Float32Array(buffer, block.address, Math.floor(bytes / 4))),
    i32: (block) => view(block, (buffer, bytes) => new Int32Array(buffer, block.address, Math.floor(bytes / 4))),
    f64: (block) => view(block, (buffer, bytes) => new Float64Array(buffer, block.address, Math.floor(bytes / 8))),
    run: (header) => (threads === undefined ? core.run(header) : threads.run(header)),
    peak: (rounds) => core.peak(rounds),
  };
  if (threads !== undefined) abandoned.register(machine, threads.started);
  return machine;
}
