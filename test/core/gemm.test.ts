// Matrix products: right against float64, and the same bits whatever the layout, the packing and the number of threads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Assembly, allMachines, titleOf, type View } from "./assemble.js";
import { assertNear, assertSameBits, signed } from "./numbers.js";

/** How a [rows, cols] matrix lies in memory. */
interface Layout {
  readonly name: string;
  readonly row: (rows: number, cols: number) => number;
  readonly col: (rows: number, cols: number) => number;
}
const layouts: readonly Layout[] = [
  { name: "rows", row: (_, cols) => cols, col: () => 1 },
  { name: "columns", row: () => 1, col: (rows) => rows },
  { name: "gaps", row: (_, cols) => 2 * cols + 3, col: () => 2 },
];

/** Lays a row-major matrix out; a margin before it makes the address odd. */
function place(program: Assembly, matrix: Float32Array, rows: number, cols: number, layout: Layout): View {
  const [row, col] = [layout.row(rows, cols), layout.col(rows, cols)];
  const offset = 3;
  const length = offset + (rows > 0 && cols > 0 ? (rows - 1) * row + (cols - 1) * col + 1 : 0);
  const data = new Float32Array(length).fill(Number.NaN);
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) data[offset + r * row + c * col] = matrix[r * cols + c] ?? 0;
  return { buffer: program.buffer(data), offset, row, col };
}

function read(program: Assembly, view: View, rows: number, cols: number): Float32Array {
  const data = program.f32(view.buffer);
  const { offset = 0, row = 0, col = 1 } = view;
  const matrix = new Float32Array(rows * cols);
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) matrix[r * cols + c] = data[offset + r * row + c * col] ?? 0;
  return matrix;
}

const known = new Map<string, Float64Array>();

/** The product in float64 of the matrices that every machine is given; computed once for all of them. */
function exact([m, n, k]: readonly [number, number, number], accumulate: boolean): Float64Array {
  const name = `${m} ${n} ${k} ${accumulate}`;
  const found = known.get(name);
  if (found !== undefined) return found;
  const [a, b, c] = [signed(m * k, 1), signed(k * n, 2), signed(m * n, 3)];
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = accumulate ? (c[i * n + j] ?? 0) : 0;
      for (let p = 0; p < k; p++) sum += (a[i * k + p] ?? 0) * (b[p * n + j] ?? 0);
      out[i * n + j] = sum;
    }
  known.set(name, out);
  return out;
}

interface Case {
  readonly sizes: readonly [number, number, number];
  readonly layout: readonly [Layout, Layout, Layout];
  readonly accumulate?: boolean;
  readonly packed?: boolean;
  readonly threads?: number;
}

