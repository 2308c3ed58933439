// Batches of one value put together again.

import { elementCount } from "../base/dtype.js";
import { type HostTensor, hostTensor } from "../base/tensor.js";

/** Batches of one value as one, along the first axis; a single batch as it is. */
export function joined(parts: readonly HostTensor[]): HostTensor {
  const [first] = parts;
  if (first === undefined) throw new TypeError("expected at least one batch");
  if (parts.length === 1) return first;
  const rest = first.shape.slice(1);
  const rows = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
  const length = rows * elementCount(rest);
  const { exact } = first;
  const data =
    exact instanceof Float64Array
      ? new Float64Array(length)
      : exact instanceof Int32Array
        ? new Int32Array(length)
        : exact instanceof Uint8Array
          ? new Uint8Array(length)
          : new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    data.set(part.exact, at);
    at += part.exact.length;
  }
  return hostTensor(data, [rows, ...rest], first.dtype);
}
