// Reads the text of print.ts back into a graph.

import { parseDim } from "../../base/dim.js";
import { isPlainOp, listItems, parseAttributes, parseDtype, unreadable } from "./attributes.js";
import { atPath, domainTable, inputNode, makeGraph, makeNode, makeScan, newScope } from "./build.js";
import { type Domain, domainTables, type Graph, type Node, type ScanAttributes, type Windows } from "./node.js";

/**
 * The graph in a text of `print`. Types are computed again and must agree with the text.
 *
 * @throws UsageError `bad_graph_text`; ShapeError where an op refuses its inputs
 */
export function parse(text: string): Graph {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const reader = new Reader(lines);
  const graph = reader.graph("graph", 0, 0);
  if (!reader.isDone) throw unreadable(reader.peek, "text after the end of the graph");
  return graph;
}

/** Names of one graph or body. */
interface Names {
  readonly nodes: Map<string, Node>;
  readonly domains: Map<string, Domain>;
  readonly inputs: Node<"input">[];
  readonly scope: number;
  readonly depth: number;
}

class Reader {
  readonly #lines: readonly string[];
  #next = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  get isDone(): boolean {
    return this.#next >= this.#lines.length;
  }

  get peek(): string {
    return this.#lines[this.#next] ?? "";
  }

  /** A graph whose header stands at this depth (two spaces each). */
  graph(keyword: string, depth: number, scope: number): Graph {
    const [, name] = this.#match(new RegExp(`^ {${2 * depth}}${keyword} (".*")$`), keyword);
    const names: Names = { nodes: new Map(), domains: new Map(), inputs: [], scope, depth };
    for (;;) {
      const line = this.peek.trim();
      const output = /^output((?: %\d+(?:\.\d+)?)*)$/.exec(line);
      if (output === null) {
        this.#line(names);
        continue;
      }
      this.#next += 1;
      return makeGraph(readText(name!), names.inputs, references(output[1]!, names));
    }
  }

  #match(pattern: RegExp, expected: string): RegExpExecArray {
    const line = this.peek;
    const found = pattern.exec(line);
    if (found === null) throw unreadable(line.trim(), `expected ${expected}`);
    this.#next += 1;
    return found;
  }

  #line(names: Names): void {
    const line = this.peek.trim();
    if (line.startsWith("domain ")) {
      this.#domain(names);
      return;
    }
    const [, name, op, rest, place] = this.#match(/^\s*(%\d+) = (\w+)(.*?)(?: @ ("(?:[^"\\]|\\.)*"))?$/, "a value or the output");
    const where = place === undefined ? "" : readText(place);
    if (op === "scan") {
      this.#scan(name!, rest!.trim(), where, names);
    } else names.nodes.set(name!, readNode(op!, rest!.trim(), where, names));
  }

  #domain(names: Names): void {
    const [, name, batch, time, steps, lengths, first, windows] = this.#match(
      /^\s*domain (\S+) batch=(\S+) time=(\S+) steps=(\S+) lengths=(\S+)(?: over=([^:\s]+):([\d/,]+))?$/,
      "domain",
    );
    names.domains.set(name!, {
      name: name!,
      batch: parseDim(batch!),
      time: parseDim(time!),
      steps: parseDim(steps!),
      lengths: lengths === "all" ? null : reference(lengths!, names),
      ...(windows === undefined ? {} : { over: { time: parseDim(first!), windows: readWindows(windows) } }),
    });
  }

  #scan(name: string, rest: string, where: string, names: Names): void {
    const pattern = /^(\S+) (forward|reverse) carries=(\d+) xs=(\d+) rows=(\d+) shared=(\d+) ys=(\d+) sums=(\d+)((?: %\S+)*)$/;
    const found = pattern.exec(rest);
    if (found === null) throw unreadable(rest, "not a scan");
    const [carries, xs, rows, shared, ys, sums] = found.slice(3, 9).map(Number);
    const body = this.graph("body", names.depth + 2, newScope());
    const attrs: ScanAttributes = {
      domain: domainOf(found[1]!, names),
      reverse: found[2] === "reverse",
      ...{ carries: carries!, xs: xs!, rows: rows!, shared: shared!, ys: ys!, sums: sums!, body },
    };
    const parts = atPath(where, () => makeScan(references(found[9]!, names), attrs));
    parts.forEach((part, index) => {
      names.nodes.set(`${name}.${index}`, part);
    });
  }
}

/** As in `3/2,2/2`. */
function readWindows(text: string): Windows[] {
  return text.split(",").map((part) => {
    const [size = 0, stride = 0] = part.split("/").map(Number);
    return { size, stride };
  });
}

function readNode(op: string, rest: string, where: string, names: Names): Node {
  if (op === "input") return readInput(rest, where, names);
  if (op === "table") return readTable(rest, names);
  if (!isPlainOp(op)) throw unreadable(`${op} ${rest}`, "unknown op");
  const found = /^((?:%\S+ ?)*)(.*?) ?: (\[[^\]]*\]) (\w+)$/.exec(rest);
  if (found === null) throw unreadable(`${op} ${rest}`, "not a value");
  const node = makeNode(
    op,
    references(found[1]!, names),
    parseAttributes(op, found[2]!, (name) => domainOf(name, names)),
    where,
  );
  const claimed = `${found[3]} ${found[4]}`;
  const shown = `[${node.shape.map((dim) => (typeof dim === "number" ? dim : dim.key)).join(", ")}] ${node.dtype}`;
  if (claimed !== shown) throw unreadable(`${op} ${rest}`, `the type is ${shown}`);
  return node;
}

function readInput(rest: string, where: string, names: Names): Node {
  const found = /^("(?:[^"\\]|\\.)*") (\[[^\]]*\]) (\w+)$/.exec(rest);
  if (found === null) throw unreadable(rest, "not an input");
  const type = { shape: listItems(found[2]!).map(parseDim), dtype: parseDtype(found[3]!) };
  const node = atPath(where, () => inputNode(readText(found[1]!), type, names.scope));
  names.inputs.push(node);
  return node;
}

function readTable(rest: string, names: Names): Node {
  const [domain, table] = rest.split(" ");
  const known = domainTables.find((candidate) => candidate === table);
  if (known === undefined) throw unreadable(rest, "unknown table");
  return domainTable(domainOf(domain!, names), known);
}

function domainOf(name: string, names: Names): Domain {
  const found = names.domains.get(name);
  if (found === undefined) throw unreadable(name, "unknown time domain");
  return found;
}

function references(text: string, names: Names): Node[] {
  const words = text.trim();
  return words === "" ? [] : words.split(" ").map((word) => reference(word, names));
}

function reference(word: string, names: Names): Node {
  const found = names.nodes.get(word);
  if (found === undefined) throw unreadable(word, "unknown value");
  return found;
}

function readText(json: string): string {
  const value: unknown = JSON.parse(json);
  return typeof value === "string" ? value : "";
}
