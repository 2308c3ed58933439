// Runs one command line after another in one process, for tests: most of a short command's time is loading its modules.
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A command to run. */
export interface WarmTask {
  readonly cwd: string;
  readonly args: readonly string[];
}

const main = pathToFileURL(resolve(dirname(fileURLToPath(import.meta.url)), "../../../dist/src/cli/main.js")).href;
const { console } = globalThis;
const leave = process.exit;
let runs = 0;

process.on("disconnect", () => leave.call(process));
process.on("message", ({ cwd, args }: WarmTask) => {
  let stdout = "";
  let stderr = "";
  process.chdir(cwd);
  process.argv.splice(2, process.argv.length, ...args);
  process.stdout.write = writeTo((text) => {
    stdout += text;
  });
  process.stderr.write = writeTo((text) => {
    stderr += text;
  });
  // The last thing that a command does. What it has set up for itself ends with it.
  process.exit = ((code: number) => {
    for (const event of ["uncaughtException", "unhandledRejection", "SIGINT", "SIGTERM"]) process.removeAllListeners(event);
    for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners("error");
    globalThis.console = console;
    process.send?.({ code, stdout, stderr });
  }) as typeof process.exit;
  // Of another name, so that the module that starts a command runs again; all that it imports is there already.
  void import(`${main}?run=${++runs}`);
});

function writeTo(take: (text: string) => void): typeof process.stdout.write {
  return (text: string | Uint8Array, ...rest: unknown[]): boolean => {
    take(String(text));
    const done = rest.at(-1);
    if (typeof done === "function") setImmediate(done as () => void);
    return true;
  };
}
