// Seeded damage to saved models: bytes, lengths, JSON values, headers, archives; each mutation is one a hostile or tired hand could make.
import { readZip, writeZip } from "../../src/io/zip.js";

/** Whole numbers in [0, below) from a multiplicative generator (Marsaglia's xorshift32). */
export type Draw = (below: number) => number;

export function drawer(seed: number): Draw {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A damaged copy and what was done to it. */
export interface Mutant {
  readonly what: string;
  readonly bytes: Uint8Array;
}

const hostile: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e9,
  2 ** 53,
  1e308,
  "",
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "toString",
  "time",
  [],
  [[]],
  {},
  [-1],
  [1e9, 1e9],
  { kind: "lstm", options: {} },
  { length: 1e9 },
  "x".repeat(2000),
  Array.from({ length: 300 }, () => 1),
];

const pick = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length)] as T;

/** One mutant of an archive that `toBytes` made. */
export function mutate(archive: Uint8Array, draw: Draw): Mutant {
  const kind = draw(8);
  if (kind === 0) return { what: "archive bytes", bytes: flipped(archive, draw) };
  if (kind === 1) return { what: "archive spliced", bytes: spliced(archive, draw) };
  const files = readZip(archive);
  const name = pick(draw, [...files.keys()]);
  const content = files.get(name)!;
  if (kind === 2) files.set(name, flipped(content, draw));
  else if (kind === 3) files.set(name, spliced(content, draw));
  else if (kind === 4) files.delete(name);
  else if (kind === 5) files.set("weights.safetensors", withHeader(files.get("weights.safetensors")!, draw));
  else files.set("model.json", editedJson(files.get("model.json")!, draw));
  return { what: `${name} kind ${kind}`, bytes: writeZip(files) };
}

/** Up to four bytes become others. */
function flipped(bytes: Uint8Array, draw: Draw): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let count = 1 + draw(4); count > 0 && copy.length > 0; count--) copy[draw(copy.length)] = draw(256);
  return copy;
}

/** A piece is cut out, or written once more somewhere else. */
function spliced(bytes: Uint8Array, draw: Draw): Uint8Array {
  const [from, to] = [draw(bytes.length + 1), draw(bytes.length + 1)].sort((a, b) => a - b) as [number, number];
  const at = draw(bytes.length + 1);
  const parts = draw(2) === 0 ? [bytes.subarray(0, from), bytes.subarray(to)] : [bytes.subarray(0, at), bytes.subarray(from)];
  return Buffer.concat(parts);
}

function withHeader(bytes: Uint8Array, draw: Draw): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = editedJson(bytes.subarray(8, start), draw);
  const out = new Uint8Array(8 + header.length + bytes.length - start);
  new DataView(out.buffer).setBigUint64(0, draw(6) === 0 ? BigInt(draw(2 ** 31)) << BigInt(draw(33)) : BigInt(header.length), true);
  out.set(header, 8);
  out.set(bytes.subarray(start), 8 + header.length);
  return out;
}

/** One value of the document becomes a hostile one, or a name is added, lost or doubled. */
function editedJson(bytes: Uint8Array, draw: Draw): Uint8Array {
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
  let place = document;
  for (;;) {
    const holder = place as Record<string, unknown>;
    const names = Object.keys(holder);
    const name = pick(draw, names.length === 0 ? ["x"] : names);
    const inner = holder[name];
    if (typeof inner === "object" && inner !== null && draw(4) !== 0) {
      place = inner;
      continue;
    }
    const what = draw(6);
    const define = (key: string, value: unknown): unknown =>
      Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
    if (what === 0) delete holder[name];
    else if (what === 1) define("__proto__", pick(draw, hostile));
    else if (what === 2 && typeof inner === "number") define(name, pick(draw, [inner + 1, inner - 1, -inner, inner * 1e6]));
    else if (what === 3) define(pick(draw, ["constructor", "then", "toString", "0", ""]), inner);
    else define(name, pick(draw, hostile));
    break;
  }
  const text = JSON.stringify(document);
  const special = draw(40);
  if (special === 0) return new TextEncoder().encode(text.replace("{", `{"a":${"[".repeat(20000)}${"]".repeat(20000)},`));
  if (special === 1) return new TextEncoder().encode(text.replace(/:(\d+)/, ":1e999"));
  if (special === 2) return new TextEncoder().encode(text.replace(/^\{("[^"]+":)/, "{$1 1,$1"));
  return new TextEncoder().encode(text);
}
