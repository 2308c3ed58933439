// Runs a recorded wiring again inside a trace: ops are made from data, layers are called, sizes and time domains are the new ones.

import { type Dim, equalDims, isSymbolic, parseDim, substituteDim, symbolsIn } from "../../base/dim.js";
import { exactArray } from "../../base/dtype.js";
import { UsageError } from "../../base/errors.js";
import type { Tensor } from "../../base/tensor.js";
import { isRecord } from "../../base/tree.js";
import { constantNode, domainTable, inputNode, makeGraph, makeNode, makeScan, newScope } from "../../ir/core/build.js";
import { type Domain, domainTables, isOp, type Node, type OpName, type ScanAttributes, type Windows } from "../../ir/core/node.js";
import { primitives } from "../../ir/core/table.js";
import { tap } from "../../ops/tap.js";
import { domainFor, windowDomain } from "../../trace/context.js";
import { nodeOf } from "../../trace/emit.js";
import { asValue, TracedTensor } from "../../trace/traced.js";
import type { Extras } from "../layer.js";
import { badConfig } from "../layers/from-config.js";
import type { Named } from "../network.js";
import type { BoundLayers } from "./plan.js";
import type { Slot, SlotTree, WiredBody, WiredNode, Wiring } from "./wiring.js";

/** The outputs of the wiring for these inputs (packed where they are sequences). */
export function replayWiring(wiring: Wiring, layers: BoundLayers, inputs: Named<Tensor>): Named<Tensor> {
  const replay = new Replay(wiring, layers);
  replay.meet(wiring.inputs, inputs);
  if (isSlot(wiring.outputs)) return replay.tensor(wiring.outputs);
  return Object.fromEntries(Object.entries(wiring.outputs).map(([name, slot]) => [name, replay.tensor(slot)]));
}

/** One replay: what is known so far, found on demand. */
class Replay {
  readonly #wiring: Wiring;
  readonly #layers: BoundLayers;
  readonly #nodes = new Map<number, Node>();
  readonly #tensors = new Map<number, Tensor>();
  readonly #domains = new Map<string, Domain>();
  readonly #sizes = new Map<string, Dim>();
  readonly #called = new Set<number>();

  constructor(wiring: Wiring, layers: BoundLayers) {
    this.#wiring = wiring;
    this.#layers = layers;
  }

