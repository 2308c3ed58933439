// States that are affine in themselves leave their scans, what is not stays, and nothing changes its value.

import assert from "node:assert/strict";
import { test } from "node:test";
import { reverse } from "../../src/autodiff/reverse.js";
import type { HostArray } from "../../src/base/dtype.js";
import { makeGraph, makeNode, scalarNode } from "../../src/ir/core/build.js";
import { add, lt, mul, neg, select, sigmoid, sub, sum, tanh } from "../../src/ir/core/builders.js";
import { interpret } from "../../src/ir/core/interpret.js";
import { type AffineVarying, type Domain, type Graph, isOp, type Node, reachable } from "../../src/ir/core/node.js";
import { parse } from "../../src/ir/core/parse.js";
import { print } from "../../src/ir/core/print.js";
import { verify } from "../../src/ir/core/verify.js";
import { optimise } from "../../src/passes/optimise.js";
import { prepareForGradient } from "../../src/passes/prepare.js";
import { argument, energy, feedsOf, product, type ScanGiven, scanOf, testDomain } from "../autodiff/recurrences.js";
import { checkGradient } from "../support/gradient.js";
import { assertClose } from "../support/values.js";

type Step = Parameters<typeof scanOf>[1];

/** A recurrence and what it reads: x, y [N, 3], r [B, 3], s [3], U [3, 3], initial states [B, 3]. */
interface Recurrence {
  readonly states: number;
  readonly step: Step;
  /** Has a side that is not taken: inside the loop its gradient is 0 times a value that may be infinite, outside it is nothing. */
  readonly chooses?: true;
}

/** Steps whose states all leave. */
const affine: Readonly<Record<string, Recurrence>> = {
  "a leaky sum": { states: 1, step: ({ carries: [h], xs: [x], shared: [s] }) => keep(add(mul(sigmoid(s!), h!), x!)) },
  "a gated mean": {
    states: 1,
    step: ({ carries: [h], xs: [x, y] }) => keep(add(mul(sub(1, sigmoid(x!)), h!), mul(sigmoid(x!), y!))),
  },
  "a plain sum, a difference, a change of sign": {
    states: 3,
    step: ({ carries: [a, b, c], xs: [x, y] }) => keep(add(x!, a!), sub(mul(y!, b!), x!), neg(sub(mul(c!, x!), y!))),
  },
  "a decay by row": { states: 1, step: ({ carries: [h], xs: [x], rows: [r] }) => keep(add(mul(h!, r!), mul(x!, r!))) },
  "a state that is kept where a gate says so": {
    states: 1,
    chooses: true,
    step: ({ carries: [h], xs: [x, y] }) => keep(select(lt(y!, 0.1), h!, add(mul(sigmoid(x!), h!), y!))),
  },
  "a choice between two decays": {
    states: 1,
    chooses: true,
    step: ({ carries: [h], xs: [x, y], shared: [s] }) => keep(add(select(lt(x!, y!), mul(s!, h!), neg(mul(h!, x!))), y!)),
  },
  "no term": { states: 1, step: ({ carries: [h], xs: [x] }) => keep(mul(x!, h!)) },
  "one sum feeding another": {
    states: 2,
    step: ({ carries: [a, b], xs: [x] }) => {
      const next = add(mul(0.9, a!), x!);
      return keep(next, add(mul(tanh(next), b!), a!));
    },
  },
  "a pair with shared coefficients": {
    states: 2,
    step: ({ carries: [a, b], xs: [x], shared: [s] }) =>
      keep(add(sub(mul(s!, a!), mul(0.5, b!)), x!), add(add(mul(0.5, a!), mul(s!, b!)), mul(2, x!))),
  },
  "a pair with coefficients by step and row": {
    states: 2,
    step: ({ carries: [a, b], xs: [x, y], rows: [r] }) =>
      keep(add(add(mul(x!, a!), mul(r!, b!)), y!), sub(add(y!, mul(x!, b!)), mul(a!, r!))),
  },
  "a value delayed by a step": {
    states: 2,
    step: ({ carries: [h, before], xs: [x, y] }) => keep(add(mul(sigmoid(before!), h!), y!), tanh(x!)),
  },
  "a value that no step reads": {
    states: 2,
    step: ({ carries: [h], xs: [x], shared: [, u] }) => {
      const next = add(mul(sigmoid(x!), h!), x!);
      return { carries: [next, product(next, u!)], ys: [product(next, u!)] };
    },
  },
};

