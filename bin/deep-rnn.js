#!/usr/bin/env node
// Starts the command line; if the package has not been built, says so in one line instead of a stack.
import { existsSync } from "node:fs";

const main = new URL("../dist/src/cli/main.js", import.meta.url);
if (existsSync(main)) {
  // While the modules are loaded nothing has begun: leave with the code that an interrupted run has.
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  await import(main.href);
} else {
  process.stderr.write("deep-rnn is not built yet: run `npm run build` first.\n");
  process.exitCode = 1;
}
