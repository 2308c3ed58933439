// Data that is not in memory: .npy files read row by row, streams of batches, and batches of rows with similar lengths.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { hostTensor } from "../../src/base/tensor.js";
import {
  type Callback,
  checkpoint,
  type Dataset,
  dense,
  type FitOptions,
  gru,
  type Model,
  openNpy,
  type RowSource,
  sequential,
  type Tensor,
} from "../../src/index.js";
import { bucketedRows, shuffledRows } from "../../src/train/shuffle.js";
import { draws, numbers, random } from "./support.js";

function desk(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "deep-rnn-large-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The bytes that `np.save` writes. */
function npy(descr: string, shape: readonly number[], data: Uint8Array, order = "False"): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, Buffer.from(header, "latin1"), data]);
}

function bytesOf(values: Float32Array | Float64Array | Int32Array | Int16Array | BigInt64Array | Uint8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

const [rows, steps] = [40, 6];
const x = random(1, [rows, steps, 3]);
const y = random(2, [rows, 2]);
const options = { epochs: 3, batchSize: 8, seed: 4, verbose: "silent", validationSplit: 0.2 } as const satisfies FitOptions;

function small(): Model {
  const model = sequential([gru({ units: 5, dropout: 0.1 }), dense({ units: 2 })]);
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
  return model;
}

test("training, evaluation and prediction from .npy files are those from memory, to the bit", async (t) => {
  const folder = desk(t);
  writeFileSync(join(folder, "x.npy"), npy("<f4", x.shape, bytesOf(Float32Array.from(x.data))));
  writeFileSync(join(folder, "y.npy"), npy("<f8", y.shape, bytesOf(Float64Array.from(y.data))));
  const [onDisk, targets] = [await openNpy(join(folder, "x.npy")), await openNpy(join(folder, "y.npy"))];
  const lengths = Array.from({ length: rows }, (_, row) => 1 + (row % steps));
  const [memory, disk] = [small(), small()];
  const there = await disk.fit({ x: onDisk, y: targets, lengths }, options);
  const here = await memory.fit({ x, y, lengths }, options);
  assert.deepEqual(there, here);
  assert.deepEqual(numbers(disk.weights), numbers(memory.weights));
  assert.deepEqual(await disk.evaluate({ x: onDisk, y: targets, lengths }), await memory.evaluate({ x, y, lengths }));
  const [a, b] = [await disk.predict({ x: onDisk, y: targets, lengths }), await memory.predict({ x, y, lengths })];
  assert.deepEqual([...a.data], [...b.data]);
  await onDisk.close();
  await targets.close();
});

test("every element type has its values", async (t) => {
  const folder = desk(t);
  const cases: readonly (readonly [string, Uint8Array, readonly number[]])[] = [
    ["<f4", bytesOf(Float32Array.of(1.5, -2, 3e20)), [1.5, -2, Math.fround(3e20)]],
    ["<f8", bytesOf(Float64Array.of(1.1, -2, 1e-40)), [1.1, -2, 1e-40].map(Math.fround)],
    ["<i4", bytesOf(Int32Array.of(1, -2, 2147483647)), [1, -2, 2147483647]],
    ["<i2", bytesOf(Int16Array.of(1, -2, 300)), [1, -2, 300]],
    ["<i8", bytesOf(BigInt64Array.of(1n, -2n, 70000n)), [1, -2, 70000]],
    ["|u1", Uint8Array.of(0, 200, 255), [0, 200, 255]],
    ["|i1", Uint8Array.of(0, 200, 255), [0, -56, -1]],
    ["|b1", Uint8Array.of(0, 1, 1), [0, 1, 1]],
  ];
  for (const [descr, data, expected] of cases) {
    const path = join(folder, "a.npy");
    writeFileSync(path, npy(descr, [3], data));
    const array = await openNpy(path);
    assert.deepEqual(array.shape, [3]);
    const into = array.dtype === "int32" ? new Int32Array(4) : new Float32Array(4);
    await array.read(Int32Array.of(2, 0, 1, 1), into);
    assert.deepEqual([...into], [expected[2], expected[0], expected[1], expected[1]], descr);
    await array.close();
  }
  writeFileSync(join(folder, "big.npy"), npy("<i8", [1], bytesOf(BigInt64Array.of(2n ** 40n))));
  const big = await openNpy(join(folder, "big.npy"));
  await assert.rejects(big.read(Int32Array.of(0), new Int32Array(1)), /whole numbers beyond 32 bits/);
  await big.close();
});

test("rows are read right wherever they lie: across blocks, in runs, again and again", async (t) => {
  const path = join(desk(t), "a.npy");
  const [count, width] = [9000, 37];
  const data = Float32Array.from({ length: count * width }, (_, at) => at);
  writeFileSync(path, npy("<f4", [count, width], bytesOf(data)));
  const array = await openNpy(path);
  const next = draws(7);
  for (let round = 0; round < 30; round++) {
    const first = Math.floor(Math.abs(next()) * (count - 700));
    const chosen =
      round % 3 === 0
        ? Int32Array.from({ length: 700 }, (_, at) => first + at)
        : Int32Array.from({ length: 50 }, () => Math.floor(Math.abs(next()) * count));
    const into = new Float32Array(chosen.length * width);
    await array.read(chosen, into);
    chosen.forEach((row, at) => {
      assert.equal(into[at * width], row * width);
      assert.equal(into[(at + 1) * width - 1], (row + 1) * width - 1);
    });
  }
  await array.close();
});

test("what is no .npy file, or not one that can be read by rows, is refused in one sentence", async (t) => {
  const folder = desk(t);
  const path = join(folder, "a.npy");
  const good = npy("<f4", [4, 2], new Uint8Array(32));
  for (const [bytes, expected] of [
    [new Uint8Array(0), /does not begin as one/],
    [Buffer.from("a,b\n1,2\n3,4\n"), /does not begin as one/],
    [good.subarray(0, 30), /ends inside its header/],
    [good.subarray(0, good.length - 1), /needs 160 bytes; it has 159\. It is truncated/],
    [Buffer.concat([good, Buffer.alloc(3)]), /needs 160 bytes; it has 163/],
    [npy(">f4", [4, 2], new Uint8Array(32)), /the element type ">f4"/],
    [npy("|O", [4, 2], new Uint8Array(32)), /the element type "|O"/],
    [npy("<f4", [4, 2], new Uint8Array(32), "True"), /Fortran order/],
    [npy("<f4", [9999999999999, 99999999], new Uint8Array(32)), /needs .* bytes; it has/],
    [Buffer.concat([Buffer.from("\x93NUMPY\x09\x00", "latin1"), good.subarray(8)]), /version 9 is not known/],
    [Buffer.concat([Buffer.from("\x93NUMPY\x02\x00\xff\xff\xff\xff", "latin1"), good.subarray(12)]), /header claims 4294967295 bytes/],
  ] as const) {
    writeFileSync(path, bytes);
    await assert.rejects(openNpy(path), expected);
  }
  await assert.rejects(openNpy(join(folder, "none.npy")), /does not exist/);
  await assert.rejects(openNpy(folder), /cannot be read/);
});

test("values that cannot be are found when their batch is read, and told by their row in the file", async (t) => {
  const path = join(desk(t), "x.npy");
  const data = Float32Array.from(x.data);
  data[17 * steps * 3 + 4] = Number.POSITIVE_INFINITY;
  writeFileSync(path, npy("<f4", x.shape, bytesOf(data)));
  const array = await openNpy(path);
  await assert.rejects(small().fit(array, y, options), /x holds Infinity at \[17, 1, 1\]/);
  await array.close();
});

test("a file of six gigabytes trains in a few hundred megabytes", async (t) => {
  const path = join(desk(t), "big.npy");
  const [count, width] = [100_000, 15_000];
  const header = npy("<f4", [count, 20, 750], new Uint8Array(0));
  const file = openSync(path, "w");
  writeSync(file, header);
  // Sparse: zeros that take no room on the disk.
  try {
    ftruncateSync(file, header.length + count * width * 4);
  } catch (error) {
    t.skip(`this file system has no sparse files of that size: ${String(error)}`);
    return;
  } finally {
    closeSync(file);
  }
  const child = fileURLToPath(new URL("large-data-child.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [child, path]);
  const { steps: done, rssBytes } = JSON.parse(stdout) as { steps: number; rssBytes: number };
  assert.equal(done, 30);
  assert.ok(rssBytes < 5e8, `${Math.round(rssBytes / 1e6)} MB`);
});

/** The batches of one epoch as a generator. */
async function* generated(sizes: readonly number[]): AsyncGenerator<Dataset> {
  let at = 0;
  for (const size of sizes) {
    const part = (of: Tensor): Tensor => {
      const width = of.data.length / of.shape[0]!;
      return hostTensor(Float32Array.from(of.data).slice(at * width, (at + size) * width), [size, ...of.shape.slice(1)], "float32");
    };
    yield { x: part(x), y: part(y) };
    at += size;
  }
}

test("a stream of batches trains as the same batches at hand do", async () => {
  const sizes = [8, 8, 8, 8, 8];
  const { validationSplit: _split, batchSize: _size, ...rest } = options;
  const [streamed, whole] = [small(), small()];
  const there = await streamed.fit(() => generated(sizes), rest);
  const here = await whole.fit(x, y, { ...rest, batchSize: 8, shuffle: false });
  assert.deepEqual(there, here);
  assert.deepEqual(numbers(streamed.weights), numbers(whole.weights));
});

test("a list of batches is a stream too, given itself or by a function", async () => {
  const { validationSplit: _split, batchSize: _size, ...rest } = options;
  const list: Dataset[] = [];
  for await (const batch of generated([8, 8])) list.push(batch);
  const [streamed, listed, made] = [small(), small(), small()];
  await streamed.fit(() => generated([8, 8]), rest);
  await listed.fit(list, rest);
  await made.fit(() => list, rest);
  assert.deepEqual(numbers(listed.weights), numbers(streamed.weights));
  assert.deepEqual(numbers(made.weights), numbers(streamed.weights));
  await assert.rejects(
    small().fit(() => [], rest),
    /has no batch/,
  );
});

test("with stepsPerEpoch an endless stream is cut into epochs, and goes on where the last one stopped", async () => {
  let made = 0;
  let isClosed = false;
  function* endless(): Generator<Dataset> {
    try {
      for (;;) yield { x: random(made++, [4, 5, 3]), y: random(made, [4, 2]) };
    } finally {
      isClosed = true;
    }
  }
  const history = await small().fit(endless(), { epochs: 3, stepsPerEpoch: 4, verbose: "silent" });
  assert.equal(history.epochs, 3);
  assert.ok(made >= 12 && made <= 13, String(made));
  assert.ok(isClosed);
});

test("a stream with ragged batches, batches of one row and batches of other lengths is one training", async () => {
  const batches: Dataset[] = [
    {
      x: [
        [[1, 2, 3]],
        [
          [1, 0, 1],
          [2, 2, 2],
        ],
      ],
      y: [
        [0, 1],
        [1, 0],
      ],
    },
    { x: random(5, [3, 9, 3]), y: random(6, [3, 2]) },
    { x: random(7, [1, 2, 3]), y: random(8, [1, 2]) },
  ];
  const history = await small().fit(
    {
      *[Symbol.iterator]() {
        yield* batches;
      },
    },
    { epochs: 4, verbose: "silent" },
  );
  assert.equal(history.epochs, 4);
});

test("a stream goes on from a checkpoint in the middle of an epoch, to the bit", async (t) => {
  const path = join(desk(t), "run");
  const sizes = [8, 5, 8, 8, 8, 3];
  const rest = { epochs: 3, seed: 4, verbose: "silent" } as const;
  const whole = small();
  const history = await whole.fit(() => generated(sizes), rest);
  const controller = new AbortController();
  const stop: Callback = { name: "stop", onBatchEnd: ({ step }) => (step === 9 ? controller.abort() : undefined) };
  await small().fit(() => generated(sizes), { ...rest, signal: controller.signal, callbacks: [stop, checkpoint({ path })] });
  const resumed = small();
  assert.deepEqual(await resumed.fit(() => generated(sizes), { ...rest, resumeFrom: path }), history);
  assert.deepEqual(numbers(resumed.weights), numbers(whole.weights));
});

test("streams that end too soon, give no batches or meet options of whole data are refused in one sentence", async () => {
  const silent = { verbose: "silent" } as const;
  await assert.rejects(small().fit(generated([8, 8]), { ...silent, epochs: 2 }), /ended after 1 passes, another one was needed/);
  await assert.rejects(small().fit(generated([8]), { ...silent, stepsPerEpoch: 5 }), /ended after 1 batches, more were needed/);
  await assert.rejects(small().fit(generated([]), silent), /has no batch/);
  await assert.rejects(
    small().fit([1, 2][Symbol.iterator]() as unknown as Iterable<Dataset>, silent),
    /a batch must be a data set \{ x, y \}, the stream gave number/,
  );
  await assert.rejects(
    small().fit(() => generated([8]), { ...silent, batchSize: 4 }),
    /batchSize is for data that is at hand/,
  );
  await assert.rejects(small().fit((() => 3) as unknown as () => Iterable<Dataset>, silent), /did not return a generator/);
});

test("rows from anywhere: a source of one's own gives what an array gives", async () => {
  const asked: number[] = [];
  const source: RowSource = {
    shape: x.shape,
    dtype: "float32",
    read: async (chosen, into) => {
      asked.push(...chosen);
      for (const [at, row] of chosen.entries())
        into.set(Float32Array.from(x.data).subarray(row * steps * 3, (row + 1) * steps * 3), at * steps * 3);
    },
  };
  const [own, array] = [small(), small()];
  await own.fit(source, y, { ...options, validationSplit: 0, epochs: 1 });
  await array.fit(x, y, { ...options, validationSplit: 0, epochs: 1 });
  assert.deepEqual(numbers(own.weights), numbers(array.weights));
  assert.deepEqual(
    [...asked].sort((a, b) => a - b),
    Array.from({ length: rows }, (_, row) => row),
  );
});

test("bucketing takes every row once, keeps batches alike in length, and depends on seed and epoch only", () => {
  const next = draws(11);
  const count = 1003;
  const lengths = Int32Array.from({ length: count }, () => Math.floor(Math.abs(next()) * 200));
  const order = (seed: number, epoch: number): Int32Array => bucketedRows(shuffledRows(count, seed, epoch), lengths, 16, { seed, epoch });
  const first = order(3, 1);
  assert.deepEqual(
    [...first].sort((a, b) => a - b),
    Array.from({ length: count }, (_, row) => row),
  );
  assert.deepEqual([...order(3, 1)], [...first]);
  assert.notDeepEqual([...order(3, 2)], [...first]);
  assert.notDeepEqual([...order(4, 1)], [...first]);
  const spread = (rowsOf: Int32Array): number => {
    let sum = 0;
    for (let at = 0; at < count; at += 16) {
      const own = [...rowsOf.subarray(at, at + 16)].map((row) => lengths[row]!);
      sum += Math.max(...own) - Math.min(...own);
    }
    return sum;
  };
  assert.ok(spread(first) * 10 < spread(shuffledRows(count, 3, 1)));
});