/** Steps none of whose states leave, each with why. */
const others: Readonly<Record<string, Recurrence>> = {
  "a squashed state": { states: 1, step: ({ carries: [h], xs: [x] }) => keep(tanh(add(mul(x!, h!), x!))) },
  "a gate that sees the state": { states: 1, step: ({ carries: [h], xs: [x] }) => keep(add(mul(sigmoid(h!), h!), x!)) },
  "a state read twice": { states: 1, step: ({ carries: [h], xs: [x, y] }) => keep(add(h!, mul(x!, sub(y!, h!)))) },
  "a product of two factors": { states: 1, step: ({ carries: [h], xs: [x, y] }) => keep(mul(mul(h!, x!), y!)) },
  "a factor of a sum": { states: 1, step: ({ carries: [h], xs: [x, y] }) => keep(mul(x!, add(h!, y!))) },
  "a choice that may drop the state": { states: 1, step: ({ carries: [h], xs: [x, y] }) => keep(select(lt(x!, 0), h!, y!)) },
  "a choice that sees the state": { states: 1, step: ({ carries: [h], xs: [x] }) => keep(select(lt(h!, 0), h!, mul(x!, h!))) },
  "states mixed by a matrix": { states: 1, step: ({ carries: [h], xs: [x], shared: [, u] }) => keep(add(product(h!, u!), x!)) },
  "a pair with a missing product": { states: 2, step: ({ carries: [a, b], xs: [x] }) => keep(add(b!, x!), mul(x!, a!)) },
  "three states in a ring": {
    states: 3,
    step: ({ carries: [a, b, c], xs: [x] }) => keep(add(mul(x!, b!), x!), add(mul(x!, c!), x!), add(mul(x!, a!), x!)),
  },
};

function keep(...next: Node[]): ReturnType<Step> {
  return { carries: next, ys: next };
}

interface Built {
  readonly graph: Graph;
  readonly loss: Node;
  readonly wrt: readonly Node<"input">[];
  readonly inputs: readonly Node<"input">[];
  readonly feeds: ReadonlyMap<Node<"input">, HostArray>;
}

const lengths = [3, 0, 5, 1];

function build({ states, step }: Recurrence, isRagged: boolean, backwards: boolean): Built {
  const { domain, lengths: lengthsInput, anchor } = testDomain(isRagged);
  const initial = Array.from({ length: states }, (_, index) => argument(`h${index}`, [domain.batch, 3]));
  const xs = [argument("x", [domain.steps, 3]), argument("y", [domain.steps, 3])];
  const rows = [argument("r", [domain.batch, 3])];
  const shared = [argument("s", [3]), argument("U", [3, 3])];
  const given: ScanGiven = { domain, reverse: backwards, carries: initial, xs, rows, shared };
  const { carries, ys } = scanOf(given, step);
  const outputs = [...carries, ...ys];
  const loss = outputs.map((value, index) => mul(energy(tanh(value)), 1 + index)).reduce((a, b) => add(a, b));
  const wrt = [...initial, ...xs, ...rows, ...shared];
  const inputs = [lengthsInput, anchor, ...wrt];
  const feeds = feedsOf(inputs, isRagged ? lengths : [4, 4], isRagged ? 5 : 4, 3);
  return { graph: makeGraph("recurrence", inputs, outputs), loss, wrt, inputs, feeds };
}

