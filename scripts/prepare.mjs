// Everything a checkout needs before it runs: the compiled TypeScript, the WebAssembly modules, the addon where a compiler is.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { buildNative } from "./build-native.mjs";
import { buildWasm } from "./build-wasm.mjs";
import { root } from "./core-sources.mjs";

/** Runs the TypeScript compiler; resolves to its exit code. Its messages are shown. */
function compileTypes() {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  const program = join(dirname(manifest), JSON.parse(readFileSync(manifest, "utf8")).bin.tsc);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, "-p", "tsconfig.json"], { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

// All three are tried whatever happens to the others, so that one broken part does not hide the rest.
const [types, wasm, native] = await Promise.allSettled([compileTypes(), buildWasm(), buildNative()]);
for (const result of [types, wasm, native]) if (result.status === "rejected") console.error(result.reason);
const failed = [types, wasm, native].some((result) => result.status === "rejected") || types.value !== 0;
process.exitCode = failed ? 1 : 0;
