// TensorBoard event files: length-prefixed records with masked CRC-32C around a few protocol buffer messages.

/** Numbers in buckets: `counts[i]` values lie below `limits[i]`, in the last bucket also at it, and at or above the limit before. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** Values of one moment by tag. */
export interface SummaryEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly scalars?: Readonly<Record<string, number>>;
  readonly histograms?: Readonly<Record<string, Histogram>>;
}

/** The record that every event file begins with. */
export function versionRecord(wallTime: number): Uint8Array {
  return record(joined([double(1, wallTime), text(3, "brain.Event:2")]));
}

/** The record of one event. Tags are paths: "epoch/loss" stands in the group "epoch". */
export function summaryRecord({ wallTime, step, scalars = {}, histograms = {} }: SummaryEvent): Uint8Array {
  const values = [
    ...Object.entries(scalars).map(([tag, value]) => bytesField(1, joined([text(1, tag), float(2, value)]))),
    ...Object.entries(histograms).map(([tag, value]) => bytesField(1, joined([text(1, tag), bytesField(5, histogramMessage(value))]))),
  ];
  return record(joined([double(1, wallTime), varintField(2, step), bytesField(5, joined(values))]));
}

/** A histogram of 30 equal buckets. Values that are not finite are left out. */
export function histogramOf(values: ArrayLike<number>): Histogram {
  const finite = Array.from(values).filter(Number.isFinite);
  const min = finite.reduce((least, value) => Math.min(least, value), finite.length === 0 ? 0 : Infinity);
  const max = finite.reduce((most, value) => Math.max(most, value), finite.length === 0 ? 0 : -Infinity);
  const width = (max - min) / buckets;
  const places = width > 0 ? buckets : 1;
  const limits = Array.from({ length: places }, (_, place) => (place === places - 1 ? max : min + width * (place + 1)));
  const counts = limits.map(() => 0);
  for (const value of finite) {
    let place = width > 0 ? Math.min(places - 1, Math.floor((value - min) / width)) : 0;
    // Rounding may put a value on the wrong side of a limit.
    if (place > 0 && value < limits[place - 1]!) place -= 1;
    else if (place < places - 1 && value >= limits[place]!) place += 1;
    counts[place] = counts[place]! + 1;
  }
  return {
    min,
    max,
    count: finite.length,
    sum: finite.reduce((sum, value) => sum + value, 0),
    sumOfSquares: finite.reduce((sum, value) => sum + value * value, 0),
    limits,
    counts,
  };
}

const buckets = 30;

/** CRC-32C (Castagnoli), as in iSCSI. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** TFRecord: length, its masked checksum, data, its masked checksum. */
function record(data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(16 + data.length);
  const view = new DataView(whole.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(whole.subarray(0, 8)), true);
  whole.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return whole;
}

// A checksum of data that holds checksums is weak, so TFRecord rotates it and adds a constant.
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function histogramMessage({ min, max, count, sum, sumOfSquares, limits, counts }: Histogram): Uint8Array {
  const packed = (field: number, values: readonly number[]): Uint8Array =>
    bytesField(field, new Uint8Array(Float64Array.from(values).buffer));
  return joined([
    double(1, min),
    double(2, max),
    double(3, count),
    double(4, sum),
    double(5, sumOfSquares),
    packed(6, limits),
    packed(7, counts),
  ]);
}

function key(field: number, wireType: number): Uint8Array {
  return varint(field * 8 + wireType);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  // Division instead of shifts: steps may exceed 32 bits.
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

function varintField(field: number, value: number): Uint8Array {
  return joined([key(field, 0), varint(value)]);
}

function double(field: number, value: number): Uint8Array {
  return joined([key(field, 1), new Uint8Array(Float64Array.of(value).buffer)]);
}

function float(field: number, value: number): Uint8Array {
  return joined([key(field, 5), new Uint8Array(Float32Array.of(value).buffer)]);
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return joined([key(field, 2), varint(bytes.length), bytes]);
}

function text(field: number, value: string): Uint8Array {
  return bytesField(field, new TextEncoder().encode(value));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
