// Recurrences whose gradients are checked: each stresses another part of the scan adjoint.

import { scalarNode } from "../../src/ir/core/build.js";
import {
  add,
  broadcast,
  cast,
  concat,
  div,
  exp,
  gather,
  lt,
  max,
  mul,
  neg,
  reshape,
  select,
  sigmoid,
  slice,
  sqrt,
  sub,
  sum,
  tanh,
} from "../../src/ir/core/builders.js";
import type { Domain, Node } from "../../src/ir/core/node.js";
import { argument, energy, lstmLayer, product, scanOf } from "./recurrences.js";

/** A scalar loss of float arguments (and others) over one domain. */
export interface Case {
  readonly loss: Node;
  readonly wrt: readonly Node<"input">[];
  readonly others?: readonly Node<"input">[];
}

type Builder = (domain: Domain, reverse: boolean) => Case;

const parameters = (shapes: Readonly<Record<string, readonly number[]>>): Node<"input">[] =>
  Object.entries(shapes).map(([name, shape]) => argument(name, shape));

/** Outer product of two vectors. */
const outer = (a: Node, b: Node): Node => mul(reshape(a, [...a.shape, 1]), b);

/** By what each one is about. */
export const cases: Readonly<Record<string, Builder>> = {
  "an Elman cell read at every step": (domain, reverse) => {
    const [x, h0, U] = [argument("x", [domain.steps, 3]), argument("h0", [domain.batch, 3]), argument("U", [3, 3])];
    const { ys } = scanOf({ domain, reverse, carries: [h0], xs: [x], shared: [U] }, ({ carries: [h], xs: [xt], shared: [u] }) => {
      const next = tanh(add(xt!, product(h!, u!)));
      return { carries: [next], ys: [next] };
    });
    return { loss: energy(ys[0]!), wrt: [x, h0, U] };
  },
  "an LSTM whose final state and outputs are both read": (domain, reverse) => {
    const x = argument("x", [domain.steps, 2]);
    const [W, U, b] = parameters({ W: [2, 12], U: [3, 12], b: [12] });
    const { hs, h, c } = lstmLayer(domain, x, { W: W!, U: U!, b: b! }, 3, reverse);
    return { loss: add(add(energy(hs), energy(c)), sum(h, [0, 1])), wrt: [x, W!, U!, b!] };
  },
  "two layers, the second backwards": (domain, reverse) => {
    const x = argument("x", [domain.steps, 2]);
    const [W, U, b, V, Q, d] = parameters({ W: [2, 8], U: [2, 8], b: [8], V: [2, 8], Q: [2, 8], d: [8] });
    const first = lstmLayer(domain, x, { W: W!, U: U!, b: b! }, 2, reverse);
    const second = lstmLayer(domain, first.hs, { W: V!, U: Q!, b: d! }, 2, !reverse);
    return { loss: add(energy(second.h), energy(first.hs)), wrt: [x, W!, U!, b!, V!, Q!, d!] };
  },
  "attention over constants of the row, carries of different shapes": (domain, reverse) => {
    const [x, memory, m0, h0] = [
      argument("x", [domain.steps, 3]),
      argument("memory", [domain.batch, 4, 3]),
      argument("m0", [domain.batch, 2, 3]),
      argument("h0", [domain.batch, 3]),
    ];
    const [K] = parameters({ K: [3, 3] });
    const { carries, ys } = scanOf(
      { domain, reverse, carries: [h0, m0], xs: [x], rows: [memory], shared: [K!] },
      ({ carries: [h, m], xs: [xt], rows: [mem], shared: [k] }) => {
        const scores = product(product(mem!, k!), h!);
        const weights = exp(scores);
        const attention = div(weights, sum(weights, [0]));
        const read = product(attention, mem!);
        const next = tanh(add(add(h!, xt!), read));
        return { carries: [next, mul(add(m!, outer(slice(next, 0, 0, 2), read)), 0.5)], ys: [sum(m!, [0])] };
      },
    );
    return { loss: add(energy(carries[1]!), energy(ys[0]!)), wrt: [x, memory, m0, h0, K!] };
  },
  "an integer carry that decides": (domain, reverse) => {
    const [x, h0, n0] = [argument("x", [domain.steps, 2]), argument("h0", [domain.batch, 2]), argument("n0", [domain.batch], "int32")];
    const { carries } = scanOf({ domain, reverse, carries: [n0, h0], xs: [x] }, ({ carries: [n, h], xs: [xt] }) => {
      const isEarly = lt(n!, scalarNode(2, "int32"));
      return { carries: [add(n!, 1), select(isEarly, tanh(add(h!, xt!)), mul(h!, xt!))] };
    });
    return { loss: energy(carries[1]!), wrt: [x, h0], others: [n0] };
  },
  "inputs and outputs that nobody reads": (domain, reverse) => {
    const [x, unread, h0] = [argument("x", [domain.steps, 2]), argument("unread", [domain.steps, 2]), argument("h0", [domain.batch, 2])];
    const { carries } = scanOf({ domain, reverse, carries: [h0, h0], xs: [x, unread] }, ({ carries: [h, k], xs: [xt, u] }) => {
      return { carries: [sigmoid(add(h!, xt!)), mul(k!, u!)], ys: [exp(k!), mul(u!, h!)] };
    });
    return { loss: energy(carries[0]!), wrt: [x, unread, h0] };
  },
  "sums, products of outputs, and a swap of carries": (domain, reverse) => {
    const [x, a0, b0] = [argument("x", [domain.steps, 3]), argument("a0", [domain.batch, 3]), argument("b0", [domain.batch, 3])];
    const [P, U] = parameters({ P: [3, 2], U: [3, 3] });
    const { carries, ys, sums } = scanOf(
      { domain, reverse, carries: [a0, b0], xs: [x], shared: [P!, U!] },
      ({ carries: [a, b], xs: [xt], shared: [p, u] }) => {
        const next = tanh(add(b!, product(xt!, u!)));
        return { carries: [next, a!], ys: [tanh(product(mul(a!, next), p!))], sums: [outer(next, xt!), sum(mul(a!, b!), [0])] };
      },
    );
    return {
      loss: [energy(ys[0]!), energy(sums[0]!), sums[1]!, energy(carries[1]!)].reduce((total, part) => add(total, part)),
      wrt: [x, a0, b0, P!, U!],
    };
  },
  "one product of input and state together": (domain, reverse) => {
    const [x, h0] = [argument("x", [domain.steps, 2]), argument("h0", [domain.batch, 3])];
    const [W, gain] = parameters({ W: [5, 3], gain: [3] });
    const { ys } = scanOf(
      { domain, reverse, carries: [h0], xs: [x], shared: [W!, gain!] },
      ({ carries: [h], xs: [xt], shared: [w, g] }) => {
        const z = product(concat([xt!, h!], 0), w!);
        const centred = sub(z, div(broadcast(sum(z, [0]), [1]), 3));
        const deviation = sqrt(add(div(sum(mul(centred, centred), [0]), 3), 0.01));
        const next = tanh(mul(div(centred, deviation), g!));
        return { carries: [next], ys: [next] };
      },
    );
    return { loss: energy(ys[0]!), wrt: [x, h0, W!, gain!] };
  },
  "what does not depend on the carry, per step, per row and once": (domain, reverse) => {
    const [x, r, h0] = [argument("x", [domain.steps, 3]), argument("r", [domain.batch, 3]), argument("h0", [domain.batch, 2])];
    const [W, V, rate] = parameters({ W: [3, 2], V: [3, 2], rate: [2] });
    const { carries, ys } = scanOf(
      { domain, reverse, carries: [h0], xs: [x], rows: [r], shared: [W!, V!, rate!] },
      ({ carries: [h], xs: [xt], rows: [row], shared: [w, v, rho] }) => {
        const drive = add(product(mul(xt!, row!), w!), product(row!, v!));
        const fade = exp(neg(mul(rho!, rho!)));
        return { carries: [add(mul(h!, fade), drive)], ys: [tanh(drive), mul(row!, row!), fade, mul(h!, drive)] };
      },
    );
    const parts = [...carries, ...ys].map(energy);
    return { loss: parts.reduce((total, part) => add(total, part)), wrt: [x, r, h0, W!, V!, rate!] };
  },
  "table reads, kinks and values that are larger than the state": (domain, reverse) => {
    const [token, h0] = [argument("token", [domain.steps], "int32"), argument("h0", [domain.batch, 2])];
    const [table, U] = parameters({ table: [3, 2], U: [2, 24] });
    const { ys } = scanOf(
      { domain, reverse, carries: [h0], xs: [token], shared: [table!, U!] },
      ({ carries: [h], xs: [id], shared: [t, u] }) => {
        const wide = max(product(h!, u!), 0);
        const back = sum(reshape(mul(wide, wide), [12, 2]), [0]);
        const next = tanh(add(add(gather(t!, id!), back), cast(lt(h!, 0), "float32")));
        return { carries: [next], ys: [next] };
      },
    );
    return { loss: energy(ys[0]!), wrt: [h0, table!, U!], others: [token] };
  },
};
