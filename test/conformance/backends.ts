// Every backend and variant that can run here, and the reasons for those that cannot.

import type { Backend } from "../../src/backends/contract.js";
import { coreBackend } from "../../src/backends/core/backend.js";
import type { Machine, Unavailable } from "../../src/backends/core/machine.js";
import { loadNative, nativeVariants } from "../../src/backends/core/native-node.js";
import { nativeVariantNames, wasmVariantNames } from "../../src/backends/core/variant.js";
import { loadWasm, wasmVariants } from "../../src/backends/core/wasm.js";
import { referenceBackend } from "../../src/backends/reference/backend.js";
import { lowerProgram } from "../../src/lower/lower.js";

/** A backend, or why it cannot run here. */
export interface Candidate {
  readonly title: string;
  readonly backend: Backend | null;
  /** Printed with the skipped tests. */
  readonly reason: string;
}

/** reference, each native variant, each WebAssembly variant without threads and with threads that share even the smallest work. */
export async function candidates(): Promise<Candidate[]> {
  const found: Candidate[] = [{ title: "reference", backend: referenceBackend("test"), reason: "" }];
  const native = nativeVariants();
  for (const variant of nativeVariantNames)
    found.push(await candidate(`native ${variant}`, native.includes(variant), () => loadNative({ variant })));
  const wasm = await wasmVariants();
  for (const variant of wasmVariantNames)
    found.push(
      await candidate(`wasm ${variant}`, wasm.includes(variant), () => loadWasm({ variant })),
      await candidate(`wasm ${variant} with threads`, wasm.includes(variant), () => loadWasm({ variant, threads: 2 }), 1),
    );
  return found;
}

async function candidate(
  title: string,
  isThere: boolean,
  load: () => Promise<Machine | Unavailable>,
  parallelWork = 0,
): Promise<Candidate> {
  if (!isThere) return { title, backend: null, reason: "this machine does not have it" };
  const machine = await load();
  if ("unavailable" in machine) return { title, backend: null, reason: machine.unavailable };
  return {
    title,
    backend: coreBackend(machine, { lower: lowerProgram, threads: 2, reason: "test", poison: true, parallelWork }),
    reason: "",
  };
}
