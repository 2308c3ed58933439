// Rows of different lengths: padding is never read, and only valid steps count.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compiledPrograms } from "../../src/engine/program.js";
import {
  attention,
  bidirectional,
  concat,
  dense,
  functional,
  gru,
  type History,
  loadModel,
  lstm,
  type Model,
  mapTree,
  sequential,
  type Tensor,
  type TensorLike,
  tensor,
} from "../../src/index.js";
import { numbers, random, withPadding } from "./support.js";

const lengths = [7, 0, 3, 5, 1];
const x = random(1, [5, 7, 2]);
const y = random(2, [5, 7, 3]);
const silent = { verbose: "silent" } as const;

function tagger(): Model {
  const model = sequential([
    bidirectional(gru({ units: 4, returnSequences: true, dropout: 0.2 })),
    lstm({ units: 3, returnSequences: true }),
    dense({ units: 3 }),
  ]);
  model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae", "accuracy"] });
  return model;
}

interface Outcome {
  readonly history: History;
  readonly weights: Record<string, readonly number[]>;
  readonly scores: Record<string, number>;
  readonly predicted: readonly number[];
}

async function outcome(inputs: Tensor, targets: Tensor): Promise<Outcome> {
  const model = tagger();
  const history = await model.fit(inputs, targets, {
    epochs: 3,
    batchSize: 2,
    lengths,
    seed: 3,
    validationData: { x: inputs, y: targets, lengths },
    ...silent,
  });
  const scores = await model.evaluate(inputs, targets, { lengths, batchSize: 3 });
  const predicted = await model.predict(inputs, { lengths });
  return { history, weights: numbers(model.weights), scores, predicted: [...predicted.data] };
}

test("NaN in the padding of x and y changes no bit of history, weights, scores and predictions", async () => {
  const clean = await outcome(withPadding(x, lengths, 0), withPadding(y, lengths, 0));
  const dirty = await outcome(withPadding(x, lengths, Number.NaN), withPadding(y, lengths, Number.NaN));
  assert.deepEqual(dirty, clean);
  assert.ok(clean.history.history.loss!.every((loss) => Number.isFinite(loss) && loss > 0));
});

test("sequence outputs hold zeros behind each row's last step", async () => {
  const model = tagger();
  model.build(["time", 2]);
  const out = await model.predict(withPadding(x, lengths, Number.NaN), { lengths });
  assert.deepEqual(out.shape, [5, 7, 3]);
  lengths.forEach((length, row) => {
    const values = [...out.data].slice(row * 21, (row + 1) * 21);
    assert.ok(values.slice(length * 3).every((value) => value === 0));
    assert.ok(values.slice(0, length * 3).every((value) => value !== 0));
  });
});

test("evaluate averages over valid steps only", async () => {
  const model = tagger();
  model.build(["time", 2]);
  const out = (await model.predict(x, { lengths })).data;
  let sum = 0;
  lengths.forEach((length, row) => {
    for (let at = row * 21; at < row * 21 + length * 3; at++) sum += (out[at]! - y.data[at]!) ** 2;
  });
  const expected = sum / (lengths.reduce((a, b) => a + b) * 3);
  const { loss } = await model.evaluate(x, y, { lengths });
  assert.ok(Math.abs(loss! - expected) <= 1e-6 * expected);
});

test("ragged nested arrays are lengths", async () => {
  const ragged = (t: Tensor): number[][][] => (t.toArray() as number[][][]).map((row, index) => row.slice(0, lengths[index]));
  const model = tagger();
  model.build(["time", 2]);
  const nested = await model.evaluate(ragged(x), ragged(y));
  assert.deepEqual(nested, await model.evaluate(x, y, { lengths }));
  assert.deepEqual([...(await model.predict(ragged(x))).data], [...(await model.predict(x, { lengths })).data]);
});

test("a row alone gives the bits it gives among others", async () => {
  const model = sequential([lstm({ units: 4 }), dense({ units: 2 })]);
  model.build(["time", 2]);
  const together = (await model.predict(x, { lengths })).toArray() as number[][];
  for (const [row, length] of lengths.entries()) {
    const one = tensor((x.toArray() as number[][][])[row]!, { shape: [1, 7, 2] });
    assert.deepEqual((await model.predict(one, { lengths: [length] })).toArray(), [together[row]]);
  }
});

