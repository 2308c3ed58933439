// Recurrent layers against onnxruntime: RNN, LSTM and GRU in every direction, with lengths and initial states.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import ort from "onnxruntime-web";
import type { Tensor } from "../../src/base/tensor.js";
import type { Tensors } from "../../src/nn/cell.js";
import type { StatefulLayer } from "../../src/nn/layer.js";
import { bidirectional } from "../../src/nn/layers/bidirectional.js";
import { gru, lstm, simpleRnn } from "../../src/nn/layers/named.js";
import { functionalNetwork } from "../../src/nn/networks/functional.js";
import { drawer, exact, lengthsOf, randomWeights, relativeError, sequence, vector } from "../nn/runs.js";
import { type OnnxTensor, onnxModel } from "../support/onnx.js";

ort.env.wasm.numThreads = 1;

const [B, T, I, H] = [3, 7, 4, 5];
const lengths = [7, 2, 5];
const directions = ["forward", "reverse", "bidirectional"] as const;
type Direction = (typeof directions)[number];

/** One operator: how its layer is made, and how our gates stand in ONNX's order. */
interface Operator {
  readonly title: string;
  readonly op: "RNN" | "LSTM" | "GRU";
  readonly attributes: (directions: number) => Readonly<Record<string, number | readonly string[]>>;
  /** Our gates in ONNX's order, by weight. */
  readonly gates: readonly string[];
  readonly ours: readonly string[];
  readonly peephole?: boolean;
  /** A second bias of our own; otherwise ONNX's two biases add up to ours. */
  readonly twoBiases?: boolean;
  readonly layer: (goBackwards: boolean) => StatefulLayer;
}

const common = { units: H, returnSequences: true, returnState: true } as const;
const none = (): Readonly<Record<string, number>> => ({});

const operators: readonly Operator[] = [
  {
    title: "RNN tanh",
    op: "RNN",
    attributes: (count) => ({ activations: new Array<string>(count).fill("Tanh") }),
    gates: ["a"],
    ours: ["a"],
    layer: (goBackwards) => simpleRnn({ ...common, goBackwards }),
  },
  {
    title: "RNN relu",
    op: "RNN",
    attributes: (count) => ({ activations: new Array<string>(count).fill("Relu") }),
    gates: ["a"],
    ours: ["a"],
    layer: (goBackwards) => simpleRnn({ ...common, goBackwards, activation: "relu" }),
  },
  {
    title: "LSTM",
    op: "LSTM",
    attributes: none,
    gates: ["i", "o", "f", "g"],
    ours: ["i", "f", "g", "o"],
    layer: (goBackwards) => lstm({ ...common, goBackwards }),
  },
  {
    title: "LSTM with peepholes",
    op: "LSTM",
    attributes: none,
    gates: ["i", "o", "f", "g"],
    ours: ["i", "f", "g", "o"],
    peephole: true,
    layer: (goBackwards) => lstm({ ...common, goBackwards, peephole: true }),
  },
  {
    title: "GRU with the reset gate after the product",
    op: "GRU",
    attributes: () => ({ linear_before_reset: 1 }),
    gates: ["z", "r", "n"],
    ours: ["r", "z", "n"],
    twoBiases: true,
    layer: (goBackwards) => gru({ ...common, goBackwards }),
  },
  {
    title: "GRU with the reset gate before the product",
    op: "GRU",
    attributes: () => ({ linear_before_reset: 0 }),
    gates: ["z", "r", "n"],
    ours: ["r", "z", "n"],
    layer: (goBackwards) => gru({ ...common, goBackwards, resetAfter: false }),
  },
];

for (const operator of operators) {
  describe(`onnxruntime ${operator.title}`, () => {
    for (const direction of directions) {
      for (const hasStates of [false, true]) {
        it(`gives the same outputs and states: ${direction}, lengths ${lengths.join(" ")}${hasStates ? ", initial states" : ""}`, async () => {
          await compare(operator, direction, hasStates);
        });
      }
    }
  });
}