function opsOf({ outputs }: { readonly outputs: readonly Node[] }): string[] {
  return reachable(outputs).map(({ op }) => op);
}

const ways = [
  [true, false],
  [true, true],
  [false, false],
  [false, true],
] as const;

for (const [name, recurrence] of Object.entries(affine)) {
  test(`${name} leaves its loop, forward and in the gradient, with the same values and a reason`, () => {
    for (const [isRagged, backwards] of ways) {
      const { graph, loss, wrt, inputs, feeds } = build(recurrence, isRagged, backwards);
      const { graph: fast, log } = optimise(graph);
      assert.ok(!opsOf(verify(fast)).includes("scan"), print(fast));
      assert.ok(opsOf(fast).includes("affineScan"));
      const entries = log.filter(({ pass }) => pass === "affine");
      assert.ok(entries.length > 0 && entries.every(({ rule, reason, what }) => rule !== "" && reason !== "" && what !== ""));
      const expected = interpret(graph, feeds);
      interpret(fast, feeds).forEach((value, index) => {
        assertClose(value, expected[index]!, 1e-12, `output ${index}`);
      });
      const gradients = reverse([loss], [scalarNode(1)], wrt, prepareForGradient);
      const known = makeGraph(
        "gradient",
        inputs,
        gradients.filter((gradient) => gradient !== null),
      );
      assert.ok(!opsOf(verify(optimise(known).graph)).includes("scan"));
      checkGradient({ loss, wrt, gradients, feeds }, { entries: 5 });
    }
  });

  test(`${name}: the gradient of a product with the gradient agrees with differences and has no loop`, () => {
    for (const [isRagged, backwards] of ways) {
      const { loss, wrt, inputs, feeds } = build(recurrence, isRagged, backwards);
      const directions = wrt.map((input, index) => argument(`v${index}`, input.shape));
      const first = reverse([loss], [scalarNode(1)], wrt, prepareForGradient);
      const total = first
        .flatMap((gradient, index) => (gradient === null ? [] : [sum(mul(gradient, directions[index]!), [...gradient.shape.keys()])]))
        .reduce((left, right) => add(left, right), loss);
      const second = reverse([total], [scalarNode(1)], wrt, prepareForGradient);
      const all = [...inputs, ...directions];
      const known = makeGraph(
        "second",
        all,
        second.filter((gradient) => gradient !== null),
      );
      assert.ok(!opsOf(verify(optimise(known).graph)).includes("scan"));
      const directed = new Map([...feedsOf(all, isRagged ? lengths : [4, 4], isRagged ? 5 : 4, 11), ...feeds]);
      checkGradient({ loss: total, wrt, gradients: second, feeds: directed }, { entries: 3 });
    }
  });

  test(`${name} meets NaN, infinities and -0 outside the loop as inside, values and gradients`, () => {
    const { graph, loss, wrt, inputs, feeds } = build(recurrence, true, false);
    const gradientsOf = (prepare?: typeof prepareForGradient): Graph =>
      makeGraph(
        "gradient",
        inputs,
        reverse([loss], [scalarNode(1)], wrt, prepare).filter((gradient) => gradient !== null),
      );
    const pairs = [
      [graph, optimise(graph).graph],
      [gradientsOf(), gradientsOf(prepareForGradient)],
    ] as const;
    wrt.forEach((input, which) => {
      for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]) {
        const feed = feeds.get(input)!;
        const data = Float64Array.from(feed.data);
        data[which % data.length] = odd;
        const given = new Map(feeds).set(input, { ...feed, data });
        for (const [plain, fast] of pairs) {
          const isGradient = plain !== graph;
          const expected = interpret(plain, given);
          interpret(fast, given).forEach((value, index) => {
            const wanted = isGradient && recurrence.chooses ? orNumbers(expected[index]!, value) : expected[index]!;
            assertClose(value, wanted, 1e-12, `${odd} in ${input.attrs.name}, output ${index}`);
          });
        }
      }
    });
  });
}

