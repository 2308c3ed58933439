// Sizes that may be known only at run time: integer polynomials over named symbols such as B, T and N.

import { UsageError } from "./errors.js";

/** One product of symbols with its integer coefficient; symbols are sorted. */
interface Term {
  readonly coefficient: number;
  readonly symbols: readonly string[];
}

/** A size that depends on at least one symbol. Equal expressions have equal keys. */
export interface SizeExpression {
  readonly key: string;
  readonly terms: readonly Term[];
}

/** A size: a number, or an expression in run-time symbols. */
export type Dim = number | SizeExpression;

/** Values of the symbols in one run. */
export type SymbolSizes = ReadonlyMap<string, number>;

/** The size that is a single symbol. Names are letters, digits, `_` and `.`. */
export function symbolDim(name: string): SizeExpression {
  return { key: name, terms: [{ coefficient: 1, symbols: [name] }] };
}

/** True for sizes that are known only at run time. */
export function isSymbolic(dim: Dim): dim is SizeExpression {
  return typeof dim !== "number";
}

export function equalDims(a: Dim, b: Dim): boolean {
  return typeof a === "number" || typeof b === "number" ? a === b : a.key === b.key;
}

export function equalShapes(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => equalDims(dim, b[axis]!));
}

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  return normal([...termsOf(a), ...termsOf(b)]);
}

export function subDims(a: Dim, b: Dim): Dim {
  return addDims(a, mulDims(-1, b));
}

export function mulDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a * b;
  const products = termsOf(a).flatMap((left) =>
    termsOf(b).map((right) => ({
      coefficient: left.coefficient * right.coefficient,
      symbols: [...left.symbols, ...right.symbols].sort(),
    })),
  );
  return normal(products);
}

/** Product of all sizes of a shape; 1 for a scalar. */
export function sizeOfShape(shape: readonly Dim[]): Dim {
  return shape.reduce<Dim>((product, dim) => mulDims(product, dim), 1);
}

/** The value in one run; throws `unbound_symbol` for a symbol without a value. */
export function evaluateDim(dim: Dim, sizes: SymbolSizes): number {
  if (typeof dim === "number") return dim;
  return dim.terms.reduce((sum, term) => sum + term.symbols.reduce((value, name) => value * symbolValue(name, sizes), term.coefficient), 0);
}

export function evaluateShape(shape: readonly Dim[], sizes: SymbolSizes): number[] {
  return shape.map((dim) => evaluateDim(dim, sizes));
}

/** Replaces symbols, for vectorising and specialising. */
export function substituteDim(dim: Dim, replacements: ReadonlyMap<string, Dim>): Dim {
  if (typeof dim === "number") return dim;
  return dim.terms.reduce<Dim>((sum, term) => {
    const product = term.symbols.reduce<Dim>((value, name) => mulDims(value, replacements.get(name) ?? symbolDim(name)), term.coefficient);
    return addDims(sum, product);
  }, 0);
}

/** The name if the size is one bare symbol, else null. */
export function bareSymbol(dim: Dim): string | null {
  if (typeof dim === "number" || dim.terms.length !== 1) return null;
  const term = dim.terms[0]!;
  return term.coefficient === 1 && term.symbols.length === 1 ? term.symbols[0]! : null;
}

export function symbolsIn(dim: Dim): readonly string[] {
  return typeof dim === "number" ? [] : [...new Set(dim.terms.flatMap((term) => term.symbols))];
}

/** As printed: `12`, `B`, `2*B*T+3`. */
export function showDim(dim: Dim): string {
  return typeof dim === "number" ? String(dim) : dim.key;
}

export function showShape(shape: readonly Dim[]): string {
  return `[${shape.map(showDim).join(", ")}]`;
}

/** Reads what `showDim` prints. */
export function parseDim(text: string): Dim {
  const terms = text.split(/(?<=[^*])(?=[+-])/).map((part) => {
    const words = part.replace(/^\+/, "").split("*");
    let coefficient = 1;
    const symbols: string[] = [];
    for (const word of words) {
      const sign = word.startsWith("-") && !/^-\d+$/.test(word) ? -1 : 1;
      const bare = sign === -1 ? word.slice(1) : word;
      if (/^-?\d+$/.test(bare)) coefficient *= Number(bare);
      else if (/^[A-Za-z_][\w.]*$/.test(bare)) symbols.push(bare);
      else throw new UsageError({ code: "bad_size", what: `"${text}" is not a size` });
      coefficient *= sign;
    }
    return { coefficient, symbols: symbols.sort() };
  });
  return normal(terms);
}

function termsOf(dim: Dim): readonly Term[] {
  return typeof dim === "number" ? [{ coefficient: dim, symbols: [] }] : dim.terms;
}

function normal(terms: readonly Term[]): Dim {
  const sums = new Map<string, Term>();
  for (const term of terms) {
    const key = term.symbols.join("*");
    const coefficient = (sums.get(key)?.coefficient ?? 0) + term.coefficient;
    sums.set(key, { coefficient, symbols: term.symbols });
  }
  const kept = [...sums.entries()]
    .filter(([, term]) => term.coefficient !== 0)
    .sort(([a], [b]) => (a === b ? 0 : a === "" ? 1 : b === "" || a < b ? -1 : 1));
  if (kept.length === 0) return 0;
  if (kept.length === 1 && kept[0]![0] === "") return kept[0]![1].coefficient;
  const key = kept
    .map(([name, { coefficient }]) => showTerm(name, coefficient))
    .join("+")
    .replaceAll("+-", "-");
  return { key, terms: kept.map(([, term]) => term) };
}

function showTerm(name: string, coefficient: number): string {
  if (name === "") return String(coefficient);
  if (coefficient === 1) return name;
  return coefficient === -1 ? `-${name}` : `${coefficient}*${name}`;
}

function symbolValue(name: string, sizes: SymbolSizes): number {
  const value = sizes.get(name);
  if (value === undefined) throw new UsageError({ code: "unbound_symbol", what: `the size ${name} has no value in this run` });
  return value;
}