async function compare(operator: Operator, direction: Direction, hasStates: boolean): Promise<void> {
  const sides = direction === "bidirectional" ? ["forward", "backward"] : [direction];
  const states = operator.op === "LSTM" ? ["h", "c"] : ["h"];
  const base = operator.layer(direction === "reverse");
  const layer = direction === "bidirectional" ? bidirectional(base) : base;
  const initialNames = hasStates ? sides.flatMap((side) => states.map((state) => `${side}.${state}`)) : [];
  const network = functionalNetwork({ layer }, (l, given: Tensors) => {
    const of = (side: string): Tensors => Object.fromEntries(states.map((state) => [state, given[`${side}.${state}`]!]));
    const initialState = sides.length === 2 ? { forward: of("forward"), backward: of("backward") } : of(direction);
    const { output, state } = l.layer(given.x!, hasStates ? { initialState } : {});
    const bySide = (sides.length === 2 ? state : { [direction]: state }) as unknown as Readonly<Record<string, Tensors>>;
    const finals = sides.flatMap((side) => states.map((name) => [`${side}.${name}`, bySide[side]![name]!] as const));
    return { output, ...Object.fromEntries(finals) };
  });
  const inputs = Object.fromEntries([["x", sequence(I)], ...initialNames.map((name) => [name, vector(H)] as const)]);
  const built = network.build(inputs, null);
  const { layer: weights } = randomWeights(built, `${operator.title} ${direction}`);
  const draw = drawer(`onnx ${operator.title} ${direction}`);
  const x = draw([B, T, I]);
  const initial = Object.fromEntries(initialNames.map((name) => [name, draw([B, H])]));
  const ours = built.call(
    { layer: weights! },
    { x, ...initial },
    { training: false, key: null, lengths: lengthsOf(...lengths) },
  ) as Tensors;

  const sideWeights = sides.map((side) => (sides.length === 2 ? prefixed(weights!, `${side}.`) : weights!));
  const stacked = (name: string): OnnxTensor => joined(sides.map((side) => tensorOf(initial[`${side}.${name}`]!)));
  const constants: Record<string, OnnxTensor> = {
    W: joined(sideWeights.map((w) => blocks(operator, w.W!, w))),
    R: joined(sideWeights.map((w) => blocks(operator, w.U!, w))),
    B: joined(sideWeights.map((w) => biases(operator, w, draw))),
    lengths: { dtype: "int32", shape: [B], data: lengths },
    ...(hasStates ? Object.fromEntries(states.map((state) => [`initial_${state}`, stacked(state)])) : {}),
    ...(operator.peephole === true ? { P: joined(sideWeights.map((w) => peepholes(w.peephole!))) } : {}),
  };
  const optional = ["initial_h", ...(operator.op === "LSTM" ? ["initial_c", "P"] : [])].map((name) =>
    constants[name] === undefined ? null : name,
  );
  const bytes = onnxModel({
    op: operator.op,
    inputs: ["X", "W", "R", "B", "lengths", ...optional],
    outputs: ["Y", ...states.map((state) => `Y_${state}`)],
    attributes: { hidden_size: H, direction, ...operator.attributes(sides.length) },
    constants,
    feeds: { X: { dtype: "float32", shape: [T, B, I] } },
  });
  const session = await ort.InferenceSession.create(bytes);
  const timeFirst = Float32Array.from({ length: T * B * I }, (_, index) => {
    const [t, b, i] = [Math.floor(index / (B * I)), Math.floor(index / I) % B, index % I];
    return exact(x)[(b * T + t) * I + i]!;
  });
  const theirs = await session.run({ X: new ort.Tensor("float32", timeFirst, [T, B, I]) });
  await session.release();

  // Theirs is [T, D, B, H], ours [B, T, D·H].
  const output = exact(ours.output!).map((_, index) => {
    const width = sides.length * H;
    const [b, t, d, j] = [Math.floor(index / (T * width)), Math.floor(index / width) % T, Math.floor((index % width) / H), index % H];
    return Number(theirs.Y!.data[((t * sides.length + d) * B + b) * H + j]);
  });
  assert.ok(relativeError(exact(ours.output!), output) <= 1e-5, `outputs differ by ${relativeError(exact(ours.output!), output)}`);
  for (const state of states) {
    const final = sides.flatMap((side) => exact(ours[`${side}.${state}`]!));
    assert.ok(relativeError(final, Array.from(theirs[`Y_${state}`]!.data, Number)) <= 1e-5, `final ${state}`);
  }
}

function prefixed(weights: Tensors, prefix: string): Tensors {
  const own = Object.entries(weights).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** [I, G·H] in our gate order as [G·H, I] in theirs. The reset-before GRU keeps its candidate's recurrent matrix apart. */
function blocks(operator: Operator, weight: Tensor, all: Tensors): OnnxTensor {
  const apart = operator.ours.length * H !== weight.shape[1];
  const data = exact(weight);
  const [rows, width] = [weight.shape[0]!, weight.shape[1]!];
  const values = operator.gates.flatMap((gate) => {
    const fromApart = apart && gate === "n";
    const source = fromApart ? exact(all.Un!) : data;
    const offset = fromApart ? 0 : operator.ours.indexOf(gate) * H;
    const stride = fromApart ? H : width;
    return Array.from({ length: H * rows }, (_, index) => source[(index % rows) * stride + offset + Math.floor(index / rows)]!);
  });
  return { dtype: "float32", shape: [operator.gates.length * H, rows], data: values };
}

/** ONNX adds an input bias and a recurrent one. Where ours is one, it is split at random. */
function biases(operator: Operator, weights: Tensors, draw: ReturnType<typeof drawer>): OnnxTensor {
  const inOrder = (values: readonly number[]): number[] =>
    operator.gates.flatMap((gate) => values.slice(operator.ours.indexOf(gate) * H, (operator.ours.indexOf(gate) + 1) * H));
  const own = exact(weights.b!);
  const recurrent = operator.twoBiases === true ? exact(weights.bR!) : exact(draw([own.length]));
  const input = operator.twoBiases === true ? own : own.map((value, index) => value - recurrent[index]!);
  return { dtype: "float32", shape: [2 * own.length], data: [...inOrder(input), ...inOrder(recurrent)] };
}

/** Ours i f o, theirs i o f. */
function peepholes(weight: Tensor): OnnxTensor {
  const values = exact(weight);
  return { dtype: "float32", shape: [3 * H], data: [...values.slice(0, H), ...values.slice(2 * H), ...values.slice(H, 2 * H)] };
}

function tensorOf(tensor: Tensor): OnnxTensor {
  return { dtype: "float32", shape: tensor.shape, data: exact(tensor) };
}

function joined(parts: readonly OnnxTensor[]): OnnxTensor {
  return { dtype: "float32", shape: [parts.length, ...parts[0]!.shape], data: parts.flatMap(({ data }) => [...data]) };
}