/** The values, and those of `others` where they are NaN. */
function orNumbers(values: HostArray, others: HostArray): HostArray {
  return { ...values, data: Float64Array.from(values.data, (value, index) => (Number.isNaN(value) ? others.data[index]! : value)) };
}

for (const [name, recurrence] of Object.entries(others)) {
  test(`${name} stays in its loop`, () => {
    const { graph, log } = optimise(build(recurrence, true, false).graph);
    assert.ok(opsOf(graph).includes("scan"));
    assert.ok(!opsOf(graph).includes("affineScan"));
    assert.deepEqual(
      log.filter(({ pass }) => pass === "affine"),
      [],
    );
  });
}

test("an affine state beside a squashed one leaves alone, and the loop reads it", () => {
  const mixed: Recurrence = {
    states: 2,
    step: ({ carries: [h, a], xs: [x], shared: [, u] }) => {
      const next = add(mul(sigmoid(x!), a!), x!);
      return keep(tanh(add(product(h!, u!), mul(next, a!))), next);
    },
  };
  const { graph, feeds } = build(mixed, true, true);
  const fast = verify(optimise(graph).graph);
  const scans = reachable(fast.outputs).filter((node) => isOp(node, "scan"));
  assert.deepEqual(
    scans.map(({ attrs }) => attrs.carries),
    [1],
  );
  const expected = interpret(graph, feeds);
  interpret(fast, feeds).forEach((value, index) => {
    assertClose(value, expected[index]!, 1e-12);
  });
});

/** An affine scan with coefficients that vary in these ways. */
function direct(domain: Domain, form: { vary: readonly AffineVarying[]; start: boolean; lag: boolean; reverse: boolean }): Node {
  const width = form.vary.length === 1 ? 1 : 2;
  const list = (count: number, name: string, shape: (index: number) => Node["shape"]): Node[] =>
    Array.from({ length: count }, (_, index) => argument(`${name}${index}`, shape(index)));
  const leading = { steps: [domain.steps], rows: [domain.batch], shared: [] } as const;
  const initial = list(form.start ? width : 0, "h", () => [domain.batch, 2, 3]);
  const coefficients = list(form.vary.length, "a", (index) => [...leading[form.vary[index]!], 2, index % 2 === 0 ? 3 : 1]);
  const terms = list(width, "b", () => [domain.steps, 2, 3]);
  return makeNode("affineScan", [...initial, ...coefficients, ...terms], { domain, ...form });
}

for (const vary of [["steps"], ["rows"], ["shared"], ["steps", "rows", "shared", "steps"]] as const) {
  for (const [start, lag] of [
    [true, false],
    [false, false],
    [false, true],
  ] as const) {
    test(`affineScan by ${vary.join(", ")}${start ? "" : ", without initial states"}${lag ? ", late coefficients" : ""}: gradients, text, soundness`, () => {
      for (const [isRagged, backwards] of ways) {
        const { domain, lengths: lengthsInput, anchor } = testDomain(isRagged);
        const node = direct(domain, { vary, start, lag, reverse: backwards });
        const wrt = node.inputs.filter((input) => isOp(input, "input"));
        const inputs = [lengthsInput, anchor, ...wrt];
        const feeds = feedsOf(inputs, isRagged ? lengths : [4, 4], isRagged ? 5 : 4, 5);
        const loss = energy(tanh(node));
        const gradients = reverse([loss], [scalarNode(1)], wrt);
        checkGradient({ loss, wrt, gradients, feeds }, { entries: 6 });
        const graph = verify(makeGraph("direct", inputs, [node, ...gradients.map((gradient) => gradient!)]));
        const again = parse(print(graph));
        assert.equal(print(again), print(graph));
      }
    });
  }
}