test("other lengths need no second compilation", async () => {
  const model = tagger();
  const before = compiledPrograms();
  await model.fit(x, y, { epochs: 1, batchSize: 2, lengths, ...silent });
  await model.fit(random(5, [3, 9, 2]), random(6, [3, 9, 3]), { epochs: 1, batchSize: 2, lengths: [9, 2, 4], ...silent });
  assert.equal(compiledPrograms() - before, 1);
});

test("lengths may come with a data set", async () => {
  const model = tagger();
  model.build(["time", 2]);
  assert.deepEqual(await model.evaluate({ x, y, lengths: tensor(Int32Array.from(lengths)) }), await model.evaluate(x, y, { lengths }));
});

test("inputs that are ragged in the same way meet step by step, others keep their own lengths, also after loading", async () => {
  const ragged = (t: Tensor, of: readonly number[]): number[][][] =>
    (t.toArray() as number[][][]).map((row, index) => row.slice(0, of[index]));
  const both = functional({ read: gru({ units: 3 }), out: dense({ units: 1 }) }, (l, { a, b }: { a: Tensor; b: Tensor }) =>
    l.out(l.read(concat([a, b]))),
  );
  const apart = functional(
    { left: gru({ units: 3 }), right: gru({ units: 2 }), out: dense({ units: 1 }) },
    (l, { a, b }: { a: Tensor; b: Tensor }) => l.out(concat([l.left(a), l.right(b)])),
  );
  const targets = random(4, [5, 1]);
  const other = [1, 7, 2, 0, 4];
  const cases = [
    { model: both, nested: { a: ragged(x, lengths), b: ragged(x, lengths) }, dense: { a: x, b: x }, of: lengths },
    { model: apart, nested: { a: ragged(x, lengths), b: ragged(x, other) }, dense: { a: x, b: x }, of: { a: lengths, b: other } },
  ];
  for (const { model, nested, dense: padded, of } of cases) {
    model.compile({ optimizer: "adam", loss: "mse" });
    await model.fit(nested, targets, { epochs: 1, ...silent });
    const expected = [...(await model.predict(nested)).data];
    assert.deepEqual([...(await model.predict(padded, { lengths: of })).data], expected);
    model.weights = mapTree((w) => tensor(Float32Array.from(w.data), { shape: w.shape }), model.weights);
    const loaded = await loadModel(model.toBytes());
    assert.deepEqual([...(await loaded.predict(nested)).data], [...(await model.predict(nested)).data]);
  }
});

test("targets have the steps of the input that the output follows, not those of the first one", async () => {
  const made = (): Model =>
    functional(
      {
        read: gru({ units: 3, returnSequences: true }),
        write: gru({ units: 3, returnSequences: true }),
        look: attention(),
        out: dense({ units: 1 }),
      },
      (l, { source, target }: { source: Tensor; target: Tensor }) => l.out(l.look(l.write(target), { memory: l.read(source) })),
    );
  const [source, target, ragged] = [
    [[[1], [2], [3]], [[4]]],
    [[[1]], [[2], [3]]],
    [[[0]], [[1], [2]]],
  ];
  type Data = { readonly [name: string]: TensorLike };
  const losses = async (model: Model, x: Data, y: TensorLike, lengths: Data = {}): Promise<readonly number[]> => {
    model.compile({ optimizer: "adam", loss: "mse" });
    const given = Object.keys(lengths).length === 0 ? {} : { lengths };
    return (await model.fit(x, y, { epochs: 3, ...given, ...silent })).history.loss!;
  };
  const first = made();
  const expected = await losses(first, { source, target }, ragged);
  const padded = { source: [source[0]!, [[4], [9], [NaN]]], target: [[[1], [NaN]], target[1]!] };
  const lengths = { source: [3, 1], target: [1, 2] };
  assert.deepEqual(
    await losses(
      made(),
      padded,
      [
        [[0], [77]],
        [[1], [2]],
      ],
      lengths,
    ),
    expected,
  );
  const loaded = (await loadModel(first.toBytes())) as Model;
  assert.ok((await losses(loaded, { source, target }, ragged)).every((loss, k) => loss < expected[k]!));
  await assert.rejects(losses(made(), { source, target }, [[[0], [1]], [[1]]]), { code: "steps_differ" });
});