for (const machine of await allMachines()) {
  const rowMajor = layouts[0];
  if (rowMajor === undefined) throw new Error("no layout");

  const product = ({ sizes: [m, n, k], layout, accumulate = false, packed = false, threads = 1 }: Case): Float32Array => {
    const program = new Assembly(machine);
    const a = place(program, signed(m * k, 1), m, k, layout[0]);
    const b = place(program, signed(k * n, 2), k, n, layout[1]);
    const c = place(program, signed(m * n, 3), m, n, layout[2]);
    const panels = program.buffer(Math.ceil(n / machine.panelWidth) * machine.panelWidth * k);
    if (packed) program.pack(k, n, b, panels);
    program.gemm([m, n, k, 1], [a, packed ? { buffer: panels } : b, c], { accumulate, packed });
    assert.equal(program.run({ threads }).error, 0);
    const result = read(program, c, m, n);
    program.free();
    return result;
  };

  const shapes: readonly (readonly [number, number, number])[] = [
    [1, 1, 1],
    [1, 70, 33],
    [1, 200, 300],
    [2, 67, 19],
    [3, 129, 7],
    [5, 17, 300],
    [7, 1, 40],
    [13, 3, 9],
    [33, 47, 65],
    [100, 96, 31],
    [97, 5, 270],
    [40, 530, 20],
    [29, 200, 23],
    [8, 37, 20],
    [12, 37, 20],
    [24, 70, 20],
    [100, 530, 270],
    [98, 520, 520],
    [0, 5, 3],
    [5, 0, 3],
    [4, 6, 0],
  ];

  test(`products agree with float64 for sizes that fit no block on ${titleOf(machine)}`, () => {
    for (const sizes of shapes)
      for (const accumulate of [false, true]) {
        const layout = [rowMajor, rowMajor, rowMajor] as const;
        const actual = product({ sizes, layout, accumulate });
        assertNear(actual, exact(sizes, accumulate), 3e-6 * (1 + Math.sqrt(sizes[2])), `${sizes}`);
        assertSameBits(product({ sizes, layout, accumulate, packed: true }), actual, `${sizes} packed`);
      }
  });

  test(`layout, packing and threads do not change a product's bits on ${titleOf(machine)}`, () => {
    for (const sizes of shapes.filter(([m, n, k]) => m * n * k < 1e6)) {
      const accumulate = sizes[0] % 2 === 0;
      const expected = product({ sizes, layout: [rowMajor, rowMajor, rowMajor], accumulate });
      for (const a of layouts)
        for (const b of layouts)
          for (const c of layouts) {
            const name = `${sizes} ${a.name}/${b.name}/${c.name}`;
            assertSameBits(product({ sizes, layout: [a, b, c], accumulate }), expected, name);
          }
      for (const b of layouts) {
        const layout = [rowMajor, b, layouts[sizes[1] % 3] ?? rowMajor] as const;
        assertSameBits(product({ sizes, layout, accumulate, packed: true }), expected, `${sizes} packed ${b.name}`);
      }
      for (const threads of [2, 3, 5, 8]) {
        const layout = [rowMajor, rowMajor, rowMajor] as const;
        assertSameBits(product({ sizes, layout, accumulate, threads }), expected, `${sizes} threads ${threads}`);
        assertSameBits(product({ sizes, layout, accumulate, threads, packed: true }), expected, `${sizes} threads ${threads} packed`);
      }
    }
  });

  test(`a row's product does not depend on its neighbours on ${titleOf(machine)}`, () => {
    const [m, n, k] = [29, 75, 310];
    const whole = product({ sizes: [m, n, k], layout: [rowMajor, rowMajor, rowMajor] });
    for (const rows of [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 23]) {
      const some = product({ sizes: [rows, n, k], layout: [rowMajor, rowMajor, rowMajor] });
      assertSameBits(some, whole.subarray(0, rows * n), `${rows} of ${m} rows`);
    }
  });

  test(`zeros in front change no bit, and times what is not finite they are NaN on ${titleOf(machine)}`, () => {
    const [m, n, k] = [14, 70, 40];
    const run = (zeroSteps: number, spoiled: number | null, packed: boolean): Float32Array => {
      const program = new Assembly(machine);
      const values = signed(m * k, 21).map((value, i) => (i % k < zeroSteps ? (i % 2 === 0 ? 0 : -0) : value));
      const right = signed(k * n, 22);
      if (spoiled !== null) right[spoiled] = Number.POSITIVE_INFINITY;
      const [a, b, c] = [program.buffer(values), program.buffer(right), program.buffer(signed(m * n, 23))];
      const panels = program.buffer(Math.ceil(n / machine.panelWidth) * machine.panelWidth * k);
      if (packed) program.pack(k, n, { buffer: b, row: n }, panels);
      const operand = packed ? { buffer: panels } : { buffer: b, row: n };
      program.gemm([m, n, k, 1], [{ buffer: a, row: k }, operand, { buffer: c, row: n }], { packed });
      assert.equal(program.run().error, 0);
      const result = program.f32(c);
      program.free();
      return result;
    };
    for (const packed of [false, true]) {
      assertSameBits(run(k, null, packed), new Float32Array(m * n), `zeros, packed ${packed}`);
      const whole = run(3, null, packed);
      for (const zeroSteps of [3, k]) {
        const spoiled = run(zeroSteps, 2 * n + 67, packed);
        const expected = zeroSteps === k ? new Float32Array(m * n) : whole;
        for (let i = 0; i < m * n; i++) {
          if (i % n === 67) assert.ok(Number.isNaN(spoiled[i]), `row ${Math.floor(i / n)} of ${zeroSteps} zero steps, packed ${packed}`);
          else assert.ok(Object.is(spoiled[i], expected[i]), `element ${i} of ${zeroSteps} zero steps, packed ${packed}`);
        }
      }
    }
  });

  test(`a batch is that many products on ${titleOf(machine)}`, () => {
    const [batch, m, n, k] = [5, 4, 9, 6];
    const a = signed(batch * m * k, 11);
    const b = signed(k * n, 12);
    const run = (threads: number): Float32Array => {
      const program = new Assembly(machine);
      const [left, right, out] = [program.buffer(a), program.buffer(b), program.buffer(batch * m * n)];
      const views = [
        { buffer: left, row: k },
        { buffer: right, row: n },
        { buffer: out, row: n },
      ] as const;
      program.gemm([m, n, k, batch], views, { batchStrides: [m * k, 0, m * n] });
      assert.equal(program.run({ threads }).error, 0);
      const result = program.f32(out);
      program.free();
      return result;
    };
    const expected = Float64Array.from({ length: batch * m * n }, (_, i) => {
      const row = Math.floor(i / n);
      let sum = 0;
      for (let p = 0; p < k; p++) sum += (a[row * k + p] ?? 0) * (b[p * n + (i % n)] ?? 0);
      return sum;
    });
    assertNear(run(1), expected, 1e-6, "batch");
    for (const threads of [2, 8]) assertSameBits(run(threads), run(1), `threads ${threads}`);
  });

  test(`NaN and infinity in one row or column stay there on ${titleOf(machine)}`, () => {
    const [m, n, k] = [9, 21, 13];
    const program = new Assembly(machine);
    const a = signed(m * k, 4);
    a[2 * k + 5] = Number.NaN;
    const b = signed(k * n, 5);
    b[3 * n + 7] = Number.POSITIVE_INFINITY;
    const out = program.buffer(m * n);
    program.gemm(
      [m, n, k, 1],
      [
        { buffer: program.buffer(a), row: k },
        { buffer: program.buffer(b), row: n },
        { buffer: out, row: n },
      ],
    );
    program.run();
    program.f32(out).forEach((value, i) => {
      const [row, col] = [Math.floor(i / n), i % n];
      assert.equal(Number.isFinite(value), row !== 2 && col !== 7, `element ${row}, ${col} is ${value}`);
    });
    program.free();
  });
}
