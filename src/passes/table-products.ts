// Products with rows of a small table: once for each row of the table instead of once for each token that reads one.

import { type Dim, equalShapes, isSymbolic } from "../base/dim.js";
import { domainsOf } from "../ir/core/bindings.js";
import { atPath, makeGraph, remakeNode, scalarNode } from "../ir/core/build.js";
import { add, dot, fill, gather, iota, lt, reshape, scatterAdd, select, transpose } from "../ir/core/builders.js";
import { type Graph, isOp, type Node, reachable } from "../ir/core/node.js";
import { isNeverNone } from "./index-facts.js";
import { type Report, silent } from "./log.js";

const reasons = {
  forward: "equal tokens have equal products, and the table has fewer rows than there are tokens",
  backward: "the gradients of equal tokens are added up first, and the table has fewer rows than there are tokens",
} as const;

/** What a size known only at run time is taken for: rows of a batch, or steps of a sequence. The steps of a domain are one times the other. */
const usualSize = 32;

/** There must be this many tokens for each row of the table. */
const tokensPerRow = 4;

/** With a narrower table a product costs no more than adding up its gradients by token. */
const narrowest = 16;

/**
 * The graph with gather(E, i) · W as gather(E · W, i): the same bits, because a row's product does not depend on its neighbours. In
 * gradients S = scatterAdd(D, i) comes first: gather(E, i)ᵀ · D is Eᵀ · S and scatterAdd(D · Wᵀ, i) is S · Wᵀ. Rows that no token reads
 * are taken for zeros there, so that a NaN in them stays unseen. Only where a factor that is read is infinite may a gradient be ∞ that
 * was NaN, as ∞ · 1 + ∞ · (-2) was; what was finite stays so, and so does what was not. Only indices that are never -1 qualify: the row
 * of zeros that -1 reads has a product of its own, NaN where W is infinite.
 */
export function tableProducts(graph: Graph, report: Report = silent): Graph {
  const nodes = reachable(graph.outputs);
  const rewriter = new Rewriter(nodes, report);
  const now = new Map<Node, Node>();
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => now.get(input)!);
    now.set(node, rewriter.rewritten(remakeNode(node, inputs)));
  }
  return makeGraph(
    graph.name,
    graph.inputs,
    graph.outputs.map((output) => now.get(output)!),
  );
}

class Rewriter {
  /** Symbols that are the steps of a domain. */
  readonly #steps: ReadonlySet<string>;
  readonly #report: Report;
  readonly #sums: Map<string, Node> = new Map();
  readonly #read: Map<string, Node> = new Map();

  constructor(nodes: readonly Node[], report: Report) {
    this.#steps = new Set(domainsOf(nodes).flatMap(({ steps }) => (isSymbolic(steps) ? [steps.key] : [])));
    this.#report = report;
  }

  rewritten(node: Node): Node {
    if (isOp(node, "scatterAdd")) return this.#summed(node) ?? node;
    if (!isOp(node, "dot") || node.attrs.aBatch.length > 0) return node;
    for (const side of [0, 1] as const) {
      const rows = node.inputs[side]!;
      if (!isOp(rows, "gather")) continue;
      const made = this.#product(node, side, rows) ?? this.#gradientOfFactor(node, side, rows);
      if (made !== null) return made;
    }
    return node;
  }

  /** gather(E, i) · W. */
  #product(node: Node<"dot">, side: 0 | 1, rows: Node<"gather">): Node | null {
    const [table, index] = [rows.inputs[0]!, rows.inputs[1]!];
    const [own, other] = contracted(node, side);
    if (own.some((axis) => axis < index.shape.length) || !this.#pays(index, table.shape[0]!)) return null;
    this.#tell(node, "hoist", table.shape[0]!);
    const contract = own.map((axis) => axis - index.shape.length + 1);
    const read = atPath(rows.where, () => gather(dotAt(node, table, contract, node.inputs[1 - side]!, other), index));
    return atPath(node.where, () => (side === 0 ? read : axesToBack(read, rows.shape.length - own.length)));
  }

