// What a machine needs for this program, one check each; nothing is written but a file that is removed again.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, freemem, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nativeVariants } from "../../backends/core/native-node.js";
import { wasmVariants } from "../../backends/core/wasm.js";
import { counted } from "../../base/words.js";
import { init } from "../../index.js";
import { disagreement, type SelfTest, sameBits, selfTest, selfTestLimit } from "./self-test.js";

/** One check. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; empty if nothing. */
  readonly fix: string;
}

/** A check and how bad it is if it fails. */
export interface Examined extends Check {
  readonly severity: "warning" | "fault";
}

/** All checks of the environment, in the order in which they are shown. Leaves no backend chosen. */
export async function examine(): Promise<Examined[]> {
  const native = nativeVariants();
  const wasm = await wasmVariants();
  const cores = [node(), nativeCore(native), compiler(native), wasmCore(wasm), relaxedSimd(wasm), processors(), memory()];
  return [...cores, writing("write here", "."), writing("write temporary", tmpdir()), ...(await computing(native, wasm))];
}

const [leastMajor, leastMinor] = [20, 19] as const;

function node(): Examined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  const detail = `${process.version} on ${process.platform} ${process.arch}`;
  return { name: "node", ok, detail, fix: ok ? "" : `Install Node ${leastMajor}.${leastMinor} or newer.`, severity: "fault" };
}

function nativeCore(variants: readonly string[]): Examined {
  const ok = variants.length > 0;
  const off = process.env.DEEP_RNN_NO_NATIVE === "1";
  const detail = ok ? variants.join(", ") : off ? "switched off by DEEP_RNN_NO_NATIVE" : "not built; WebAssembly computes instead";
  const fix = ok ? "" : off ? "Unset DEEP_RNN_NO_NATIVE." : "In a checkout with a C++ compiler: npm run build.";
  return { name: "native core", ok, detail, fix, severity: "warning" };
}

// Only needed to build the native core: without one, a core that is there is enough.
function compiler(native: readonly string[]): Examined {
  const named = process.env.CXX?.trim();
  const candidates = named ? [named.split(/\s+/)] : [["g++"], ["clang++"], ["c++"]];
  const found = candidates.map(([command = "", ...args]) => versionOf(command, [...args, "--version"])).find((version) => version !== null);
  const ok = found !== undefined || native.length > 0;
  const detail = found ?? (native.length > 0 ? "none, and none is needed: the native core is built" : "none found");
  return { name: "compiler", ok, detail, fix: ok ? "" : "Install g++ or clang++, or go on with WebAssembly.", severity: "warning" };
}

function versionOf(command: string, args: readonly string[]): string | null {
  try {
    return (
      execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 10_000 })
        .split("\n")[0]
        ?.trim() ?? null
    );
  } catch {
    return null;
  }
}

function wasmCore(variants: readonly string[]): Examined {
  const file = (name: string): string => fileURLToPath(new URL(`../../../native/core-${name}.wasm`, import.meta.url));
  const missing = variants.filter((name) => !existsSync(file(name)));
  const ok = variants.length > 0 && missing.length === 0;
  const detail =
    variants.length === 0 ? "this engine has no WebAssembly SIMD" : ok ? variants.join(", ") : `not built: ${missing.join(", ")}`;
  const fix = ok ? "" : variants.length === 0 ? "Use a newer Node." : "npm run build, or install the package again.";
  return { name: "WebAssembly core", ok, detail, fix, severity: "fault" };
}

function relaxedSimd(variants: readonly string[]): Examined {
  const ok = variants.includes("relaxed");
  const detail = ok
    ? "fused multiply-add in WebAssembly: the bits of the native core"
    : "not offered: WebAssembly is slower and rounds otherwise";
  return { name: "relaxed SIMD", ok, detail, fix: ok ? "" : "Use Node 20.19 or newer.", severity: "warning" };
}

function processors(): Examined {
  const count = availableParallelism();
  return { name: "threads", ok: true, detail: counted(count, "processor"), fix: "", severity: "warning" };
}

const leastBytes = 512 * 2 ** 20;

function memory(): Examined {
  // A container's limit counts more than what the machine has.
  const limit = process.constrainedMemory?.() ?? 0;
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  const ok = total >= leastBytes && freemem() >= leastBytes / 4;
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return {
    name: "memory",
    ok,
    detail: `${gib(total)}, ${gib(freemem())} free`,
    fix: ok ? "" : "Close other programs, or train smaller networks.",
    severity: "warning",
  };
}

/** Writes as a run does: a folder under a temporary name, a file in it, both moved into place. */
function writing(name: string, folder: string): Examined {
  try {
    const made = mkdtempSync(join(folder, ".deep-rnn-doctor-"));
    try {
      writeFileSync(join(made, "a"), "written");
      renameSync(join(made, "a"), join(made, "b"));
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
    return { name, ok: true, detail: folder === "." ? process.cwd() : folder, fix: "", severity: "warning" };
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const detail = `${folder === "." ? process.cwd() : folder} cannot be written to (${reason})`;
    return {
      name,
      ok: false,
      detail,
      fix: folder === "." ? "Give --out a folder that can be." : "Set TMPDIR to a folder that can be.",
      severity: "warning",
    };
  }
}

/** Every backend that is there, against the reference; and one thread against several. */
async function computing(native: readonly string[], wasm: readonly string[]): Promise<Examined[]> {
  const reference = await selfTest("reference", 1);
  const one = (value: SelfTest): Examined => {
    const worst = disagreement(value, reference);
    const ok = worst <= selfTestLimit;
    const detail = `${value.numbers.length.toLocaleString("en-US")} numbers, worst relative difference ${worst.toExponential(1)} (${value.variant}, ${value.class})`;
    return { name: `${value.backend} against reference`, ok, detail, fix: ok ? "" : reportIt, severity: "fault" };
  };
  const checks: Examined[] = [];
  for (const backend of [...(native.length > 0 ? ["native" as const] : []), ...(wasm.length > 0 ? ["wasm" as const] : [])]) {
    try {
      const single = await selfTest(backend, 1);
      const several = await selfTest(backend, 2);
      const ok = sameBits(single, several);
      const detail =
        several.threads < 2
          ? "only one thread is possible"
          : `${several.threads} threads and one give ${ok ? "the same bits" : "different numbers"}`;
      checks.push(one(single), { name: `${backend} threads`, ok, detail, fix: ok ? "" : reportIt, severity: "fault" });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      checks.push({ name: `${backend} against reference`, ok: false, detail, fix: reportIt, severity: "fault" });
    }
  }
  await init({ backend: "auto" });
  return checks;
}

const reportIt = "npm run build; if it stays, report it with this output.";
