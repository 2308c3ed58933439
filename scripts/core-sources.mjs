// What every build of the C++ core shares: the sources, their hash, and the flags that decide bits.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../", import.meta.url));
export const nativeFolder = `${root}native/`;
export const outputFolder = `${root}dist/native/`;

/** No contraction and no fast-math: where a product and a sum round once is written in the source. */
export const commonFlags = [
  "-std=c++17",
  "-O3",
  "-ffp-contract=off",
  "-fno-strict-aliasing",
  "-fno-math-errno",
  "-fno-exceptions",
  "-fno-rtti",
  "-Wall",
  "-Wextra",
  "-Werror",
];

/** Instruction sets per processor, as `process.arch` calls it: name, floats in a vector, fused, compiler flags. */
export const nativeVariants = {
  x64: [
    { name: "avx512", width: 16, fused: 1, flags: ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mavx2", "-mfma"] },
    { name: "avx2", width: 8, fused: 1, flags: ["-mavx2", "-mfma"] },
    { name: "baseline", width: 4, fused: 0, flags: [] },
  ],
  arm64: [
    { name: "neon", width: 4, fused: 1, flags: [] },
    { name: "baseline", width: 4, fused: 0, flags: [] },
  ],
};
export const otherVariants = [{ name: "baseline", width: 4, fused: 0, flags: [] }];

export const wasmVariants = [
  { name: "relaxed", width: 4, fused: 1, flags: ["-mrelaxed-simd"] },
  { name: "simd", width: 4, fused: 0, flags: [] },
];

export const definitions = (variant) => [`-DDRNN_VARIANT=${variant.name}`, `-DDRNN_WIDTH=${variant.width}`, `-DDRNN_FMA=${variant.fused}`];

/** File name to text of the C++ sources. */
export function readSources() {
  const names = readdirSync(nativeFolder).filter((name) => /\.(h|cpp)$/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(nativeFolder + name, "utf8")]));
}

/** A hash of the sources and of anything else that decides a build's result. */
export function fingerprint(sources, ...facts) {
  return createHash("sha256")
    .update(JSON.stringify([sources, facts]))
    .digest("hex");
}

/** The text of a file, or an empty string. */
export function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** An empty folder beside the outputs for one build; the second value removes it. */
export function workFolder(name) {
  const folder = `${outputFolder}.${name}-${process.pid}/`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return [folder, () => rmSync(folder, { recursive: true, force: true })];
}

/** Whether the module with this address is the program that Node was started with. */
export function isMain(moduleUrl) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(moduleUrl);
}
