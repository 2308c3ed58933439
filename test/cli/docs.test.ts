// The pages in docs/commands are current: options from the command tree, commands that parse, outputs that still come.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { globalsBehindVerb } from "../../src/cli/options.js";
import { createProgram } from "../../src/cli/program.js";
import { openDesk } from "./run.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const pages = join(root, "docs", "commands");

test("every command has a page, and its options are those of the command", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts", "commands.mjs"), "--check"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

// Words as a shell splits the plain commands of the pages: quotes, no escapes.
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? "");
}

test("every command line on the pages and in the help is one that parses", async () => {
  const help = createProgram({ start: async () => {}, version: "0", write: () => {} }).commands.map((command) => {
    let text = "";
    command
      .configureOutput({
        writeOut: (part) => {
          text += part;
        },
      })
      .outputHelp();
    return text;
  });
  const texts = [...readdirSync(pages).map((name) => readFileSync(join(pages, name), "utf8")), ...help];
  const lines = texts.flatMap((text) => [...text.matchAll(/^ {0,2}\$ (.*deep-rnn .*)$/gm)].map(([, line = ""]) => line));
  assert.ok(lines.length >= 20);
  for (const line of lines) {
    for (const command of line.split(/[;|]/).filter((part) => /^\s*deep-rnn /.test(part))) {
      const args = words(command.replace(/\s+(?:>|\s{3,}).*$/, "")).slice(1);
      const program = createProgram({ start: async () => {}, version: "0", write: () => {} });
      await assert.doesNotReject(program.parseAsync(globalsBehindVerb(args), { from: "user" }), command);
    }
  }
});

test("the output on the page of inspect is what inspect prints", async (t) => {
  const page = readFileSync(join(pages, "inspect.md"), "utf8");
  const [, line = "", output = ""] = /```console\n\$ deep-rnn (.*)\n([\s\S]*?)```/.exec(page) ?? [];
  const desk = openDesk(t);
  desk.write("passengers.csv", readFileSync(join(root, "data", "airline-passengers.csv")));
  const { stdout, stderr } = await desk.run(words(line));
  assert.equal(stdout + stderr, output);
});
