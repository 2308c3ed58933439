// Runs Node's test runner over the compiled tests: `npm test` for all of them, `npm test -- cli data` for two folders.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const compiled = join(root, "dist", "test");

// Files are listed here and not by the runner: Node 20 takes folders but then runs helper files too, Node 22 takes globs only.
function testFiles(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".test.js"))
    .sort()
    .map((name) => join(path, name));
}

/** `cli`, `test/cli`, `dist/test/cli` and `test/arrows.test.ts` all name compiled tests. */
function resolveName(name) {
  const plain = name.replace(/^(\.\/)?(dist\/)?test\//, "").replace(/\.ts$/, ".js");
  const found = [plain, `${plain}.test.js`].map((each) => join(compiled, each)).find((each) => existsSync(each));
  if (found === undefined)
    fail(`No compiled test called "${name}" in ${relative(process.cwd(), compiled)}; compile with: npm run build`, 2);
  return found;
}

function fail(message, code) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

if (!existsSync(compiled)) fail("The tests are not compiled yet; run: npm run build", 1);
const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith("-"));
const names = args.filter((arg) => !arg.startsWith("-"));
const files = [...new Set((names.length === 0 ? [compiled] : names.map(resolveName)).flatMap(testFiles))];
// A run that finds nothing must not look like a run that passes.
if (files.length === 0) fail("No test files found.", 2);

// Two files at a time: the tests start threads of their own, and machines with two cores are common.
const concurrency = flags.some((flag) => flag.startsWith("--test-concurrency")) ? [] : ["--test-concurrency=2"];
// A file that hangs fails by name instead of holding up everything; far above what any file needs.
const timeout = flags.some((flag) => flag.startsWith("--test-timeout")) ? [] : ["--test-timeout=600000"];
// One seed for all random programs and data, see test/support/property.ts.
const seeded = ["--import", pathToFileURL(join(compiled, "support", "property.js")).href];
const runner = spawn(process.execPath, [...seeded, "--test", "--test-reporter=spec", ...concurrency, ...timeout, ...flags, ...files], {
  cwd: root,
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => runner.kill(signal));
runner.on("close", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
});
