// Builds dist/native/core.node with the first C++ compiler found; without one, or if it fails, says so in one line.
import { spawn, spawnSync } from "node:child_process";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import {
  commonFlags,
  definitions,
  fingerprint,
  isMain,
  nativeFolder,
  nativeVariants,
  otherVariants,
  outputFolder,
  readSources,
  textOf,
  workFolder,
} from "./core-sources.mjs";

const addon = `${outputFolder}core.node`;
const stampFile = `${addon}.hash`;
const nodeFlags = ["-fPIC", "-fvisibility=hidden"];
const linkFlags = process.platform === "darwin" ? ["-shared", "-undefined", "dynamic_lookup"] : ["-shared", "-pthread"];
const variants = nativeVariants[process.arch] ?? otherVariants;

/** The command words of the first compiler that answers, or undefined. */
export function findCompiler() {
  const named = process.env.CXX?.trim();
  const candidates = named ? [named.split(/\s+/)] : [["g++"], ["clang++"], ["c++"]];
  return candidates.find(([command, ...rest]) => spawnSync(command, [...rest, "--version"], { stdio: "ignore" }).status === 0);
}

/** Runs one compiler call; resolves to an empty string or to what went wrong. */
export function call([command, ...rest], words) {
  return new Promise((resolve) => {
    const child = spawn(command, [...rest, ...words], { stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.on("data", (part) => {
      text += part;
    });
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code) => resolve(code === 0 ? "" : firstError(text) || `exit code ${code}`));
  });
}

const firstError = (text) => text.split("\n").find((line) => /error|undefined|cannot/i.test(line)) ?? text.split("\n")[0] ?? "";

/** Compiles all units, a few at a time; the first failure's text, or an empty string. */
async function compileAll(compiler, folder) {
  const units = [
    ...variants.map((variant) => ({ file: "kernel", object: variant.name, flags: [...variant.flags, ...definitions(variant)] })),
    ...["pool", "variants", "addon"].map((file) => ({ file, object: file, flags: [] })),
  ];
  const waiting = [...units];
  const failures = [];
  const work = async () => {
    for (let unit = waiting.shift(); unit !== undefined && failures.length === 0; unit = waiting.shift()) {
      const words = [
        ...commonFlags,
        ...nodeFlags,
        ...unit.flags,
        "-c",
        `${nativeFolder}${unit.file}.cpp`,
        "-o",
        `${folder}${unit.object}.o`,
      ];
      const failure = await call(compiler, words);
      if (failure !== "") failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  if (failures.length > 0) return failures[0];
  return call(compiler, [...linkFlags, ...units.map((unit) => `${folder}${unit.object}.o`), "-o", `${folder}core.node`]);
}

/** A library that does not load is no library; tried in a process of its own. */
function loadFailure(path) {
  const tried = spawnSync(process.execPath, ["-e", `require(${JSON.stringify(path)}).info()`], { encoding: "utf8" });
  return tried.status === 0 ? "" : firstError(tried.stderr);
}

function giveUp(reason) {
  rmSync(addon, { force: true });
  rmSync(stampFile, { force: true });
  console.log(`deep-rnn: native core not built (${reason}); WebAssembly is used instead.`);
  return { built: false, reason };
}

/** Builds unless sources, flags and compiler are unchanged. Never throws for a missing or failing compiler. */
export async function buildNative() {
  const compiler = process.platform === "win32" ? undefined : findCompiler();
  const stamp = fingerprint(readSources(), commonFlags, nodeFlags, linkFlags, variants, process.arch, compiler ?? []);
  const loadable = textOf(addon) !== "";
  if (compiler !== undefined && loadable && textOf(stampFile) === stamp) return { built: false, reason: "" };
  if (compiler === undefined) return giveUp(process.platform === "win32" ? "not supported on Windows" : "no C++ compiler found");
  const [folder, remove] = workFolder("native");
  try {
    const failure = (await compileAll(compiler, folder)) || loadFailure(`${folder}core.node`);
    if (failure !== "") return giveUp(`${compiler.join(" ")}: ${failure.trim()}`);
    // Renaming leaves a copy that a running process has loaded untouched.
    renameSync(`${folder}core.node`, addon);
    writeFileSync(stampFile, stamp);
    return { built: true, reason: "" };
  } finally {
    remove();
  }
}

if (isMain(import.meta.url)) await buildNative();
