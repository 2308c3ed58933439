// Laws that every cell obeys, built in or not, in the exact interpreter.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hostTensor, type Tensor } from "../../src/base/tensor.js";
import { valueAndGrad } from "../../src/engine/grad.js";
import type { AnyCell, Tensors } from "../../src/nn/cell.js";
import { bidirectional, type Merge } from "../../src/nn/layers/bidirectional.js";
import { asAnyCell, type RecurrentOptions, recurrent } from "../../src/nn/layers/recurrent.js";
import type { BuiltNetwork } from "../../src/nn/network.js";
import { mul } from "../../src/ops/pointwise.js";
import { randomKey } from "../../src/ops/random.js";
import { sum } from "../../src/ops/reduce.js";
import { attentionCell, decayCell, layerNormLstm, maskedCell } from "./custom-cells.js";
import { allCells, drawer, exact, layerNetwork, lengthsOf, randomWeights, relativeError, sequence, vector } from "./runs.js";

const [B, T, I, H] = [3, 7, 4, 5];
const custom = [decayCell, layerNormLstm, maskedCell, attentionCell].map((cell) => asAnyCell(cell as never));

/** Everything one cell's layer is called with. */
interface Setup {
  readonly cell: AnyCell;
  readonly inputs: Tensors;
  build(options: Partial<RecurrentOptions>, withStates?: boolean): BuiltNetwork;
}

function setupFor(cell: AnyCell): Setup {
  const { definition } = cell;
  const draw = drawer(`laws of ${cell.name}`);
  const mask = draw([B, T, I], 0, 1);
  const inputs: Tensors = {
    x: draw([B, T, I]),
    ...(definition.inputs.includes("dt") ? { dt: draw([B, T, 1], 0.1, 1) } : {}),
    ...(definition.inputs.includes("mask") ? { mask: withData(mask, (value) => (value < 0.7 ? 1 : 0)) } : {}),
    ...Object.fromEntries(definition.row.map((name) => [`row.${name}`, draw([B, 2, H])])),
  };
  const cellOptions = Object.fromEntries(
    Object.keys(cell.options)
      .filter((name) => name === "projection" || name === "memory")
      .map((name) => [name, 3]),
  );
  const build = (options: Partial<RecurrentOptions>, withStates = false): BuiltNetwork => {
    const all = { ...cellOptions, units: H, returnSequences: true, returnState: true, ...options };
    const types = Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [
        name,
        name.startsWith("row.") ? { shape: [2, H], dtype: "float32" as const } : sequence(value.shape[2]!),
      ]),
    );
    const sizes = { units: H, inputSize: I, ...cell.options, ...cellOptions } as Readonly<Record<string, number>>;
    const states = withStates
      ? Object.fromEntries(
          Object.entries(definition.state).map(([name, size]) => [
            `initial.${name}`,
            vector(typeof size === "number" ? size : sizes[size]!),
          ]),
        )
      : {};
    return layerNetwork(recurrent(cell, all as never), { ...types, ...states });
  };
  return { cell, inputs, build };
}

function call(built: BuiltNetwork, weights: Tensors, inputs: Tensors, lengths?: Tensor): Tensors {
  return built.call({ layer: weights }, inputs, { training: false, key: null, ...(lengths === undefined ? {} : { lengths }) }) as Tensors;
}

