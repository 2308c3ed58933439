// Builds dist/native/core-relaxed.wasm and core-simd.wasm, and each once more for threads, with the LLVM that npm installs.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { commonFlags, definitions, fingerprint, isMain, outputFolder, readSources, textOf, wasmVariants } from "./core-sources.mjs";

const compileFlags = [
  "--target=wasm32-unknown-unknown",
  "-ffreestanding",
  "-nostdlib",
  "-nostdinc++",
  "-msimd128",
  "-mbulk-memory",
  ...commonFlags,
];
const linkFlags = [
  "--no-entry",
  "--gc-sections",
  "--strip-all",
  "--export=__heap_base",
  "--stack-first",
  "-z",
  "stack-size=262144",
  "--max-memory=4294967296",
];
/** Workers instantiate the same module in the same memory, each on a stack of its own. */
const threadCompileFlags = ["-matomics"];
const threadLinkFlags = ["--shared-memory", "--import-memory", "--initial-memory=2097152", "--export=__stack_pointer"];
const modules = wasmVariants.flatMap((variant) => [
  { variant, name: variant.name, compile: [], link: [] },
  { variant, name: `${variant.name}-threads`, compile: threadCompileFlags, link: threadLinkFlags },
]);
const stampFile = `${outputFolder}core-wasm.hash`;
const fileOf = (module) => `${outputFolder}core-${module.name}.wasm`;

/** Runs one LLVM tool over files held in memory; throws with the tool's own words. */
async function llvm(run, words, files) {
  const decoder = new TextDecoder();
  let text = "";
  const collect = (bytes) => {
    if (bytes !== null) text += decoder.decode(bytes);
  };
  try {
    return await run(words, files, { stdout: collect, stderr: collect, fetchProgress: () => {} });
  } catch (error) {
    throw new Error(`${words[0]} failed: ${text || error.message}`);
  }
}

async function buildModule(run, { variant, compile, link }, sources) {
  const objects = {};
  const flags = [...compileFlags, ...compile, ...variant.flags, ...definitions(variant)];
  for (const unit of ["kernel", "wasm"]) {
    const words = ["clang++", ...flags, "-c", `${unit}.cpp`, "-o", `${unit}.o`];
    objects[`${unit}.o`] = (await llvm(run, words, { ...sources }))[`${unit}.o`];
  }
  // Linked by a call of its own: the compiler driver cannot start other programs here.
  return (await llvm(run, ["wasm-ld", ...linkFlags, ...link, "kernel.o", "wasm.o", "-o", "core.wasm"], objects))["core.wasm"];
}

/** Builds all modules unless sources and flags are unchanged. Throws if the compiler is missing or fails. */
export async function buildWasm() {
  const sources = readSources();
  const stamp = fingerprint(sources, compileFlags, linkFlags, modules);
  const present = modules.every((module) => textOf(fileOf(module)) !== "");
  if (present && textOf(stampFile) === stamp) return { built: false };
  const { runLLVM } = await import("@yowasp/clang");
  mkdirSync(outputFolder, { recursive: true });
  for (const module of modules) {
    const bytes = await buildModule(runLLVM, module, sources);
    const temporary = `${fileOf(module)}.${process.pid}`;
    writeFileSync(temporary, bytes);
    renameSync(temporary, fileOf(module));
  }
  writeFileSync(stampFile, stamp);
  return { built: true };
}

if (isMain(import.meta.url)) await buildWasm();
