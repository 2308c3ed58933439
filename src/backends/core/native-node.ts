// The native core in Node: loads the addon that `prepare` built and wraps it as a machine.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Block, Machine, MachineOptions, Unavailable } from "./machine.js";
import { blockGone, isSize, outOfMemory } from "./memory.js";
import { chooseVariant, environmentVariable } from "./variant.js";

interface AddonVariant {
  readonly name: string;
  readonly fused: boolean;
  readonly panelWidth: number;
  readonly scratchBytes: number;
}

/** The functions of native/addon.cpp. */
interface Addon {
  allocate(bytes: number): { readonly address: number; readonly buffer: ArrayBuffer } | null;
  free(buffer: ArrayBuffer): void;
  run(header: number, variant: number): void;
  peak(rounds: number, variant: number): number;
  info(): { readonly maxThreads: number; readonly variants: readonly AddonVariant[] };
}

const addonFile = new URL("../../../native/core.node", import.meta.url);

/** The addon, or why there is none. */
function loadAddon(): Addon | Unavailable {
  if (environmentVariable("DEEP_RNN_NO_NATIVE") === "1") return { unavailable: "DEEP_RNN_NO_NATIVE is set" };
  const path = fileURLToPath(addonFile);
  if (!existsSync(path)) return { unavailable: "the native core is not built (it needs a C++ compiler)" };
  try {
    return createRequire(import.meta.url)(path);
  } catch (error) {
    return { unavailable: `the native core does not load: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}` };
  }
}

/** Variants of the native core that this processor runs, best first; empty when there is no addon. */
export function nativeVariants(): readonly string[] {
  const addon = loadAddon();
  return "unavailable" in addon ? [] : addon.info().variants.map((variant) => variant.name);
}

/**
 * Loads the native core.
 *
 * @returns a machine, or the reason why this computer has none
 * @throws  UsageError `unknown_variant`
 */
export async function loadNative(options: MachineOptions = {}): Promise<Machine | Unavailable> {
  const addon = loadAddon();
  if ("unavailable" in addon) return addon;
  const { variants, maxThreads } = addon.info();
  const names = variants.map((variant) => variant.name);
  const index = names.indexOf(chooseVariant(options, "native", names));
  const variant = variants[index];
  if (variant === undefined) return { unavailable: "the native core has no variant for this processor" };
  return nativeMachine(addon, variant, index, maxThreads);
}

function nativeMachine(addon: Addon, variant: AddonVariant, index: number, maxThreads: number): Machine {
  // Keyed by the block itself: memory lives as long as somebody holds its block, and is collected if it was never freed.
  const buffers = new WeakMap<Block, ArrayBuffer>();
  const bufferOf = (block: Block): ArrayBuffer => {
    const buffer = buffers.get(block);
    if (buffer === undefined) throw blockGone("native");
    return buffer;
  };
  return {
    name: "native",
    variant: variant.name,
    arithmetic: variant.fused ? "fma" : "plain",
    panelWidth: variant.panelWidth,
    maxThreads,
    scratchBytesPerThread: variant.scratchBytes,
    allocate(bytes) {
      const held = isSize(bytes) ? addon.allocate(bytes) : null;
      if (held === null) throw outOfMemory("native", bytes);
      const block: Block = { address: held.address, bytes };
      buffers.set(block, held.buffer);
      return block;
    },
    free(block) {
      addon.free(bufferOf(block));
      buffers.delete(block);
    },
    f32: (block) => new Float32Array(bufferOf(block), 0, Math.floor(block.bytes / 4)),
    i32: (block) => new Int32Array(bufferOf(block), 0, Math.floor(block.bytes / 4)),
    f64: (block) => new Float64Array(bufferOf(block), 0, Math.floor(block.bytes / 8)),
    run: (header) => addon.run(header, index),
    peak: (rounds) => addon.peak(rounds, index),
  };
}
