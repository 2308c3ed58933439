// Reads TensorBoard event files as TensorBoard does: TFRecord framing with masked CRC-32C, then protocol buffer wire format by field number.
import assert from "node:assert/strict";

export interface ReadHistogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

export interface Event {
  readonly wallTime: number;
  readonly step: number;
  readonly version: string;
  readonly scalars: Readonly<Record<string, number>>;
  readonly histograms: Readonly<Record<string, ReadHistogram>>;
}

export function readEvents(file: Uint8Array): Event[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const events: Event[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    assert.equal(view.getUint32(at + 8, true), mask(slowCrc(file.subarray(at, at + 8))));
    const data = file.subarray(at + 12, at + 12 + length);
    assert.equal(view.getUint32(at + 12 + length, true), mask(slowCrc(data)));
    events.push(event(data));
    at += 16 + length;
  }
  return events;
}

// Bit by bit, from the polynomial: no table to share a mistake with.
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

function mask(crc: number): number {
  return Number((BigInt((crc >>> 15) | (crc << 17)) + 0xa282ead8n) & 0xffffffffn);
}

type Field = readonly [number: number, value: number | Uint8Array];

function fields(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, type] = [key >> 3, key & 7];
    if (type === 0) found.push([field, varint()]);
    else if (type === 1) {
      found.push([field, view.getFloat64(at, true)]);
      at += 8;
    } else if (type === 5) {
      found.push([field, view.getFloat32(at, true)]);
      at += 4;
    } else {
      assert.equal(type, 2);
      const length = varint();
      found.push([field, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  assert.equal(at, bytes.length);
  return found;
}

function event(data: Uint8Array): Event {
  const own = new Map(fields(data));
  const values = own.has(5) ? fields(own.get(5) as Uint8Array).map(([, value]) => new Map(fields(value as Uint8Array))) : [];
  const tag = (value: Map<number, number | Uint8Array>): string => text(value.get(1));
  return {
    wallTime: Number(own.get(1)),
    step: Number(own.get(2) ?? 0),
    version: text(own.get(3)),
    scalars: Object.fromEntries(values.filter((value) => value.has(2)).map((value) => [tag(value), Number(value.get(2))])),
    histograms: Object.fromEntries(
      values.filter((value) => value.has(5)).map((value) => [tag(value), histogram(value.get(5) as Uint8Array)]),
    ),
  };
}

function histogram(data: Uint8Array): ReadHistogram {
  const own = new Map(fields(data));
  const [min, max, count, sum] = [1, 2, 3, 4].map((field) => Number(own.get(field) ?? 0));
  return { min: min!, max: max!, count: count!, sum: sum!, limits: doubles(own.get(6)), counts: doubles(own.get(7)) };
}

function doubles(packed: number | Uint8Array | undefined): number[] {
  const bytes = packed as Uint8Array;
  return [...new Float64Array(new Uint8Array(bytes).buffer)];
}

function text(value: number | Uint8Array | undefined): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
}
