// The values of DuckDB as cells of a table, by the type of their column: times as ISO texts, decimals as numbers, the rest by its text.

/** A cell, or lists and objects of cells as JSON has them. */
export type DuckDbCell = number | string | boolean | null | readonly DuckDbCell[] | { readonly [name: string]: DuckDbCell };

/** A type as DuckDB describes it; nested ones hold the types of their parts. */
export interface DuckDbType {
  readonly typeId: number;
  readonly valueType?: DuckDbType;
  readonly entryNames?: readonly string[];
  readonly entryTypes?: readonly DuckDbType[];
}

/** Names of types by `typeId`. */
export type TypeNames = Readonly<Record<number, string>>;

type Read = (value: unknown) => DuckDbCell;

const nested: readonly string[] = ["LIST", "ARRAY", "STRUCT", "MAP"];
const dayMs = 86_400_000;
/** The last millisecond that JavaScript has a date for; infinite times lie beyond. */
const lastMs = 8.64e15;

/** Whether a column holds lists or objects. */
export function isNested({ typeId }: DuckDbType, names: TypeNames): boolean {
  return nested.includes(names[typeId] ?? "");
}

/** The reader for the values of one type. */
export function cellReader(type: DuckDbType, names: TypeNames): Read {
  const read = readers[names[type.typeId] ?? ""] ?? plainCell;
  const ofPart = (part: DuckDbType | undefined): Read => (part === undefined ? plainCell : cellReader(part, names));
  const inner: Readonly<Record<string, () => Read>> = {
    LIST: () => listReader(ofPart(type.valueType)),
    ARRAY: () => listReader(ofPart(type.valueType)),
    STRUCT: () => structReader(type.entryNames ?? [], (type.entryTypes ?? []).map(ofPart)),
    MAP: () => mapReader(ofPart(type.valueType)),
  };
  const own = inner[names[type.typeId] ?? ""]?.() ?? read;
  return (value) => (value === null || value === undefined ? null : own(value));
}

/** Times are counted from 1970, or from midnight, in a unit of their own. */
const readers: Readonly<Record<string, Read>> = {
  TIMESTAMP: (value) => isoTime(milliseconds(value, "micros", 1000n), value, "", digitsBelow(value, "micros", 3)),
  TIMESTAMP_TZ: (value) => isoTime(milliseconds(value, "micros", 1000n), value, "Z", digitsBelow(value, "micros", 3)),
  TIMESTAMP_MS: (value) => isoTime(milliseconds(value, "millis", 1n), value, ""),
  TIMESTAMP_NS: (value) => isoTime(milliseconds(value, "nanos", 1_000_000n), value, "", digitsBelow(value, "nanos", 6)),
  TIMESTAMP_S: (value) => isoTime(1000 * milliseconds(value, "seconds", 1n), value, ""),
  TIME: (value) => clock(milliseconds(value, "micros", 1000n), value),
  TIME_NS: (value) => clock(milliseconds(value, "nanos", 1_000_000n), value),
  DATE: (value) => isoTime(dayMs * Number(partOf(value, "days")), value, "").replace(/T.*/, ""),
  DECIMAL: decimal,
};

function plainCell(value: unknown): DuckDbCell {
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") return value;
  // Identifiers may be larger than a double holds.
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return String(value);
}

function listReader(read: Read): Read {
  return (value) => {
    const items = partOf(value, "items");
    return Array.isArray(items) ? items.map(read) : String(value);
  };
}

function structReader(names: readonly string[], reads: readonly Read[]): Read {
  return (value) => {
    const entries = partOf(value, "entries");
    return Object.fromEntries(names.map((name, i) => [name, reads[i]!(partOf(entries, name))]));
  };
}

function mapReader(read: Read): Read {
  return (value) => {
    const entries = partOf(value, "entries");
    if (!Array.isArray(entries)) return String(value);
    return Object.fromEntries(entries.map((entry: unknown) => [String(partOf(entry, "key")), read(partOf(entry, "value"))]));
  };
}

function partOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const parts: Readonly<Record<string, unknown>> = { ...value };
  return parts[name];
}

/** A count in a finer unit as whole milliseconds, rounded down. */
function milliseconds(value: unknown, unit: string, perMs: bigint): number {
  const count = partOf(value, unit);
  if (typeof count !== "bigint") return Number.NaN;
  const whole = count / perMs;
  return Number(count % perMs < 0n ? whole - 1n : whole);
}

/** The digits below a millisecond, without zeros at their end. */
function digitsBelow(value: unknown, unit: string, digits: number): string {
  const count = partOf(value, unit);
  if (typeof count !== "bigint") return "";
  const unitsPerMs = 10n ** BigInt(digits);
  const below = ((count % unitsPerMs) + unitsPerMs) % unitsPerMs;
  return String(below).padStart(digits, "0").replace(/0+$/, "");
}

function isoTime(ms: number, value: unknown, zone: "" | "Z", finer = ""): string {
  if (!(Math.abs(ms) <= lastMs)) return String(value);
  const text = new Date(ms).toISOString();
  if (finer !== "") return `${text.slice(0, -1)}${finer}${zone}`;
  return (ms % 1000 === 0 ? text.slice(0, -5) : text.slice(0, -1)) + zone;
}

function clock(ms: number, value: unknown): string {
  return ms >= 0 && ms < dayMs ? isoTime(ms, value, "").slice(11) : String(value);
}

/** Through text: dividing a large whole number by a power of ten would round twice. */
function decimal(value: unknown): DuckDbCell {
  const [digits, scale] = [partOf(value, "value"), partOf(value, "scale")];
  return typeof digits === "bigint" && typeof scale === "number" ? Number(`${digits}e-${scale}`) : String(value);
}