for (const cell of [...allCells, ...custom]) {
  describe(`laws of ${cell.name}`, () => {
    const setup = setupFor(cell);
    const built = setup.build({});
    const weights = randomWeights(built, `weights of ${cell.name}`).layer!;

    it("step by step gives what the whole sequence gives", () => {
      const whole = call(built, weights, setup.inputs);
      const resumable = setup.build({}, true);
      let state: Tensors | null = null;
      const pieces: Tensors[] = [];
      for (const [start, end] of [
        [0, 1],
        [1, 2],
        [2, 7],
      ] as const) {
        const part = Object.fromEntries(
          Object.entries(setup.inputs).map(([name, value]) => [name, name.startsWith("row.") ? value : steps(value, start, end)]),
        );
        const out: Tensors = state === null ? call(built, weights, part) : call(resumable, weights, { ...part, ...state });
        pieces.push(out);
        state = Object.fromEntries(Object.keys(cell.definition.state).map((name) => [`initial.${name}`, out[`state.${name}`]!]));
      }
      const joined = Array.from({ length: B }, (_, b) => pieces.flatMap((piece) => rowOf(piece.output!, b))).flat();
      assert.ok(relativeError(joined, exact(whole.output!)) < 1e-12);
      for (const name of Object.keys(cell.definition.state)) {
        assert.ok(relativeError(exact(pieces.at(-1)![`state.${name}`]!), exact(whole[`state.${name}`]!)) < 1e-12);
      }
    });

    it("padding is never read: NaN there gives identical outputs, loss and gradients", () => {
      const lengths = lengthsOf(7, 0, 3);
      const factor = drawer("factors")([B, T, exact(call(built, weights, setup.inputs).output!).length / (B * T)]);
      const run = (filler: number): unknown => {
        const padded = Object.fromEntries(
          Object.entries(setup.inputs).map(([name, value]) => [name, name.startsWith("row.") ? value : fill(value, [7, 0, 3], filler)]),
        );
        const outputs = call(built, weights, padded, lengths);
        const loss = (w: Tensors, x: Tensor): Tensor => sum(mul(call(built, w, { ...padded, x }, lengths).output!, factor));
        const [value, byWeights] = valueAndGrad(loss)(weights, padded.x!);
        const [, byInput] = valueAndGrad((x: Tensor, w: Tensors) => loss(w, x))(padded.x!, weights);
        return [Object.values(outputs).map(exact), exact(value), Object.values(byWeights).map(exact), exact(byInput)];
      };
      const clean = run(0);
      assert.deepEqual(run(Number.NaN), clean);
      assert.ok((clean as number[][][]).flat(3).every(Number.isFinite));
    });

    it("a row without steps ends in its initial state", () => {
      const out = call(built, weights, setup.inputs, lengthsOf(7, 0, 3));
      for (const name of Object.keys(cell.definition.state)) assert.ok(rowOf(out[`state.${name}`]!, 1).every((value) => value === 0));
    });

    it("going backwards is going forwards over each row's valid steps in reverse", () => {
      const lengths = [7, 2, 5];
      const backwards = setup.build({ goBackwards: true });
      const turned = Object.fromEntries(Object.entries(setup.inputs).map(([name, value]) => [name, turnedInput(name, value, lengths)]));
      const expected = call(built, weights, turned, lengthsOf(...lengths));
      const actual = call(backwards, weights, setup.inputs, lengthsOf(...lengths));
      assert.deepEqual(exact(actual.output!), exact(reversed(expected.output!, lengths)));
      for (const name of Object.keys(cell.definition.state))
        assert.deepEqual(exact(actual[`state.${name}`]!), exact(expected[`state.${name}`]!));
    });

    it("without returnSequences it gives each row's last output", () => {
      const lengths = lengthsOf(7, 2, 5);
      const last = call(setup.build({ returnSequences: false }), weights, setup.inputs, lengths);
      const all = call(built, weights, setup.inputs, lengths);
      const expected = [7, 2, 5].flatMap((length, b) => rowOf(steps(all.output!, length - 1, length), b));
      assert.deepEqual(exact(last.output!), expected);
    });

    it("rows do not see each other", () => {
      const all = call(built, weights, setup.inputs, lengthsOf(7, 2, 5));
      const alone = Object.fromEntries(Object.entries(setup.inputs).map(([name, value]) => [name, oneRow(value, 1)]));
      const single = call(built, weights, alone, lengthsOf(2));
      assert.deepEqual(exact(single.output!), rowOf(all.output!, 1));
    });

    it("its options for dropout change nothing when not training", () => {
      const dropped = call(setup.build({ dropout: 0.4, recurrentDropout: 0.4 }), weights, setup.inputs);
      assert.deepEqual(exact(dropped.output!), exact(call(built, weights, setup.inputs).output!));
    });

    it("dropout in training depends on the key and the row alone", () => {
      const noisy = setup.build({ dropout: 0.4, recurrentDropout: 0.4 });
      const train = (inputs: Tensors, seed: number, lengths: Tensor): number[] => {
        const out = noisy.call({ layer: weights }, inputs, { training: true, key: randomKey(seed), lengths }) as Tensors;
        return exact(out.output!);
      };
      const full = train(setup.inputs, 1, lengthsOf(7, 7, 7));
      assert.deepEqual(train(setup.inputs, 1, lengthsOf(7, 7, 7)), full);
      assert.notDeepEqual(train(setup.inputs, 2, lengthsOf(7, 7, 7)), full);
      const size = full.length / B;
      assert.deepEqual(train(setup.inputs, 1, lengthsOf(3, 7, 5)).slice(size, 2 * size), full.slice(size, 2 * size));
    });
  });
}

