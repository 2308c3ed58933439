// Sums, maxima and argmax: the contract's order of additions in float32, whatever the strides and threads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Assembly, allMachines, titleOf } from "./assemble.js";
import { assertSameBits, float, signed } from "./numbers.js";

type Kind = "sum" | "max" | "argmax";
type Sizes = readonly [outer: number, mid: number, inner: number];

const larger = (a: number, b: number): number => Math.max(a, b);
const plus = (a: number, b: number): number => float(a + b);

/** One element as the contract says: in sequence if there is an inner axis, else sixteen lanes and a tree. */
function reduceAs(kind: "sum" | "max", values: readonly number[], lanes: boolean): number {
  const combine = kind === "sum" ? plus : larger;
  const start = kind === "sum" ? 0 : Number.NEGATIVE_INFINITY;
  if (!lanes) return values.reduce(combine, start);
  const lane = Array.from({ length: 16 }, (_, l) => values.filter((_, m) => m % 16 === l).reduce(combine, start));
  for (let width = 8; width >= 1; width /= 2) for (let l = 0; l < width; l++) lane[l] = combine(lane[l] ?? 0, lane[l + width] ?? 0);
  return lane[0] ?? 0;
}

function argmaxOf(values: readonly number[]): number {
  const nan = values.findIndex((value) => Number.isNaN(value));
  return nan >= 0 ? nan : Math.max(0, values.indexOf(Math.max(...values)));
}

function expected(kind: Kind, [outer, mid, inner]: Sizes, data: Float32Array): Float32Array {
  return Float32Array.from({ length: outer * inner }, (_, at) => {
    const [o, i] = [Math.floor(at / inner), at % inner];
    const values = Array.from({ length: mid }, (_, m) => data[(o * mid + m) * inner + i] ?? 0);
    return kind === "argmax" ? argmaxOf(values) : reduceAs(kind, values, inner === 1);
  });
}

/** Strides [outer, mid, inner] of the source. */
const layouts: Readonly<Record<string, (sizes: Sizes) => Sizes>> = {
  contiguous: ([, mid, inner]) => [mid * inner, inner, 1],
  "mid last": ([, mid, inner]) => [mid * inner, 1, Math.max(1, mid)],
  spread: ([, mid, inner]) => [2 * mid * inner + 7, 2 * inner, 2],
};

const shapes: readonly Sizes[] = [
  [1, 1, 1],
  [3, 15, 1],
  [4, 100, 1],
  [2, 33, 1],
  [1, 50, 70],
  [2, 9, 3],
  [3, 20, 17],
  [2, 0, 1],
  [2, 0, 5],
  [0, 4, 3],
  [1, 7, 300],
];

for (const machine of await allMachines()) {
  const run = (kind: Kind, sizes: Sizes, data: Float32Array, layout: string, threads: number, into?: number): Float32Array => {
    const [outer, mid, inner] = sizes;
    const [so, sm, si] = layouts[layout]?.(sizes) ?? [0, 0, 0];
    const spread = new Float32Array(Math.max(1, outer * so + mid * sm + inner * si + 1));
    for (let at = 0; at < outer * mid * inner; at++) {
      const [o, m, i] = [Math.floor(at / (mid * inner)), Math.floor(at / inner) % mid, at % inner];
      spread[o * so + m * sm + i * si] = data[at] ?? 0;
    }
    const program = new Assembly(machine);
    const src = { buffer: program.buffer(spread), outer: so, mid: sm, inner: si };
    const out = program.buffer(new Float32Array(outer * inner).fill(into ?? 9));
    program.reduce(kind, sizes, { src, dst: { buffer: out, outer: inner, inner: 1 }, accumulate: into !== undefined });
    assert.equal(program.run({ threads }).error, 0);
    const result = kind === "argmax" ? Float32Array.from(program.i32(out)) : program.f32(out);
    program.free();
    return result;
  };

  for (const kind of ["sum", "max", "argmax"] as const) {
    test(`${kind} follows the contract's order for every layout and number of threads on ${titleOf(machine)}`, () => {
      for (const sizes of shapes) {
        const data = signed(sizes[0] * sizes[1] * sizes[2], 21);
        for (const layout of Object.keys(layouts))
          for (const threads of [1, 3]) {
            assertSameBits(run(kind, sizes, data, layout, threads), expected(kind, sizes, data), `${kind} ${sizes} ${layout} ${threads}`);
          }
      }
    });
  }

  test(`accumulating adds the total to what is there on ${titleOf(machine)}`, () => {
    for (const sizes of shapes.filter(([, mid]) => mid > 0)) {
      const data = signed(sizes[0] * sizes[1] * sizes[2], 22);
      const sums = expected("sum", sizes, data).map((value) => float(float(0.3) + value));
      assertSameBits(run("sum", sizes, data, "contiguous", 1, 0.3), sums, `${sizes}`);
      const tops = expected("max", sizes, data).map((value) => Math.max(float(0.3), value));
      assertSameBits(run("max", sizes, data, "contiguous", 1, 0.3), tops, `${sizes}`);
    }
  });

  test(`NaN reaches the maximum and is the first maximum of argmax on ${titleOf(machine)}`, () => {
    for (const inner of [1, 5]) {
      const sizes: Sizes = [1, 40, inner];
      const data = signed(40 * inner, 23);
      data[17 * inner] = Number.NaN;
      data[30 * inner] = Number.NaN;
      assert.ok(Number.isNaN(run("max", sizes, data, "contiguous", 1)[0]));
      assert.equal(run("argmax", sizes, data, "contiguous", 1)[0], 17);
      const ties = new Float32Array(40 * inner).fill(2);
      assert.equal(run("argmax", sizes, ties, "contiguous", 1)[0], 0);
    }
  });
}
