// Writes docs/api: what every door exports, from the docstrings and signatures in dist. `--check` compares the pages with what it would write.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { doors, partsOf, readDoor } from "./read-declarations.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, "docs", "api");

/** The pages; those of the main door are told apart by the file a name comes from, and the first that fits takes it. */
const pages = [
  {
    page: "ops",
    title: "Tensors and ops",
    door: "deep-rnn",
    files: /^(?:ops\/(?!scan|tap)|base\/(?:tensor|dtype|tree)|nn\/door-names)/,
    about:
      "Functions of tensors. Outside a trace they are computed at once, in float64 by the reference; inside `jit`, a cell or a loss they are traced.",
  },
  {
    page: "transforms",
    title: "Transforms: jit, gradients, scan",
    door: "deep-rnn",
    files: /^(?:engine|backends|ops\/(?:scan|tap))/,
    about: "Functions of functions, and what computes them.",
  },
  {
    page: "layers",
    title: "Layers",
    door: "deep-rnn",
    files: /^nn\/(?:layers|layer\.ts|networks)/,
    about: "Letters in shapes: B batch, T time, I input size, H units. Options of all recurrent layers stand under RecurrentOptions.",
  },
  {
    page: "cells",
    title: "Cells and weights",
    door: "deep-rnn",
    files: /^nn\//,
    about:
      "What a cell of your own is made of, how weights begin, and what keeps them small. The guide is [own-cells.md](../own-cells.md).",
  },
  {
    page: "callbacks",
    title: "Callbacks and checkpoints",
    door: "deep-rnn",
    files: /^(?:train\/(?:callbacks|checkpoint)|base\/stored)/,
    about: "The guides are [callbacks.md](../callbacks.md) and [checkpoints.md](../checkpoints.md).",
  },
  {
    page: "training",
    title: "Optimisers, schedules, losses, metrics",
    door: "deep-rnn",
    files: /^train\/(?:optimizers|schedules|losses|metrics|trees)/,
    about: "Their formulas stand in [training.md](../training.md).",
  },
  {
    page: "errors",
    title: "Kinds of errors",
    door: "deep-rnn",
    files: /^base\/errors/,
    about: "Their codes stand in [errors.md](../errors.md).",
  },
  {
    page: "models",
    title: "Models",
    door: "deep-rnn",
    about: "Making, training, using, streaming, saving, and data in files. What no other page takes is here.",
  },
  { page: "data", title: "Tables, series, windows", door: "deep-rnn/data", about: "Reading and describing data." },
  {
    page: "tasks",
    title: "Whole tasks",
    door: "deep-rnn/tasks",
    about: "What the command line does, as functions. See [forecast.md](../forecast.md).",
  },
  {
    page: "inspect",
    title: "Looking inside",
    door: "deep-rnn/inspect",
    about: "See [explain.md](../explain.md) and [probe.md](../probe.md).",
  },
  {
    page: "io",
    title: "Files of others",
    door: "deep-rnn/io",
    about: "See [from-keras.md](../from-keras.md), [from-pytorch.md](../from-pytorch.md) and [model-files.md](../model-files.md).",
  },
];

const block = (code) => `\`\`\`ts\n${code}\n\`\`\``;
const oneLine = (text) => text.replace(/\s*\n\s*/g, " ");

/** "name  text" or "name - text" as a row of a list. */
function param(text) {
  const [, name, rest] = /^(\S+)\s+(?:- )?([\s\S]*)$/.exec(text) ?? [null, text, ""];
  return `- \`${name}\`: ${oneLine(rest)}`;
}

/** The declaration without what is nobody's business: private fields and inherited noise of the compiler. */
const signature = (code) =>
  code
    .replace(/^ {4}#private;\n/gm, "")
    .replace(/^ {4,}/gm, (spaces) => " ".repeat(spaces.length / 2))
    .trim();

function section({ name, doc, signatures }) {
  const { text, params, returns, throws, examples } = partsOf(doc);
  const parts = [`## ${name}`, text, block(signatures.map(signature).join("\n"))];
  if (params.length > 0) parts.push(params.map(param).join("\n"));
  for (const one of returns) parts.push(`Gives ${oneLine(one)}.`);
  for (const one of throws) parts.push(`Throws ${oneLine(one)}.`);
  for (const one of examples) parts.push(block(one));
  return parts.filter((part) => part !== "").join("\n\n");
}

function pageText({ title, door, about }, entries) {
  const values = entries.filter(({ kind }) => kind !== "interface" && kind !== "type");
  const types = entries.filter(({ kind }) => kind === "interface" || kind === "type");
  // Headings that differ in capitals only are told apart by a number, in the order in which they come.
  const seen = new Map();
  const anchors = new Map();
  for (const { name } of [...values, ...types]) {
    const before = seen.get(name.toLowerCase()) ?? 0;
    seen.set(name.toLowerCase(), before + 1);
    anchors.set(name, `${name.toLowerCase()}${before === 0 ? "" : `-${before}`}`);
  }
  const list = (some) => some.map(({ name }) => `[${name}](#${anchors.get(name)})`).join(" · ");
  const head = [`# ${title}`, `\`import { … } from "${door}"\`. ${about} This page is written by \`node scripts/api.mjs\`.`];
  if (values.length > 0) head.push(list(values));
  if (types.length > 0) head.push(`Types: ${list(types)}`);
  return `${[...head, ...[...values, ...types].map(section)].join("\n\n")}\n`;
}

function contents(filled) {
  const rows = filled.map(
    ({ page, title, door, entries }) =>
      `| [${title}](${page}.md) | \`${door}\` | ${entries
        .filter(({ kind }) => kind !== "interface" && kind !== "type")
        .map(({ name }) => `\`${name}\``)
        .join(" ")} |`,
  );
  const head = "# Everything that can be imported\n\nThese pages are written by `node scripts/api.mjs` from the docstrings in the sources.";
  return `${head}\n\n| page | import from | functions |\n|---|---|---|\n${rows.join("\n")}\n`;
}

/** The pages by file name. */
function writtenPages() {
  const left = new Map(doors.map((door) => [door, readDoor(door)]));
  const filled = pages.map((page) => {
    const all = left.get(page.door);
    const entries = all.filter(({ file }) => page.files?.test(file) ?? true);
    left.set(
      page.door,
      all.filter((entry) => !entries.includes(entry)),
    );
    return { ...page, entries };
  });
  const homeless = [...left.values()].flat().map(({ name, file }) => `${name} (${file})`);
  if (homeless.length > 0) throw new Error(`no page takes ${homeless.join(", ")}`);
  return new Map([["README.md", contents(filled)], ...filled.map((page) => [`${page.page}.md`, pageText(page, page.entries)])]);
}

const written = writtenPages();
if (process.argv.includes("--check")) {
  const there = existsSync(folder) ? readdirSync(folder) : [];
  const read = (name) => (there.includes(name) ? readFileSync(join(folder, name), "utf8") : "");
  const stale = [...new Set([...written.keys(), ...there])].filter((name) => read(name) !== (written.get(name) ?? ""));
  if (stale.length > 0) {
    process.stderr.write(`docs/api: ${stale.join(", ")} are not current; run: npm run build && node scripts/api.mjs\n`);
    process.exitCode = 1;
  }
} else {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of written) writeFileSync(join(folder, name), text);
}
