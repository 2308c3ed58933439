// Checks the package as its users get it: packs it, installs the tarball in an empty strict TypeScript project, compiles and runs every
// documented block there, bundles the browser entry with Vite, follows the links of its pages, and asks publint and attw. Prints one JSON
// value; exits with 1 on a fault.
//   node scripts/check-package.mjs [--link] [--node PATH]...    --link takes the dependencies from here instead of the registry
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, posix, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const args = process.argv.slice(2);
const nodes = [process.execPath, ...args.flatMap((arg, index) => (args[index - 1] === "--node" ? [resolve(arg)] : []))];
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "deep-rnn-package-"));
const project = join(folder, "project");
const modules = join(project, "node_modules");
const faults = [];

/** Runs a program; a failure is a fault with its output. */
function run(what, program, list, cwd = project) {
  const { status, stdout, stderr } = spawnSync(program, list, { cwd, encoding: "utf8", maxBuffer: 64e6 });
  if (status !== 0) faults.push(`${what}: ${`${stdout}${stderr}`.trim().slice(-3000)}`);
  return stdout;
}

/** The path of a program that a dependency brings. */
function programOf(name, bin) {
  const found = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { bin: bins } = JSON.parse(readFileSync(found, "utf8"));
  return join(dirname(found), typeof bins === "string" ? bins : bins[bin]);
}

function pack() {
  const text = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], { cwd: root, encoding: "utf8" });
  const [facts] = JSON.parse(text);
  return {
    tarball: join(folder, facts.filename),
    bytes: facts.size,
    unpacked: facts.unpackedSize,
    files: facts.files.map(({ path }) => path),
  };
}

/** An empty project with the flags that `npm init` and a strict hand give it. */
function makeProject(tarball) {
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noImplicitOverride: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    types: ["node"],
    outDir: "out",
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["blocks.ts"] }));
  cpSync(join(root, "test", "package", "blocks.ts"), join(project, "blocks.ts"));
  if (args.includes("--link")) {
    mkdirSync(join(modules, "deep-rnn"));
    run("unpack", "tar", ["-xzf", tarball, "-C", join(modules, "deep-rnn"), "--strip-components=1"]);
    for (const name of Object.keys(manifest.dependencies)) link(name);
  } else run("install", "npm", ["install", "--no-audit", "--no-fund", tarball]);
  for (const name of ["@types/node", "undici-types"]) link(name);
}

function link(name) {
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(join(root, "node_modules", name), join(modules, name), "junction");
}

/** Compiles the blocks, and runs them on every Node. */
function runBlocks() {
  run("compile", process.execPath, [programOf("typescript", "tsc"), "-p", "tsconfig.json"]);
  return nodes.map((node) => {
    const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
    return { node: version, found: JSON.parse(run(`blocks on Node ${version}`, node, ["out/blocks.js"]) || "null") };
  });
}

/** Bundles everything that a browser can import, and says what it weighs without the WebAssembly. */
async function bundle() {
  writeFileSync(join(project, "index.html"), '<script type="module" src="./browser.js"></script>');
  writeFileSync(join(project, "browser.js"), 'import * as all from "deep-rnn";\nglobalThis.deepRnn = all;\n');
  const { build } = await import(pathToFileURL(createRequire(import.meta.url).resolve("vite")).href);
  const warnings = [];
  const logger = {
    info() {},
    warn: (text) => warnings.push(text),
    warnOnce: (text) => warnings.push(text),
    error: (text) => warnings.push(text),
  };
  const customLogger = { ...logger, clearScreen() {}, hasErrorLogged: () => false, hasWarned: false };
  await build({ root: project, logLevel: "warn", customLogger, build: { outDir: "site" } });
  const assets = join(project, "site", "assets");
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
  const texts = scripts.map((name) => readFileSync(join(assets, name), "utf8"));
  if (texts.some((text) => /(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'`]node:|__vite-browser-external/.test(text)))
    faults.push("bundle: it imports a module of Node");
  for (const text of warnings) faults.push(`bundle: ${text}`);
  return { gzipBytes: texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0), scripts, assets: readdirSync(assets) };
}

/** A page that is packed leads only to what is packed too. */
function checkLinks(files) {
  const isPacked = (path) => files.some((file) => file === path || file.startsWith(`${path}/`));
  for (const page of files.filter((file) => file.endsWith(".md"))) {
    for (const [, to] of readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)#\s:]+)(?:#[^)]*)?\)/g)) {
      const target = posix.join(posix.dirname(page), to).replace(/\/$/, "");
      if (!isPacked(target)) faults.push(`links: ${page} leads to ${target}, which is not packed`);
    }
  }
}

/** What publint and attw say about the package. */
async function lint(tarball) {
  const { publint } = await import("publint");
  const { messages } = await publint({ pkgDir: join(modules, "deep-rnn"), pack: false, strict: true });
  for (const message of messages) faults.push(`publint: ${message.code} ${JSON.stringify(message.args)} at ${message.path.join(".")}`);
  run("attw", process.execPath, [programOf("@arethetypeswrong/cli", "attw"), tarball, "--profile", "esm-only", "--no-color"], folder);
}

try {
  const { tarball, files, ...sizes } = pack();
  const scripts = Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$/.test(name));
  if (scripts.length > 0) faults.push(`scripts that run when it is installed: ${scripts.join(", ")}`);
  checkLinks(files);
  makeProject(tarball);
  const runs = runBlocks();
  const browser = await bundle();
  await lint(tarball);
  console.log(JSON.stringify({ package: { ...sizes, files: files.length }, runs, browser, faults }, null, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = faults.length === 0 ? 0 : 1;
