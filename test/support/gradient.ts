// Gradient checks on graphs: central differences in float64 against gradient nodes.

import assert from "node:assert/strict";
import type { HostArray } from "../../src/base/dtype.js";
import { makeGraph } from "../../src/ir/core/build.js";
import { exactValue, type Feeds, interpret } from "../../src/ir/core/interpret.js";
import type { Node } from "../../src/ir/core/node.js";

/** A scalar loss, and for each argument the node that claims to be its gradient. */
export interface GradientClaim {
  readonly loss: Node;
  readonly wrt: readonly Node<"input">[];
  /** Null claims that the loss does not depend on the argument. */
  readonly gradients: readonly (Node | null)[];
  readonly feeds: Feeds;
}

export interface GradientCheckOptions {
  /** Bound relative to max(1, largest gradient entry). */
  readonly tolerance?: number;
  /** Relative step; the error of the difference falls with its fourth power. Must stay below the distance to kinks. */
  readonly step?: number;
  /** Entries tested per argument, spread evenly. */
  readonly entries?: number;
}

/** Throws unless every claimed gradient agrees with central differences. */
export function checkGradient(claim: GradientClaim, options: GradientCheckOptions = {}): void {
  const { tolerance = 1e-7, step = 1e-4, entries = 200 } = options;
  const inputs = [...claim.feeds.keys()];
  const lossGraph = makeGraph("loss", inputs, [claim.loss]);
  const claimed = claimedGradients(claim, inputs);
  const scale = Math.max(1, ...claimed.flatMap((values) => Array.from(values, Math.abs)));
  claim.wrt.forEach((input, which) => {
    const feed = claim.feeds.get(input);
    assert.ok(feed !== undefined, `${input.attrs.name} is not fed`);
    const lossAt = (entry: number, value: number): number => {
      const data = exactValue(feed).data.slice();
      data[entry] = value;
      const feeds = new Map<Node<"input">, HostArray>(claim.feeds).set(input, { ...feed, data });
      return interpret(lossGraph, feeds)[0]!.data[0]!;
    };
    const count = feed.data.length;
    const stride = Math.max(1, Math.floor(count / entries));
    for (let entry = 0; entry < count; entry += stride) {
      const difference = slope((value) => lossAt(entry, value), feed.data[entry]!, step);
      const error = Math.abs(difference - claimed[which]![entry]!) / scale;
      const shown = `d loss / d ${input.attrs.name}[${entry}]: ${claimed[which]![entry]} claimed, ${difference} by differences`;
      assert.ok(error <= tolerance, `${shown}; error ${error} of scale ${scale}`);
    }
  });
}

function claimedGradients({ wrt, gradients, feeds }: GradientClaim, inputs: readonly Node<"input">[]): ArrayLike<number>[] {
  const known = gradients.filter((gradient) => gradient !== null);
  const values = interpret(makeGraph("gradients", inputs, known), feeds);
  let next = 0;
  return wrt.map((input, index) => {
    const gradient = gradients[index];
    const feed = feeds.get(input)!;
    if (gradient === null || gradient === undefined) return new Float64Array(feed.data.length);
    const value = values[next++]!;
    assert.deepEqual([...value.shape], [...feed.shape], `the gradient of ${input.attrs.name} has its shape`);
    return value.data;
  });
}

/** Central differences at two steps, extrapolated (Richardson). */
function slope(f: (x: number) => number, x: number, relativeStep: number): number {
  const step = relativeStep * Math.max(1, Math.abs(x));
  const central = (h: number): number => (f(x + h) - f(x - h)) / (2 * h);
  return (4 * central(step / 2) - central(step)) / 3;
}
