// Keeps docs/commands current: options from the command tree, outputs from real runs. `--check` compares the options, `--run` runs.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { globalOptions } from "../dist/src/cli/options.js";
import { createProgram } from "../dist/src/cli/program.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, "docs", "commands");
const isCheck = process.argv.includes("--check");
const isRun = process.argv.includes("--run");

const program = createProgram({ start: async () => {}, version: "", write: () => {} });
const shared = new Set(globalOptions().map(({ long }) => long));
const markers = (name) => [`<!-- ${name}: written by scripts/commands.mjs -->`, `<!-- end of ${name} -->`];

/** One table of options; choices in the description, as in the help. */
function table(options) {
  const rows = options.map((option) => {
    const choices = option.argChoices === undefined ? "" : `; one of ${option.argChoices.map((each) => `\`${each}\``).join(", ")}`;
    return `| \`${option.flags}\` | ${option.description.replaceAll("|", "\\|")}${choices} |`;
  });
  return ["| option | |", "|---|---|", ...rows].join("\n");
}

function usage(command) {
  const words = command.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`));
  return ["deep-rnn", command.name(), "[options]", ...words].join(" ");
}

function optionsBlock(command) {
  const own = command.options.filter(({ long }) => !shared.has(long));
  const arguments_ = command.registeredArguments.map((argument) => `- \`${argument.name()}\`: ${argument.description}`);
  return [
    "```",
    usage(command),
    "```",
    ...(arguments_.length === 0 ? [] : ["", ...arguments_]),
    ...(own.length === 0 ? [] : ["", table(own)]),
    "",
    `And the [options of every command](README.md#options-of-every-command).`,
  ].join("\n");
}

function verbsBlock() {
  const rows = program.commands.map((command) => `| [\`${command.name()}\`](${command.name()}.md) | ${command.description()} |`);
  return ["| command | |", "|---|---|", ...rows].join("\n");
}

function replaced(text, name, block) {
  const [from, to] = markers(name);
  const [start, end] = [text.indexOf(from), text.indexOf(to)];
  if (start < 0 || end < start) return `${text.trimEnd()}\n\n${from}\n${block}\n${to}\n`;
  return `${text.slice(0, start)}${from}\n${block}\n${text.slice(end)}`;
}

/** The outputs of all `$ deep-rnn ...` lines of a page, which run in order in one folder with the airline passengers in it. */
function withOutputs(text) {
  const desk = mkdtempSync(join(tmpdir(), "deep-rnn-docs-"));
  copyFileSync(join(root, "data", "airline-passengers.csv"), join(desk, "passengers.csv"));
  const bin = join(root, "bin", "deep-rnn.js");
  try {
    return text.replace(/```console\n\$ (.*)\n[\s\S]*?```/g, (_block, line) => {
      const script = `deep-rnn() { "${process.execPath}" "${bin}" "$@"; }; ${line}`;
      const run = spawnSync("bash", ["-c", script], { cwd: desk, encoding: "utf8", env: { ...process.env, COLUMNS: "100" } });
      const output = (run.stdout + run.stderr).replaceAll(desk, "/home/me/sales").trimEnd();
      return `\`\`\`console\n$ ${line}\n${output}\n\`\`\``;
    });
  } finally {
    rmSync(desk, { recursive: true, force: true });
  }
}

const wrong = [];
function keep(path, make) {
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  const after = make(before);
  if (before === after) return;
  if (isCheck) wrong.push(path.slice(root.length + 1));
  else writeFileSync(path, after);
}

keep(join(folder, "README.md"), (text) => replaced(replaced(text, "commands", verbsBlock()), "options", table(globalOptions())));
for (const command of program.commands) {
  keep(join(folder, `${command.name()}.md`), (text) => {
    const page = text === "" ? `# deep-rnn ${command.name()}\n\n${command.description()}\n` : text;
    const current = replaced(page, "options", optionsBlock(command));
    return isRun ? withOutputs(current) : current;
  });
}
if (wrong.length > 0) {
  process.stderr.write(`not current: ${wrong.join(", ")}; run: node scripts/commands.mjs\n`);
  process.exitCode = 1;
}