  /** gather(E, i)ᵀ · D, tokens contracted. */
  #gradientOfFactor(node: Node<"dot">, side: 0 | 1, rows: Node<"gather">): Node | null {
    const [table, index] = [rows.inputs[0]!, rows.inputs[1]!];
    const [own, other] = contracted(node, side);
    const tokens = [...index.shape.keys()];
    if (own.length !== tokens.length || own.some((axis) => axis >= tokens.length)) return null;
    if (this.#usual(table.shape.slice(1)) < narrowest || !this.#pays(index, table.shape[0]!)) return null;
    this.#tell(node, "sink", table.shape[0]!);
    const factor = node.inputs[1 - side]!;
    const first = tokens.map((axis) => other[own.indexOf(axis)]!);
    const inOrder = atPath(node.where, () => transpose(factor, [...first, ...[...factor.shape.keys()].filter((a) => !first.includes(a))]));
    const sums = this.#sumsByToken(rows.where, inOrder, index, table.shape[0]!);
    const read = atPath(rows.where, () => this.#onlyRead(table, index, table.shape[0]!));
    return side === 0 ? dotAt(node, read, [0], sums, [0]) : dotAt(node, sums, [0], read, [0]);
  }

  /** scatterAdd of a sum in which some terms are D · W: those are multiplied last. */
  #summed(node: Node<"scatterAdd">): Node | null {
    const [source, index, rows] = [node.inputs[0]!, node.inputs[1]!, node.attrs.rows];
    if (!this.#pays(index, rows)) return null;
    const terms = addends(source);
    const products = terms.filter((term): term is Node<"dot"> => this.#isProductOfTokens(term, index));
    if (products.length === 0) return null;
    const others = terms.filter((term) => !products.some((product) => product === term));
    const made = products.map((product) => {
      this.#tell(product, "sink", rows);
      const sums = this.#sumsByToken(node.where, product.inputs[0]!, index, rows);
      const contract = product.attrs.aContract.map((axis) => axis - index.shape.length + 1);
      const result = dotAt(product, sums, contract, product.inputs[1]!, product.attrs.bContract);
      return atPath(node.where, () => this.#onlyRead(result, index, rows));
    });
    const rest = others.length === 0 ? [] : [atPath(node.where, () => scatterAdd(total(others), index, rows))];
    return atPath(node.where, () => total([...rest, ...made]));
  }

  /** D · W with the tokens as the first axes of D and of the product, and not as a few columns. */
  #isProductOfTokens(term: Node, index: Node): boolean {
    if (!isOp(term, "dot") || term.attrs.aBatch.length > 0) return false;
    const rank = index.shape.length;
    return term.attrs.aContract.every((axis) => axis >= rank) && this.#usual(term.shape.slice(rank)) >= narrowest;
  }

  #sumsByToken(where: string, source: Node, index: Node, rows: Dim): Node {
    const key = `${source.id} ${index.id} ${rows}`;
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    const plain = atPath(where, () => scatterAdd(source, index, rows));
    const made = this.rewritten(plain);
    this.#sums.set(key, made);
    return made;
  }

  /** The table with zeros in the rows that no index reads. Indices outside end the run as the lookup itself does. */
  #onlyRead(table: Node, index: Node, rows: Dim): Node {
    const key = `${index.id} ${rows}`;
    const isRead = this.#read.get(key) ?? lt(0, scatterAdd(fill(1, index.shape), gather(iota(rows), index), rows));
    this.#read.set(key, isRead);
    return select(reshape(isRead, [rows, ...table.shape.slice(1).map(() => 1)]), table, scalarNode(0));
  }

  #pays(index: Node, rows: Dim): boolean {
    return typeof rows === "number" && rows * tokensPerRow <= this.#usual(index.shape) && isNeverNone(index);
  }

  /** The number of elements, with usual sizes. */
  #usual(shape: readonly Dim[]): number {
    const ofSymbol = (name: string): number => (this.#steps.has(name) ? usualSize * usualSize : usualSize);
    const ofDim = (dim: Dim): number =>
      typeof dim === "number"
        ? dim
        : dim.terms.reduce((sum, { coefficient, symbols }) => sum + symbols.reduce((size, name) => size * ofSymbol(name), coefficient), 0);
    return shape.reduce<number>((count, dim) => count * ofDim(dim), 1);
  }

  #tell(product: Node, pass: "hoist" | "sink", rows: Dim): void {
    const what = `a product${pass === "sink" ? " of the gradient" : ""} once for each of ${rows} rows of a table`;
    this.#report({ pass, rule: "over-table", where: product.where, what, reason: reasons[pass === "sink" ? "backward" : "forward"] });
  }
}

/** Contracted axes of this side and of the other. */
function contracted({ attrs: { aContract, bContract } }: Node<"dot">, side: 0 | 1): [readonly number[], readonly number[]] {
  return side === 0 ? [aContract, bContract] : [bContract, aContract];
}

function dotAt({ where }: Node, a: Node, aContract: readonly number[], b: Node, bContract: readonly number[]): Node {
  return atPath(where, () => dot(a, b, { aBatch: [], bBatch: [], aContract, bContract }));
}

/** The first axes moved behind the others. */
function axesToBack(x: Node, count: number): Node {
  const axes = [...x.shape.keys()];
  return transpose(x, [...axes.slice(count), ...axes.slice(0, count)]);
}

/** The terms of a sum of values of one shape. */
function addends(node: Node): Node[] {
  const isSum = isOp(node, "add") && node.inputs.every(({ shape }) => equalShapes(shape, node.shape));
  return isSum ? node.inputs.flatMap(addends) : [node];
}

function total(terms: readonly Node[]): Node {
  return terms.reduce((sum, term) => add(sum, term));
}
