// How the sum of a body value over all rows and steps is computed outside the scan, from stacked values.

import { makeNode } from "../ir/core/build.js";
import { add, dot, sub, sum } from "../ir/core/builders.js";
import { isOp, type Node, type OpAttributes } from "../ir/core/node.js";
import type { Level } from "./levels.js";

/** Which body values are stacked over the steps. */
export interface Stacking {
  /** Asks for a carried value to be stacked. */
  need(node: Node): void;
  /** True for a carried value that is stacked anyway. */
  isStacked(node: Node): boolean;
  /** False if stacking the value for this result would take too much memory. */
  isAllowed(node: Node, result: Node): boolean;
}

/** A sum that leaves the loop. */
export interface SumPlan {
  /** `steps` gives body values as [N, ...]. */
  build(steps: (nodes: readonly Node[]) => Node[]): Node;
}

/** Null if the sum has to stay in the loop. Asks for stacked values only if it leaves. */
export function planSum(value: Node, levels: ReadonlyMap<Node, Level>, stacking: Stacking): SumPlan | null {
  const asked: Node[] = [];
  const plan = planOf(value);
  if (plan === null) return null;
  for (const node of asked) stacking.need(node);
  return plan;

  function planOf(node: Node): SumPlan | null {
    if (stacking.isStacked(node)) return planStacked(node);
    if (isOp(node, "dot")) return planDot(node);
    if (isOp(node, "reshape") || isOp(node, "transpose") || isOp(node, "broadcast") || isOp(node, "pad") || isOp(node, "neg")) {
      return varies(node.inputs[0]!) ? planLinear(node, [node.inputs[0]!]) : planStacked(node);
    }
    if (isOp(node, "concat") && node.inputs.every(varies) && holdsProduct(node, levels)) return planLinear(node, node.inputs);
    if ((isOp(node, "slice") || isOp(node, "sum")) && holdsProduct(node, levels)) return planLinear(node, [node.inputs[0]!]);
    if ((isOp(node, "add") || isOp(node, "sub")) && node.inputs.every(varies) && holdsProduct(node, levels)) return planAddition(node);
    return planStacked(node);
  }

  function varies(node: Node): boolean {
    return levels.get(node)! >= 2;
  }

  /** Products of two varying values: the steps become one more contracted axis. */
  function planDot(node: Node<"dot">): SumPlan | null {
    const [a, b] = [node.inputs[0]!, node.inputs[1]!];
    if (varies(a) && varies(b)) {
      if (!stacking.isAllowed(a, node) || !stacking.isAllowed(b, node)) return null;
      asked.push(a, b);
      return {
        build: (steps) => {
          const [left, right] = steps([a, b]);
          return dot(left!, right!, overSteps(node.attrs));
        },
      };
    }
    // One factor is the same at every step. Multiplying it with the sum of the other would be cheaper, but 0 · ∞ in one step must stay NaN.
    const factor = varies(a) ? a : b;
    if (!stacking.isAllowed(factor, node)) return null;
    asked.push(factor);
    return { build: (steps) => sum(steps([node])[0]!, [0]) };
  }

  /** Linear in its inputs: apply it once, to their sums. */
  function planLinear(node: Node, inputs: readonly Node[]): SumPlan | null {
    const plans = inputs.map(planOf);
    if (plans.includes(null)) return null;
    return {
      build: (steps) =>
        makeNode(
          node.op,
          plans.map((inner) => inner!.build(steps)),
          node.attrs,
          node.where,
        ),
    };
  }

  function planAddition(node: Node<"add"> | Node<"sub">): SumPlan | null {
    const [left, right] = [planOf(node.inputs[0]!), planOf(node.inputs[1]!)];
    if (left === null || right === null) return null;
    const combine = isOp(node, "add") ? add : sub;
    return { build: (steps) => combine(left.build(steps), right.build(steps)) };
  }

  function planStacked(node: Node): SumPlan | null {
    if (!stacking.isAllowed(node, node)) return null;
    asked.push(node);
    return { build: (steps) => sum(steps([node])[0]!, [0]) };
  }
}

function overSteps({ aBatch, bBatch, aContract, bContract }: OpAttributes["dot"]): OpAttributes["dot"] {
  const shift = (axes: readonly number[]): number[] => axes.map((axis) => axis + 1);
  return { aBatch: shift(aBatch), bBatch: shift(bBatch), aContract: [0, ...shift(aContract)], bContract: [0, ...shift(bContract)] };
}

/** True if a product is reached through linear ops alone. */
function holdsProduct(node: Node, levels: ReadonlyMap<Node, Level>): boolean {
  const linear = ["reshape", "transpose", "broadcast", "pad", "concat", "slice", "sum", "neg", "add", "sub"];
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (isOp(next, "dot")) return true;
    if (linear.includes(next.op)) pending.push(...next.inputs.filter((input) => levels.get(input)! >= 2));
  }
  return false;
}
