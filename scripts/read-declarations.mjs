// Reads what a door exports from the declarations that the compiler wrote: name, kind, docstring, signatures, and the file it comes from.
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const declarations = resolve(dirname(fileURLToPath(import.meta.url)), "../dist/src");

/** Every public name of the package's doors, by door: `{ name, kind, doc, signatures, file }`, in alphabetical order. */
export function readDoor(door) {
  const entry = join(declarations, door === "deep-rnn" ? "index.d.ts" : `${doorFolders[door]}/index.d.ts`);
  const found = [...exportsOf(entry)].map(([name, place]) => ({ name, ...declared(place.file, place.name) }));
  return found.sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
}

const doorFolders = { "deep-rnn/data": "data", "deep-rnn/tasks": "tasks", "deep-rnn/inspect": "inspect", "deep-rnn/io": "exchange" };
export const doors = ["deep-rnn", ...Object.keys(doorFolders)];

const files = new Map();

/** The top-level statements of a file, each with the comment above it. */
function statementsOf(file) {
  if (!files.has(file)) files.set(file, splitStatements(readFileSync(file, "utf8")));
  return files.get(file);
}

// One token that hides punctuation (comment or text), or one character.
const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[\s\S]/g;

function splitStatements(text) {
  const statements = [];
  let [doc, code, depth] = ["", "", 0];
  for (const { 0: part, index } of text.matchAll(token)) {
    if (code === "" && /^\s$/.test(part)) continue;
    if (code === "" && /^\/[/*]/.test(part)) {
      if (part.startsWith("/**")) doc = part;
      continue;
    }
    code += part;
    if (/^[{([]$/.test(part)) depth += 1;
    if (/^[})\]]$/.test(part)) depth -= 1;
    const endsBody = part === "}" && text[index + 1] === "\n" && /^(?:export )?(?:declare )?(?:abstract )?(?:interface|class)\b/.test(code);
    if (depth === 0 && (part === ";" || endsBody)) {
      statements.push({ doc: plainDoc(doc), code });
      [doc, code] = ["", ""];
    }
  }
  return statements;
}

/** A docstring without its stars. */
function plainDoc(comment) {
  return comment
    .replace(/^\/\*\*\s?|\s*\*\/$/g, "")
    .replace(/^[ \t]*\* ?/gm, "")
    .trim();
}

const namesOf = (list) =>
  list
    .split(",")
    .map((one) => one.trim().replace(/^type\s+/, ""))
    .filter((one) => one !== "")
    .map((one) => one.split(/\s+as\s+/))
    .map(([name, alias]) => ({ name, alias: alias ?? name }));

/** The exported names of a file with the places where they are declared; re-exports are followed. */
function exportsOf(file) {
  const found = new Map();
  for (const { code } of statementsOf(file)) {
    const all = /^export (?:type )?\* from "(.+)";$/.exec(code);
    const some = /^export (?:type )?\{([\s\S]*)\}(?: from "(.+)")?;$/.exec(code);
    if (all !== null) for (const [name, place] of exportsOf(beside(file, all[1]))) found.set(name, place);
    else if (some !== null) {
      const from = some[2] === undefined ? null : exportsOf(beside(file, some[2]));
      for (const { name, alias } of namesOf(some[1])) found.set(alias, from?.get(name) ?? imported(file, name));
    } else if (code.startsWith("export ")) {
      const name = nameOf(code);
      if (name !== null) found.set(name, { file, name });
    }
  }
  return found;
}

const beside = (file, path) => resolve(dirname(file), path.replace(/\.js$/, ".d.ts"));

/** Where a name that a file exports without declaring it comes from. */
function imported(file, name) {
  for (const { code } of statementsOf(file)) {
    const list = /^import (?:type )?\{([\s\S]*)\} from "(.+)";$/.exec(code);
    const one = list === null ? undefined : namesOf(list[1]).find(({ alias }) => alias === name);
    if (one !== undefined) return exportsOf(beside(file, list[2])).get(one.name);
  }
  return { file, name };
}

const declaration = /^(?:export )?(?:declare )?(?:abstract )?(function|const|class|interface|type)\s+([\w$]+)/;
const nameOf = (code) => declaration.exec(code)?.[2] ?? null;

/** A declaration with all its overloads; the docstring may stand above any of them. */
function declared(file, name) {
  const own = statementsOf(file).filter(({ code }) => nameOf(code) === name);
  if (own.length === 0) throw new Error(`${name} is not declared in ${file}`);
  return {
    kind: declaration.exec(own[0].code)[1],
    doc: own.find(({ doc }) => doc !== "")?.doc ?? "",
    signatures: own.map(({ code }) => code.replace(/^export (?:declare )?/, "")),
    file: relative(declarations, file)
      .split(sep)
      .join("/")
      .replace(/\.d\.ts$/, ".ts"),
  };
}

/** A docstring taken apart: its text, and the texts behind @param, @returns, @throws and @example. */
export function partsOf(doc) {
  const [text = "", ...tags] = doc.split(/(?:^|(?<=\s))@(?=(?:param|returns|throws|example)\s)/);
  const of = (tag) =>
    tags.filter((one) => one.startsWith(`${tag} `) || one.startsWith(`${tag}\n`)).map((one) => one.slice(tag.length).trim());
  return { text: text.trim(), params: of("param"), returns: of("returns"), throws: of("throws"), examples: of("example") };
}
