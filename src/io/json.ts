// JSON from files that nobody vouches for: bounded in size and depth, and no name twice in one object.

import type { DataError } from "../base/errors.js";

/** Deeper values are refused, so that nothing that walks them runs out of stack. */
const jsonDepthLimit = 200;
const containerLimit = 2_000_000;

/**
 * The value of a JSON file. Duplicate names are refused because readers differ in which of them counts.
 *
 * @param limit   largest size in bytes
 * @param refuse  makes the error from what is wrong, as in "it is not valid JSON"
 */
export function readJson(bytes: Uint8Array, limit: number, refuse: (what: string) => DataError): unknown {
  if (bytes.length > limit) throw refuse(`it has ${bytes.length} bytes, at most ${limit} are read`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse("it is not UTF-8 text");
  }
  try {
    // Before parsing: millions of empty lists would take gigabytes.
    const wrong = structureFault(text);
    if (wrong !== null) throw refuse(wrong);
    return JSON.parse(text);
  } catch (error) {
    throw error instanceof SyntaxError ? refuse("it is not valid JSON") : error;
  }
}

/** What is wrong with the structure of a JSON text: nesting, number of lists and objects, or a name that appears twice. */
function structureFault(text: string): string | null {
  // One entry per open bracket: the names so far of an object, null for a list.
  const open: (Set<string> | null)[] = [];
  let atName = false;
  let containers = 0;
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    if (mark === '"') {
      const end = endOfText(text, at);
      const names = open.at(-1);
      if (atName && names !== null && names !== undefined) {
        const name = String(JSON.parse(text.slice(at, end + 1)));
        if (names.has(name)) return `the name ${quoted(name)} appears twice in one object`;
        names.add(name);
      }
      atName = false;
      at = end;
    } else if (mark === "{" || mark === "[") {
      containers += 1;
      if (containers > containerLimit) return `it has more than ${containerLimit} lists and objects`;
      if (open.length === jsonDepthLimit) return `it is nested more than ${jsonDepthLimit} levels deep`;
      open.push(mark === "{" ? new Set() : null);
      atName = mark === "{";
    } else if (mark === "}" || mark === "]") {
      open.pop();
      atName = false;
    } else if (mark === ",") atName = open.at(-1) !== null;
  }
  return null;
}

/** Where the text that starts here has its closing quote. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/** A name from a file as messages show it: on one line, and not too long. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
}
