// Mistakes inside a cell's step: the error names what is wrong and the layer it happened in.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  add,
  brits,
  defineCell,
  dense,
  matmul,
  mul,
  recurrent,
  sequential,
  type Tensor,
  tanh,
  weight,
  withDecay,
  zeros,
} from "../../src/index.js";

interface Given {
  readonly x: Tensor;
  readonly h: Tensor;
  readonly p: { readonly [name: string]: Tensor };
  readonly state: { readonly [name: string]: Tensor };
  readonly extra: { readonly [name: string]: Tensor };
}

/** Builds a network whose cell does this in its step. */
function build(step: (given: Given) => Tensor): void {
  const cell = defineCell({
    name: "mine",
    state: { h: "units" },
    output: "h",
    params: ({ inputSize, units }) => ({ W: weight([inputSize, units]), U: weight([units, units]) }),
    step(x, state, p, extra) {
      const h = step({ x, h: state.h, p, state, extra: extra as Given["extra"] });
      return h instanceof Promise ? (h as never) : { h };
    },
  });
  sequential([recurrent(cell, { units: 4, name: "inner" }), dense({ units: 1 })]).build(["time", 3]);
}

const mistakes: readonly (readonly [what: string, code: string, message: RegExp, step: (given: Given) => Tensor])[] = [
  ["a weight's name is misspelt", "unknown_weight", /cell mine has no weight "w".*Did you mean "W"/, ({ x, p }) => matmul(x, p.w!)],
  ["a state's name is misspelt", "unknown_state", /cell mine has no state "H"/, ({ state }) => tanh(state.H!)],
  ["an input is used that is not listed", "unknown_input", /cell mine has no input "dt"/, ({ h, extra }) => mul(h, extra.dt!)],
  ["a value is read", "value_in_trace", /item\(\)/, ({ h }) => mul(h, h.item())],
  [
    "tensors are added with +",
    "tensor_in_arithmetic",
    /add, sub/,
    ({ h, x }) => ((h as unknown as number) + (x as unknown as number)) as never,
  ],
  ["shapes do not fit", "shapes_do_not_broadcast", /\[3\].*\[4\]/, ({ h, x }) => add(x, h)],
  ["a product does not fit", "matmul_inner_size", /\[3\].*\[4, 4\]/, ({ x, p }) => matmul(x, p.U!)],
  ["the state has another size", "state_shape", /\[4\].*\[3\]/, ({ x }) => x],
  ["the step is asynchronous", "bad_step", /step returned a promise.*async/, (async ({ h }: Given) => h) as never],
  ["a state is a number", "bad_step", /returned the state "h" as something that is no tensor/, () => 0.5 as never],
  ["nothing is passed for a tensor", "not_a_tensor", /undefined/, ({ x }) => matmul(x, undefined as never)],
];

for (const [what, code, message, step] of mistakes) {
  test(`when ${what}, the error names it and the layer`, () => {
    assert.throws(
      () => build(step),
      (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.equal((error as Error & { code?: string }).code, code, error.message);
        assert.match(error.message, message);
        assert.match(error.message, /layer "inner"/);
        return true;
      },
    );
    // What failed leaves nothing behind.
    assert.deepEqual(add(zeros([1]), 1).toArray(), [1]);
  });
}

test("a state cannot have a name that every record has", () => {
  const made = (): unknown =>
    defineCell({
      name: "mine",
      state: { h: "units", constructor: "units" },
      output: "h",
      params: () => ({}),
      step: (_x, { h }) => ({ h, constructor: h }),
    });
  assert.throws(made, /cell mine: nothing can be called "constructor"/);
});

test("when params gives something else than weights, the error names the cell and the weight", () => {
  const made = (params: () => unknown) => (): void => {
    const cell = defineCell({
      name: "mine",
      state: { h: "units" },
      output: "h",
      params: params as () => { readonly W: ReturnType<typeof weight> },
      step: (_x, { h }) => ({ h }),
    });
    const model = sequential([recurrent(cell, { units: 4 }), dense({ units: 1 })]);
    model.build(["time", 3]);
  };
  assert.throws(
    made(() => undefined),
    /cell mine: params gives no record of weights\..*\[bad_cell\]/,
  );
  assert.throws(
    made(() => ({ W: [3, 4] })),
    /cell mine: params gives no weight as "W"\..*\[bad_cell\]/,
  );
  assert.throws(
    made(() => ({ W: weight([4], { init: (() => 1) as never }) })),
    /weight: init must be an initialiser or constants by gate, got a function\./,
  );
});

test("when weight is given something else than sizes and names, the error says what was wrong", () => {
  const made = weight as (...given: readonly unknown[]) => unknown;
  for (const [given, message] of [
    [[], /weight: every size must be a whole number of at least 1, got undefined\./],
    [["units"], /weight: every size must be a whole number of at least 1, got "units"\./],
    [[[3], { gates: "ifgo" }], /weight: gates must be a list of names, got "ifgo"\./],
    [[[3], { gate: ["i"] }], /weight has no option "gate"\. Did you mean "gates"\?/],
    [[[3], null], /weight: needs a record of options, got null\./],
  ] as const)
    assert.throws(() => made(...given), message);
});

test("when perSequence gives something else than tensors, the error names the cell and the layer", () => {
  const made = (drawn: unknown): void => {
    const cell = defineCell({
      name: "mine",
      state: { h: "units" },
      output: "h",
      params: () => ({}),
      perSequence: () => drawn as { readonly keep: Tensor },
      step: (_x, { h }) => ({ h }),
    });
    sequential([recurrent(cell, { units: 4, name: "inner" })]).build(["time", 3]);
  };
  assert.throws(() => made(undefined), /cell mine: perSequence gives no record of tensors in layer "inner"\. \[bad_cell\]/);
  assert.throws(() => made({ keep: 0.5 }), /cell mine: perSequence gives no record of tensors in layer "inner"\. \[bad_cell\]/);
});

test("a layer of a cell without options says what it needs", () => {
  const cell = defineCell({ name: "mine", state: { h: "units" }, output: "h", params: () => ({}), step: (_x, { h }) => ({ h }) });
  assert.throws(() => recurrent(cell, undefined as never), /recurrent\(mine\): needs a record of options, got nothing\./);
});

test("a cell of one's own is not called as one of the library, which a file would mean by that name", () => {
  const named = (name: string) =>
    defineCell({
      name,
      state: { h: "units" },
      output: "h",
      params: ({ inputSize, units }) => ({ W: weight([inputSize, units]) }),
      step: (x, _state, p) => ({ h: tanh(matmul(x, p.W)) }),
    });
  for (const make of [
    (name: string) => recurrent(named(name), { units: 2 }),
    (name: string) => withDecay(named(name)),
    (name: string) => brits(named(name), { units: 2 }),
  ]) {
    assert.throws(() => make("gru"), { code: "bad_cell", message: /a cell of the library is called gru too/ });
    make("my-gru");
  }
});
