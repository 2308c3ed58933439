#!/usr/bin/env node
// Starts the command line; if the package has not been built, says so in one line instead of a stack.
import { existsSync } from "node:fs";

const main = new URL("../dist/src/cli/main.js", import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write("deep-rnn is not built yet: run `npm run build` first.\n");
  process.exitCode = 1;
}
