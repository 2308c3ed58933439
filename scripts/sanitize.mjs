// Compiles the core and its driver under sanitizers and runs them; where that is impossible it prints why and succeeds.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { call, findCompiler } from "./build-native.mjs";
import {
  definitions,
  fingerprint,
  isMain,
  nativeFolder,
  nativeVariants,
  otherVariants,
  readSources,
  root,
  textOf,
} from "./core-sources.mjs";

const kinds = {
  address: ["-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"],
  thread: ["-fsanitize=thread"],
};
const cases = { address: 1000, thread: 200 };
// Not optimised: instrumented loops over lanes take minutes otherwise.
const twins = [
  { name: "twinfused", width: 4, fused: 1, flags: ["-DDRNN_PLAIN_VECTORS", "-O0"] },
  { name: "twinplain", width: 4, fused: 0, flags: ["-DDRNN_PLAIN_VECTORS", "-O0"] },
];
const flags = [
  "-std=c++17",
  "-O1",
  "-g",
  "-DDRNN_DEBUG",
  "-ffp-contract=off",
  "-fno-strict-aliasing",
  "-fno-math-errno",
  "-fno-exceptions",
  "-fno-rtti",
  "-fno-omit-frame-pointer",
  "-Wall",
  "-Wextra",
];

/** Whether a trivial program compiles, links and runs under this sanitizer; the reason if not. */
function missing(compiler, kind, folder) {
  const source = `${folder}probe.cpp`;
  writeFileSync(source, "int main() { return 0; }\n");
  const words = [...compiler.slice(1), ...kinds[kind], source, "-o", `${folder}probe-${kind}`];
  if (spawnSync(compiler[0], words, { stdio: "ignore" }).status !== 0) return "the compiler has no runtime for it";
  const tried = spawnSync(`${folder}probe-${kind}`, { encoding: "utf8" });
  return tried.status === 0 ? "" : `its runtime does not start here: ${tried.stderr.split("\n")[0]}`;
}

async function build(compiler, kind, folder) {
  const variants = [...(nativeVariants[process.arch] ?? otherVariants), ...twins];
  const units = [
    ...variants.map((each) => ({ file: "kernel", object: each.name, flags: [...each.flags, ...definitions(each)] })),
    ...["pool", "variants", "test/driver"].map((file) => ({ file, object: file.replace("/", "-"), flags: [] })),
  ];
  const objectOf = (unit) => `${folder}${kind}-${unit.object}.o`;
  const waiting = [...units];
  const work = async () => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
      const words = [...flags, ...kinds[kind], ...unit.flags, "-c", `${nativeFolder}${unit.file}.cpp`, "-o", objectOf(unit)];
      const failure = await call(compiler, words);
      if (failure !== "") throw new Error(`${unit.file} (${unit.object}): ${failure}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const failure = await call(compiler, [...kinds[kind], "-pthread", ...units.map(objectOf), "-lm", "-o", `${folder}driver-${kind}`]);
  if (failure !== "") throw new Error(`linking: ${failure}`);
}

/** Builds and runs under one sanitizer; resolves to a line about what happened. Throws if the sanitizer found something. */
export async function sanitize(kind) {
  const compiler = process.platform === "win32" ? undefined : findCompiler();
  if (compiler === undefined) return `${kind} sanitizer skipped: no C++ compiler found`;
  const folder = `${root}dist/sanitize/`;
  mkdirSync(folder, { recursive: true });
  const reason = missing(compiler, kind, folder);
  if (reason !== "") return `${kind} sanitizer skipped: ${reason}`;
  const driver = readdirSync(`${nativeFolder}test`)
    .sort()
    .map((name) => readFileSync(`${nativeFolder}test/${name}`, "utf8"));
  const stamp = fingerprint({ ...readSources(), driver }, flags, kinds[kind], twins, compiler);
  if (textOf(`${folder}${kind}.hash`) !== stamp) {
    await build(compiler, kind, folder);
    writeFileSync(`${folder}${kind}.hash`, stamp);
  }
  const ran = spawnSync(`${folder}driver-${kind}`, [String(cases[kind])], { encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`${kind} sanitizer: ${ran.stderr || `ended by ${ran.signal}`}`);
  return `${kind} sanitizer: ${ran.stdout.trim()}`;
}

if (isMain(import.meta.url)) {
  const asked = process.argv.slice(2);
  for (const kind of asked.length > 0 ? asked : Object.keys(kinds)) console.log(await sanitize(kind));
}
