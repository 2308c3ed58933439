// Philox4x32-10: random words as a pure function of a key and a counter, so that no draw depends on order, threads or shards.

const scratch = new Uint32Array(4);

/**
 * Four random 32-bit words for a 64-bit key and a 128-bit counter, written into `out` and returned.
 * Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (2011).
 */
export function philox(
  k0: number,
  k1: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  // Signed words, and names instead of lists: numbers above 2^31 and lists would be objects that every draw throws away.
  let x0 = c0 | 0;
  let x1 = c1 | 0;
  let x2 = c2 | 0;
  let x3 = c3 | 0;
  let key0 = k0 | 0;
  let key1 = k1 | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, x0);
    const low0 = Math.imul(0xd2511f53, x0);
    const high1 = multiplyHigh(0xcd9e8d57, x2);
    const low1 = Math.imul(0xcd9e8d57, x2);
    x0 = high1 ^ x1 ^ key0;
    x1 = low1;
    x2 = high0 ^ x3 ^ key1;
    x3 = low0;
    // Weyl sequences: the golden ratio and sqrt(3) - 1 as fractions of 2^32.
    key0 = (key0 + 0x9e3779b9) | 0;
    key1 = (key1 + 0xbb67ae85) | 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
  return out;
}

/** The uniform draw in [0, 1) at counter `c`: 24 bits of word c mod 4 of block floor(c / 4). */
export function uniformAt(k0: number, k1: number, c: number): number {
  return (philox(k0, k1, c >>> 2, 0, 0, 0, scratch)[c & 3]! >>> 8) * 2 ** -24;
}

/** The key derived at counter `c`: two int32 words, from blocks that no uniform draw uses. */
export function keyAt(k0: number, k1: number, c: number): readonly [number, number] {
  const words = philox(k0, k1, c, 1, 0, 0, scratch);
  return [words[0]! | 0, words[1]! | 0];
}

/** Upper 32 bits, signed, of the product of two words taken as unsigned, by 16-bit halves (every partial sum stays below 2^53). */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 65536);
  const carry = aLow * bHigh + (middle % 65536);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) | 0;
}
