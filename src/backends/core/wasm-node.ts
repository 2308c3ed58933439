// Node's part of loading the WebAssembly core: reading a module's file, and switching relaxed SIMD on where it is off by default.
import { readFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";

/** The bytes of a `file:` module. */
export async function readModule(url: URL): Promise<Uint8Array> {
  return readFile(url);
}

/** Node 20 and 21 have relaxed SIMD behind a flag; later versions need none and must not be given one. */
export function enableRelaxedSimd(): void {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
}
