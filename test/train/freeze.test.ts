// Frozen weights keep their bits whatever happens around them; tied weights are one weight used twice.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  adamw,
  dense,
  embedding,
  functional,
  gru,
  loadModel,
  lstm,
  type Model,
  mul,
  sequential,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../src/index.js";
import { numbers, random } from "./support.js";

const [B, T, I] = [6, 5, 3];
const x = random(1, [B, T, I]);
const y = random(2, [B, 2]);

function network(zoneout = 0.1): Model {
  const model = sequential([
    lstm({ units: 4, returnSequences: true, name: "lower", zoneout }),
    gru({ units: 5, name: "upper" }),
    dense({ units: 2, name: "head" }),
  ]);
  model.build(["time", I], { seed: 3 });
  return model;
}

const fit = (model: Model, epochs = 3): Promise<unknown> => model.fit(x, y, { epochs, batchSize: 2, seed: 4, verbose: "silent" });

describe("frozen weights", () => {
  for (const [what, names, frozen] of [
    ["a layer", ["lower"], ["lower/W", "lower/U", "lower/b"]],
    ["one weight", ["upper/U"], ["upper/U"]],
    ["patterns", ["*er", "head/b"], ["lower/W", "lower/U", "lower/b", "upper/W", "upper/U", "upper/b", "upper/bR", "head/b"]],
  ] as const) {
    for (const [title, optimizer] of [
      ["adam with weight decay", () => adamw({ weightDecay: 0.3, learningRate: 0.05 })],
      ["sgd", () => "sgd" as const],
    ] as const) {
      it(`${what}: the same bits after training with ${title}, while the others move`, async () => {
        const model = network();
        model.compile({ optimizer: optimizer(), loss: "mse" });
        const before = numbers(model.weights);
        model.freeze(...names);
        assert.deepEqual(model.frozen, frozen);
        await fit(model);
        for (const [path, values] of Object.entries(numbers(model.weights))) {
          if ((frozen as readonly string[]).includes(path)) assert.deepEqual(values, before[path], path);
          else assert.notDeepEqual(values, before[path], path);
        }
      });
    }
  }

  it("the others learn what they learn beside constants: freezing everything but the head is training the head on fixed features", async () => {
    const plain = network(0);
    const features = sequential([lstm({ units: 4, returnSequences: true, name: "lower" }), gru({ units: 5, name: "upper" })]);
    features.build(["time", I]);
    const { lower, upper, head } = plain.weights as Readonly<Record<string, Record<string, Tensor>>>;
    features.weights = { lower: lower!, upper: upper! };
    plain.compile({ optimizer: "adam", loss: "mse" });
    plain.freeze("lower", "upper");
    await fit(plain);
    const top = sequential([dense({ units: 2, name: "head" })]);
    top.build([5]);
    top.weights = { head: head! };
    top.compile({ optimizer: "adam", loss: "mse" });
    await top.fit(await features.predict(x), y, { epochs: 3, batchSize: 2, seed: 4, verbose: "silent" });
    const [a, b] = [numbers(plain.weights)["head/W"]!, numbers(top.weights)["head/W"]!];
    assert.ok(a.every((value, index) => Math.abs(value - b[index]!) < 1e-5));
  });

  it("learn again after unfreeze, and training goes on with their slots", async () => {
    const model = network();
    model.compile({ optimizer: "adam", loss: "mse" });
    await fit(model, 1);
    model.freeze("lower");
    await fit(model, 1);
    const before = numbers(model.weights);
    model.unfreeze();
    assert.deepEqual(model.frozen, []);
    await fit(model, 1);
    assert.notDeepEqual(numbers(model.weights)["lower/W"], before["lower/W"]);
  });

  it("are saved with the model", async () => {
    const model = network();
    model.compile({ optimizer: adamw({ weightDecay: 0.2 }), loss: "mse" });
    model.freeze("upper");
    const loaded = await loadModel(model.toBytes());
    assert.deepEqual(loaded.frozen, model.frozen);
    const before = numbers(loaded.weights);
    await fit(loaded);
    assert.deepEqual(numbers(loaded.weights)["upper/W"], before["upper/W"]);
  });

  it("refuses names that stand for nothing, with the nearest one, and to train when nothing is left", async () => {
    const model = network();
    assert.throws(() => model.freeze("uper"), { code: "unknown_weight", message: /Did you mean "upper"\?/ });
    assert.throws(() => sequential([dense({ units: 1 })]).freeze("dense-1"), { code: "not_built" });
    model.compile({ optimizer: "adam", loss: "mse" });
    model.freeze();
    await assert.rejects(fit(model), { code: "all_frozen" });
  });
});