  /** Puts values in their slots; what they are packed in becomes known with them. */
  meet(slots: SlotTree, values: unknown): void {
    if (!isSlot(slots)) {
      const parts = isRecord(values) || Array.isArray(values) ? (values as { readonly [name: string]: unknown }) : {};
      for (const [name, slot] of Object.entries(slots)) this.meet(slot as SlotTree, parts[name]);
      return;
    }
    const value = asValue(values as Tensor);
    const node = nodeOf(value);
    this.#nodes.set(slots.slot, node);
    this.#tensors.set(slots.slot, value);
    if (slots.domain !== null) this.#meetDomain(slots.domain, value instanceof TracedTensor ? value.domain : null);
    const saved = this.#wiring.nodes[slots.slot];
    if (saved?.kind === "given") checkGiven(saved, node, slots.slot);
    saved?.shape?.forEach((size, axis) => {
      const name = isRecord(size) && typeof size.dim === "string" ? size.dim : null;
      const now = node.shape[axis];
      if (name !== null && now !== undefined && /^\w[\w.]*$/.test(name) && !this.#sizes.has(name)) this.#sizes.set(name, now);
    });
  }

  tensor(slot: Slot): Tensor {
    const known = this.#tensors.get(slot.slot);
    if (known !== undefined) return known;
    const node = this.#node(slot.slot);
    const met = this.#tensors.get(slot.slot);
    return met ?? new TracedTensor(node, slot.domain === null ? null : this.#domain(slot.domain));
  }

  #meetDomain(name: string, domain: Domain | null): void {
    if (domain === null) throw badConfig(`a sequence is expected where domain ${name} begins`);
    const known = this.#domains.get(name);
    if (known !== undefined && known !== domain) {
      throw new UsageError({
        code: "different_lengths",
        what: "two sequences that the saved network combines step by step have different lengths",
        hint: "Give all of them the same number of steps and the same lengths.",
      });
    }
    this.#domains.set(name, domain);
    const saved = this.#wiring.domains[name];
    if (saved === undefined) throw badConfig(`domain ${name} is not described`);
    for (const part of ["batch", "time", "steps"] as const) {
      const size = saved[part];
      if (isRecord(size) && typeof size.dim === "string" && !this.#sizes.has(size.dim)) this.#sizes.set(size.dim, domain[part]);
    }
  }

  #domain(name: string): Domain {
    const known = this.#domains.get(name);
    if (known !== undefined) return known;
    const source = this.#wiring.calls.findIndex(({ result }) => mentions(result, name));
    if (source >= 0) this.#call(source);
    const met = this.#domains.get(name);
    if (met !== undefined) return met;
    const saved = this.#wiring.domains[name];
    if (saved === undefined) throw badConfig(`domain ${name} is not described`);
    const lengths = saved.lengths === null ? null : this.tensor({ slot: saved.lengths, domain: null });
    const { over } = saved;
    const first = domainFor(this.#size(saved.batch), this.#size(over?.time ?? saved.time), lengths);
    const domain = readWindows(over?.windows ?? []).reduce(windowDomain, first);
    this.#meetDomain(name, domain);
    return domain;
  }

  #call(index: number): void {
    if (this.#called.has(index)) return;
    this.#called.add(index);
    const { layer, x, extras, result } = this.#wiring.calls[index]!;
    const bound = this.#layers[layer];
    if (bound === undefined) throw badConfig(`the wiring calls layer "${layer}", which is not listed`);
    this.meet(result, bound(this.tensor(x), this.#values(extras) as Extras));
  }

  #values(slots: SlotTree): unknown {
    if (isSlot(slots)) return this.tensor(slots);
    if (Array.isArray(slots)) return slots.map((part: SlotTree) => this.#values(part));
    return Object.fromEntries(Object.entries(slots).map(([name, part]) => [name, this.#values(part as SlotTree)]));
  }

  #node(index: number): Node {
    const known = this.#nodes.get(index);
    if (known !== undefined) return known;
    const saved = this.#wiring.nodes[index];
    if (saved === undefined) throw badConfig(`node ${index} is missing`);
    if (saved.kind === "given") {
      const call = this.#wiring.calls.findIndex(({ result }) => holds(result, index));
      if (call < 0 || this.#called.has(call)) throw badConfig(`nothing gives node ${index}`);
      this.#call(call);
      return this.#nodes.get(index) ?? this.#node(index);
    }
    const inputs = (saved.inputs ?? []).map((input) => {
      if (!(input < index)) throw badConfig(`node ${index} uses a later one`);
      return this.#node(input);
    });
    const node = this.#make(saved, inputs);
    this.#nodes.set(index, node);
    return node;
  }

  #make(saved: WiredNode, inputs: readonly Node[]): Node {
    if (saved.kind === "table") {
      const table = domainTables.find((name) => name === saved.op);
      if (table === undefined) throw badConfig(`there is no table ${saved.op}`);
      return domainTable(this.#domain(saved.domain ?? ""), table);
    }
    if (saved.kind === "part") return this.#part(inputs[0], saved.attrs);
    if (saved.kind === "scan") return this.#scan(saved, inputs);
    return saved.op === "tap" ? this.#tap(saved, inputs[0]) : this.#op(saved, inputs);
  }

  /** A tap of the recorded function; its value is a sequence if it has the stacked rows of a domain. */
  #tap(saved: WiredNode, node: Node | undefined): Node {
    const attrs = this.#attributes(saved.attrs ?? null);
    if (node === undefined || !isRecord(attrs) || typeof attrs.name !== "string") throw badConfig("a tap has no name or value");
    const rows = node.shape[0];
    const domain = [...this.#domains.values()].find(({ steps }) => rows !== undefined && isSymbolic(rows) && equalDims(steps, rows));
    return nodeOf(asValue(tap(attrs.name, new TracedTensor(node, domain ?? null))));
  }

  readonly #parts = new Map<Node, readonly Node[]>();

  #part(scan: Node | undefined, index: unknown): Node {
    const part = scan === undefined ? undefined : this.#parts.get(scan)?.[Number(index)];
    if (part === undefined) throw badConfig("a part of a scan is missing");
    return part;
  }

  #scan(saved: WiredNode, inputs: readonly Node[]): Node {
    const domain = this.#domain(saved.domain ?? "");
    if (saved.body === undefined) throw badConfig("a scan has no body");
    const counts = this.#attributes(saved.attrs) as Omit<ScanAttributes, "domain" | "body">;
    const parts = makeScan(inputs, { ...counts, domain, body: this.#body(saved.body) });
    const scan = parts[0]!.inputs[0]!;
    this.#parts.set(scan, parts);
    return scan;
  }

  #body(body: WiredBody): ScanAttributes["body"] {
    const scope = newScope();
    const nodes: Node[] = [];
    const inputs: Node<"input">[] = [];
    body.nodes.forEach((saved, index) => {
      if (index < body.inputs) {
        const type = { shape: (saved.shape ?? []).map((size) => this.#size(size)), dtype: readDType(saved.dtype) };
        const input = inputNode(`input${index}`, type, scope);
        inputs.push(input);
        nodes.push(input);
      } else {
        nodes.push(
          this.#op(
            saved,
            (saved.inputs ?? []).map((input) => nodes[input]!),
          ),
        );
      }
    });
    return makeGraph(
      `step${scope}`,
      inputs,
      body.outputs.map((index) => nodes[index]!),
    );
  }

  #op(saved: WiredNode, inputs: readonly Node[]): Node {
    const { op = "" } = saved;
    if (!isOpName(op) || ["input", "part", "scan"].includes(op)) throw badConfig(`there is no op "${op}"`);
    const plain = this.#attributes(saved.attrs ?? null);
    const attrs = op === "affineScan" && isRecord(plain) ? { ...plain, domain: this.#domain(saved.domain ?? "") } : plain;
    if (op === "constant") return readConstant(attrs);
    // Taps inside a recorded step are not shown.
    if (op === "tap" && inputs[0] !== undefined) return inputs[0];
    // The op table checks the attributes against the inputs' shapes.
    return makeNode(op, inputs, attrs as never);
  }

  #attributes(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((part) => this.#attributes(part));
    if (!isRecord(value)) return value;
    if (typeof value.dim === "string") return this.#size(value);
    if (typeof value.number === "string") return Number(value.number);
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.#attributes(part)]));
  }

  #size(value: unknown): Dim {
    if (typeof value === "number") return value;
    if (!isRecord(value) || typeof value.dim !== "string") throw badConfig("a size is not a size");
    const dim = parseDim(value.dim);
    for (const symbol of symbolsIn(dim)) if (/^[NT]\./.test(symbol) && !this.#sizes.has(symbol)) this.#domain(symbol.slice(2));
    return substituteDim(dim, this.#sizes);
  }
}

/** A value from outside must be what the wiring was recorded with; only sizes of batch and time may differ. */
function checkGiven({ shape, dtype }: WiredNode, node: Node, index: number): void {
  const fits =
    Array.isArray(shape) &&
    shape.length === node.shape.length &&
    shape.every((size: unknown, axis) => (typeof size === "number" ? size === node.shape[axis] : isRecord(size)));
  if (!fits || dtype !== node.dtype) throw badConfig(`node ${index} is described with another shape or type than its layer gives`);
}

/** True for a leaf of a slot tree. */
export function isSlot(value: unknown): value is Slot {
  return isRecord(value) && typeof value.slot === "number" && "domain" in value;
}

function mentions(tree: SlotTree, domain: string): boolean {
  return isSlot(tree) ? tree.domain === domain : Object.values(tree).some((part: SlotTree) => mentions(part, domain));
}

function holds(tree: SlotTree, index: number): boolean {
  return isSlot(tree) ? tree.slot === index : Object.values(tree).some((part: SlotTree) => holds(part, index));
}

function isOpName(word: string): word is OpName {
  return Object.hasOwn(primitives, word);
}

function readDType(word: unknown): "float32" | "int32" | "bool" {
  if (word === "float32" || word === "int32" || word === "bool") return word;
  throw badConfig(`there is no dtype ${JSON.stringify(word)}`);
}

function readWindows(saved: unknown): Windows[] {
  const isWhole = (size: unknown): boolean => Number.isInteger(size) && Number(size) >= 1;
  if (!Array.isArray(saved)) throw badConfig("windows are not a list");
  return saved.map((part: unknown) => {
    if (!isRecord(part) || !isWhole(part.size) || !isWhole(part.stride)) throw badConfig("windows have no size or no stride");
    return { size: Number(part.size), stride: Number(part.stride) };
  });
}

function readConstant(attrs: unknown): Node {
  if (!isRecord(attrs) || !Array.isArray(attrs.data) || !Array.isArray(attrs.shape)) throw badConfig("a constant has no values");
  const values: readonly unknown[] = attrs.data;
  const data = exactArray(readDType(attrs.dtype), values.length);
  values.forEach((value, index) => {
    data[index] = Number(value);
  });
  const node = constantNode(data, attrs.shape.map(Number), readDType(attrs.dtype));
  if (isOp(node, "constant") && node.shape.reduce<number>((size, dim) => size * Number(dim), 1) === values.length) return node;
  throw badConfig("a constant's values do not fill its shape");
}
