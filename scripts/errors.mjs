// Writes docs/errors.md: every error and warning code in the sources with what it says. `--check` only compares.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const src = join(root, "src");
const target = join(root, "docs", "errors.md");

const place = /(?:\bcode:\s*|(?:new DataError|usageError)\(\s*)"([a-z][a-z0-9_]*)"/g;
const literal = '("(?:[^"\\\\]|\\\\.)*"|`(?:[^`\\\\]|\\\\.)*`)';

/** The message belonging to a code: written beside it, or in a constant just above. */
function messageAt(text, from, to) {
  const after = text.slice(to, to + 500);
  const beside = new RegExp(`^\\s*,\\s*(?:op(?::[^,]*)?,\\s*)?(?:(?:what|message):\\s*)?${literal}`).exec(after);
  if (beside !== null) return plain(beside[1]);
  const before = text.slice(Math.max(0, from - 1200), from);
  const constants = [...before.matchAll(new RegExp(`const (?:what|message)\\s*=\\s*(?:[^;\`"]*?\\?\\s*)?${literal}`, "g"))];
  return constants.length === 0 ? "" : plain(constants.at(-1)[1]);
}

/** A template as a reader sees it: what is filled in becomes `…`. */
function plain(quoted) {
  let text = quoted.slice(1, -1);
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replace(/\$\{[^{}]*\}/g, "…");
  }
  return text
    .replace(/\\(["'`\\])/g, "$1")
    .replace(/\|/g, "\\|")
    .replace(/\s+/g, " ")
    .trim();
}

const found = new Map();
const files = readdirSync(src, { recursive: true }).map(String).sort();
for (const file of files.filter((name) => name.endsWith(".ts"))) {
  const text = readFileSync(join(src, file), "utf8");
  for (const match of text.matchAll(place)) {
    const entry = found.get(match[1]) ?? { rooms: new Set(), messages: new Set() };
    entry.rooms.add(file.split(/[\\/]/)[0].replace(/\.ts$/, ""));
    const message = messageAt(text, match.index, match.index + match[0].length);
    if (message !== "") entry.messages.add(message);
    found.set(match[1], entry);
  }
}

const rows = [...found]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, { rooms, messages }]) => {
    return `| \`${code}\` | ${[...messages].slice(0, 3).join("<br>")} | ${[...rooms].join(", ")} |`;
  });
const page = `# Error codes

Every error that this library throws on purpose is a \`DeepRnnError\` with a \`code\`, a sentence that names what differs (with both shapes and the layer, where there are any), and a hint.
\`DataError\` means wrong input, \`UsageError\` a wrong call, \`ShapeError\` shapes that do not fit, \`RunError\` a failure while running. The command line exits with 2 for the first two and with 1 for the others; under \`--json\` the code is in \`error.code\`.
Wrong options of the command line have codes that begin with \`usage_\`; \`system\` is a file that cannot be read or written, \`interrupted\` a stop by Ctrl-C, \`internal\` a defect.

This page is written by \`node scripts/errors.mjs\`; … stands for what is filled in.

| code | says | where |
|---|---|---|
${rows.join("\n")}
`;

if (process.argv.includes("--check")) {
  const written = readFileSync(target, "utf8");
  const missing = [...found.keys()].filter((code) => !written.includes(`\`${code}\``));
  if (missing.length > 0) {
    process.stderr.write(`docs/errors.md lacks ${missing.join(", ")}; run: node scripts/errors.mjs\n`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, page);
}