describe("tied weights", () => {
  const [V, S] = [7, 4];
  const tokens = tensor(
    Int32Array.from({ length: B * T }, (_, index) => (index * 5) % V),
    { shape: [B, T] },
  );
  const next = tensor(
    Int32Array.from({ length: B * T }, (_, index) => (index * 5 + 5) % V),
    { shape: [B, T] },
  );
  const language = (): Model =>
    sequential([
      embedding({ vocabularySize: V, size: S, name: "words" }),
      gru({ units: S, returnSequences: true, name: "gru" }),
      dense({ units: V, activation: "softmax", tiedTo: "words", name: "out" }),
    ]);

  it("are one weight: the table turned is the last layer's matrix, and there is no other", () => {
    const model = language();
    model.build(["time"]);
    const weights = model.weights as Readonly<Record<string, Record<string, Tensor>>>;
    assert.deepEqual(Object.keys(weights.out!), ["b"]);
    assert.match(model.summary(), /out .* 7/);
  });

  it("take the gradients of both uses", () => {
    const model = functional(
      { words: embedding({ vocabularySize: V, size: S }), out: dense({ units: V, tiedTo: "words" }) },
      (l, given: Tensor) => l.out(l.words(given)),
    );
    model.build(["time"]);
    const factor = random(5, [B, T, V]);
    const { words, out } = model.weights as Readonly<Record<string, Record<string, Tensor>>>;
    const [, both] = valueAndGrad((table: Tensor) => sum(mul(model.call({ words: { table }, out: out! }, tokens), factor)))(words!.table!);
    const untied = functional({ words: embedding({ vocabularySize: V, size: S }), out: dense({ units: V }) }, (l, given: Tensor) =>
      l.out(l.words(given)),
    );
    untied.build(["time"]);
    const data = Array.from(words!.table!.data);
    const turned = tensor(
      Float32Array.from({ length: V * S }, (_, index) => data[(index % V) * S + Math.floor(index / V)]!),
      { shape: [S, V] },
    );
    const parts = { words: words!, out: { W: turned, b: out!.b! } };
    const [, apart] = valueAndGrad((w: typeof parts) => sum(mul(untied.call(w, tokens), factor)))(parts);
    const second = Array.from(apart.out.W.data);
    Array.from(apart.words.table!.data).forEach((first, index) => {
      const other = second[(index % S) * V + Math.floor(index / S)]!;
      assert.ok(Math.abs(both.data[index]! - first - other) < 1e-5);
    });
  });

  it("learn, and come back from a file as one", async () => {
    const model = language();
    model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossEntropy" });
    const { history } = await model.fit(tokens, next, { epochs: 20, seed: 1, verbose: "silent" });
    assert.ok(history.loss!.at(-1)! < history.loss![0]!);
    const loaded = await loadModel(model.toBytes());
    assert.deepEqual(numbers(loaded.weights), numbers(model.weights));
    assert.deepEqual(numbers(await loaded.predict(tokens)), numbers(await model.predict(tokens)));
  });

  it("refuse a layer that is not there, sizes that do not fit, and rules for a kernel that is another's", () => {
    const build = (size: number, units: number, tiedTo: string): void => {
      sequential([
        embedding({ vocabularySize: V, size, name: "words" }),
        gru({ units: S, returnSequences: true }),
        dense({ units, tiedTo }),
      ]).build(["time"]);
    };
    assert.throws(() => build(S, V, "word"), /has no layer "word".*Did you mean "words"/);
    assert.throws(() => build(S, V, "words/W"), { code: "unknown_tie" });
    assert.throws(() => build(S + 1, V, "words"), { code: "tied_shape", message: /\[7, 5\].*\[7, 4\]/ });
    assert.throws(() => dense({ units: 3, tiedTo: "a/b/c" }), { code: "bad_option" });
    assert.throws(() => dense({ units: 3, tiedTo: "words", kernelConstraint: { kind: "maxNorm", limit: 1 } }), { code: "bad_option" });
  });
});
