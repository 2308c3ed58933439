// The text of attributes: one schema for printing, parsing and comparing nodes.

import { type Dim, parseDim, showDim } from "../../base/dim.js";
import { type DType, exactArray } from "../../base/dtype.js";
import { UsageError } from "../../base/errors.js";
import { type AffineVarying, affineVarying, type Domain, type OpAttributes, type OpName } from "./node.js";

/** Ops whose attributes are plain values (`input`, `part` and `scan` have forms of their own). */
export type PlainOp = Exclude<OpName, "input" | "part" | "scan">;

type FieldKind = "dtype" | "word" | "text" | "flag" | "integer" | "integers" | "dim" | "dims" | "numbers" | "domain" | "varying";
type Schema = { readonly [K in PlainOp]: OpAttributes[K] extends null ? null : { readonly [F in keyof OpAttributes[K]]: FieldKind } };

// The order of fields is the order in print; `data` comes after the dtype that it needs.
const schema: Schema = {
  constant: { dtype: "dtype", shape: "integers", data: "numbers" },
  sizeOf: { dim: "dim" },
  iota: { size: "dim" },
  random: { kind: "word" },
  neg: null,
  abs: null,
  exp: null,
  log: null,
  log1p: null,
  sqrt: null,
  sin: null,
  cos: null,
  tanh: null,
  sigmoid: null,
  floor: null,
  add: null,
  sub: null,
  mul: null,
  div: null,
  min: null,
  max: null,
  lt: null,
  le: null,
  eq: null,
  select: null,
  cast: { dtype: "dtype" },
  stop: null,
  tap: { name: "text" },
  reshape: { shape: "dims" },
  transpose: { permutation: "integers" },
  broadcast: { shape: "dims" },
  slice: { axis: "integer", start: "dim", size: "dim" },
  pad: { axis: "integer", before: "dim", after: "dim" },
  concat: { axis: "integer" },
  sum: { axes: "integers" },
  maxOf: { axis: "integer" },
  argmax: { axis: "integer" },
  dot: { aBatch: "integers", bBatch: "integers", aContract: "integers", bContract: "integers" },
  gather: null,
  scatterAdd: { rows: "dim" },
  affineScan: { domain: "domain", reverse: "flag", vary: "varying", start: "flag", lag: "flag" },
};

/** True for ops that this schema covers. */
export function isPlainOp(op: string): op is PlainOp {
  return Object.hasOwn(schema, op);
}

/** `axis=1 start=0 size=4`; equal texts mean equal attributes. Numbers are printed exactly, -0 and NaN too. */
export function showAttributes<K extends PlainOp>(op: K, attrs: OpAttributes[K]): string {
  const values: Readonly<Record<string, unknown>> = { ...attrs };
  return Object.entries(fieldsOf(op))
    .map(([name, kind]) => `${name}=${showField(kind, values[name])}`)
    .join(" ");
}

/** The attributes in a text of `showAttributes`; `domainOf` finds a time domain by its name. */
export function parseAttributes<K extends PlainOp>(op: K, text: string, domainOf: (name: string) => Domain): OpAttributes[K] {
  const fields = Object.entries(fieldsOf(op));
  if (fields.length === 0) return null as OpAttributes[K];
  const values: Record<string, unknown> = {};
  let rest = text.trim();
  for (const [name, kind] of fields) {
    const found = /^(\w+)=("(?:[^"\\]|\\.)*"|\[[^\]]*\]|\S+)\s*/.exec(rest);
    if (found === null || found[1] !== name) throw unreadable(`${op} ${text}`, `expected ${name}=`);
    values[name] = kind === "domain" ? domainOf(found[2]!) : parseField(kind, found[2]!, values);
    rest = rest.slice(found[0].length);
  }
  if (rest !== "") throw unreadable(text, `unexpected ${rest}`);
  return values as OpAttributes[K];
}

/** Shortest text that reads back as the same number. */
function showNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** A UsageError `bad_graph_text`. */
export function unreadable(text: string, why: string): UsageError {
  return new UsageError({ code: "bad_graph_text", what: `cannot read "${text}": ${why}` });
}

/** Splits the inside of brackets at commas. */
export function listItems(text: string): string[] {
  const inside = text.replace(/^\[|\]$/g, "").trim();
  return inside === "" ? [] : inside.split(",").map((item) => item.trim());
}

function fieldsOf(op: PlainOp): Readonly<Record<string, FieldKind>> {
  return schema[op] ?? {};
}

function showField(kind: FieldKind, value: unknown): string {
  if (kind === "text") return JSON.stringify(value);
  if (kind === "dim") return showDim(value as Dim);
  if (kind === "domain") return (value as Domain).name;
  if (kind === "varying") return `[${(value as readonly AffineVarying[]).join(", ")}]`;
  if (kind === "dims") return `[${(value as readonly Dim[]).map(showDim).join(", ")}]`;
  if (kind === "integers" || kind === "numbers") return `[${Array.from(value as ArrayLike<number>, showNumber).join(", ")}]`;
  return String(value);
}

function parseField(kind: FieldKind, text: string, earlier: Readonly<Record<string, unknown>>): unknown {
  if (kind === "text") return JSON.parse(text);
  if (kind === "dim") return parseDim(text);
  if (kind === "dims") return listItems(text).map(parseDim);
  if (kind === "integer") return Number(text);
  if (kind === "integers") return listItems(text).map(Number);
  if (kind === "dtype") return parseDtype(text);
  if (kind === "word") return text;
  if (kind === "flag") return text === "true";
  if (kind === "varying") return listItems(text).map(parseVarying);
  const items = listItems(text);
  const data = exactArray(earlier.dtype as DType, items.length);
  items.forEach((item, index) => {
    data[index] = Number(item);
  });
  return data;
}

function parseVarying(text: string): AffineVarying {
  const found = affineVarying.find((kind) => kind === text);
  if (found === undefined) throw unreadable(text, "not a way to vary");
  return found;
}

/** Throws `bad_graph_text` unless the text names an element type. */
export function parseDtype(text: string): DType {
  if (text === "float32" || text === "int32" || text === "bool") return text;
  throw unreadable(text, "not an element type");
}