describe("bidirectional", () => {
  const cell = allCells.find(({ name }) => name === "gru")!;
  const setup = setupFor(cell);
  const options = { units: H, returnSequences: true } as const;
  const lengths = lengthsOf(7, 0, 4);
  const merges: Readonly<Record<Exclude<Merge, "concat">, (a: number, b: number) => number>> = {
    sum: (a, b) => a + b,
    mul: (a, b) => a * b,
    ave: (a, b) => (a + b) / 2,
  };
  const build = (merge: Merge): BuiltNetwork => layerNetwork(bidirectional(recurrent(cell, options), { merge }), { x: sequence(I) });
  const weights = randomWeights(build("concat"), "two directions").layer!;
  const side = (prefix: string, goBackwards: boolean): number[] => {
    const own = Object.fromEntries(
      Object.entries(weights)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );
    return exact(
      call(layerNetwork(recurrent(cell, { ...options, goBackwards }), { x: sequence(I) }), own, { x: setup.inputs.x! }, lengths).output!,
    );
  };
  const [forward, backward] = [side("forward.", false), side("backward.", true)];

  for (const merge of ["sum", "mul", "ave"] as const) {
    it(`merge ${merge} joins the two directions elementwise`, () => {
      const out = call(build(merge), weights, { x: setup.inputs.x! }, lengths).output!;
      assert.deepEqual(
        exact(out),
        forward.map((value, index) => merges[merge](value, backward[index]!)),
      );
    });
  }

  it("merge concat puts the forward direction first", () => {
    const out = exact(call(build("concat"), weights, { x: setup.inputs.x! }, lengths).output!);
    const expected = Array.from({ length: B * T }, (_, step) => [
      ...forward.slice(step * H, (step + 1) * H),
      ...backward.slice(step * H, (step + 1) * H),
    ]).flat();
    assert.deepEqual(out, expected);
  });
});

describe("recurrent dropout", () => {
  const cell = allCells.find(({ name }) => name === "gru")!;

  it("reaches matrix products only: with no recurrent weights it changes nothing", () => {
    const setup = setupFor(cell);
    const dropped = setup.build({ recurrentDropout: 0.5 });
    const weights = randomWeights(dropped, "leak").layer!;
    const silent = { ...weights, U: withData(weights.U!, () => 0) };
    const train = dropped.call({ layer: silent }, setup.inputs, { training: true, key: randomKey(1) }) as Tensors;
    assert.deepEqual(exact(train.output!), exact(call(setup.build({}), silent, setup.inputs).output!));
    const heard = dropped.call({ layer: weights }, setup.inputs, { training: true, key: randomKey(1) }) as Tensors;
    assert.notDeepEqual(exact(heard.output!), exact(call(setup.build({}), weights, setup.inputs).output!));
  });

  it("needs a key while training and says which layer asks for it", () => {
    const setup = setupFor(cell);
    const dropped = setup.build({ recurrentDropout: 0.5 });
    const weights = randomWeights(dropped, "leak").layer!;
    assert.throws(() => dropped.call({ layer: weights }, setup.inputs, { training: true, key: null }), /layer "layer".*random key/);
  });
});

function withData(tensor: Tensor, f: (value: number, index: number) => number): Tensor {
  return hostTensor(Float64Array.from(exact(tensor), f), tensor.shape, tensor.dtype);
}

function steps(tensor: Tensor, start: number, end: number): Tensor {
  const [batch, time, size] = tensor.shape as readonly [number, number, number];
  const data = exact(tensor);
  const rows = Array.from({ length: batch }, (_, b) => data.slice((b * time + start) * size, (b * time + end) * size));
  return hostTensor(Float64Array.from(rows.flat()), [batch, end - start, size], "float32");
}

function rowOf(tensor: Tensor, row: number): number[] {
  const size = exact(tensor).length / tensor.shape[0]!;
  return exact(tensor).slice(row * size, (row + 1) * size);
}

function oneRow(tensor: Tensor, row: number): Tensor {
  return hostTensor(Float64Array.from(rowOf(tensor, row)), [1, ...tensor.shape.slice(1)], "float32");
}

/** Values beyond each row's length replaced. */
function fill(tensor: Tensor, lengths: readonly number[], filler: number): Tensor {
  const [, time, size] = tensor.shape as readonly [number, number, number];
  return withData(tensor, (value, index) =>
    Math.floor(index / size) % time < lengths[Math.floor(index / (time * size))]! ? value : filler,
  );
}

/** The valid steps of each row in reverse order; padding stays. */
/** An input as the reversed sequence has it: the time since the step before is then the time until the step after. */
function turnedInput(name: string, value: Tensor, lengths: readonly number[]): Tensor {
  if (name.startsWith("row.")) return value;
  const turned = reversed(value, lengths);
  if (name !== "dt") return turned;
  const gaps = exact(turned);
  return withData(turned, (_, index) => {
    const step = index % T;
    return step === 0 ? 0 : gaps[index - 1]!;
  });
}

function reversed(tensor: Tensor, lengths: readonly number[]): Tensor {
  const [, time, size] = tensor.shape as readonly [number, number, number];
  const data = exact(tensor);
  return withData(tensor, (_, index) => {
    const [b, t, i] = [Math.floor(index / (time * size)), Math.floor(index / size) % time, index % size];
    const from = t < lengths[b]! ? lengths[b]! - 1 - t : t;
    return data[(b * time + from) * size + i]!;
  });
}
