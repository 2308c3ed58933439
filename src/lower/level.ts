// Lowers one level: plans where values go, orders the work, emits the instructions.

import { isOp, type Node, type OpName } from "../ir/core/node.js";
import { emitAffine } from "./affine.js";
import { emitValue } from "./copy.js";
import { planDestinations, type Sink } from "./destinations.js";
import { emitDot } from "./dot.js";
import { emitGather, emitRandom, emitScatter } from "./indexed.js";
import { emitScan } from "./loop.js";
import { noteOrigin } from "./origin.js";
import { inputsRead, type Overwrite, planOverwrites } from "./overwrite.js";
import { emitReduce } from "./reduce.js";
import { type Step, schedule } from "./schedule.js";
import { isViewOp, type Scope, viewOf } from "./scope.js";
import { emitTile } from "./tile.js";
import { addTo, topological } from "./walk.js";

/** What a level has to deliver. */
export interface Demands {
  readonly sinks: readonly Sink[];
  readonly overwrites: readonly Overwrite[];
  /** Values that `last` reads. */
  readonly kept: readonly Node[];
  /** Emits what follows all steps and still sees the old values of overwritten inputs. */
  readonly last: () => void;
}

/** Emits everything the demands need into the scope's instructions. */
export function lowerScope(scope: Scope, { sinks, overwrites, kept, last }: Demands): void {
  const wanted = [...sinks, ...overwrites].map(({ value }) => value);
  const order = nearestFirst([...wanted, ...kept], (node) => dependencies(scope, node));
  for (const node of order) {
    if (scope.isLeaf(node)) continue;
    for (const input of new Set(inputsRead(scope, node))) addTo(scope.readers, input, node);
  }
  for (const value of kept) addTo(scope.readers, value, afterwards(value));
  const moves = planDestinations(scope, order, sinks);
  const steps = schedule(
    scope,
    order,
    moves,
    overwrites.map(({ value }) => value),
  );
  const copies = planOverwrites(scope, steps, overwrites, kept);
  copies.first();
  for (const step of steps) {
    const first = scope.instructions.length;
    const nodes = step.kind === "tile" ? step.nodes : [step.node];
    emitStep(scope, step);
    for (const node of nodes) scope.done.add(node);
    noteOrigin(scope.instructions, first, nodes);
  }
  last();
  copies.last();
}

/** Topological order in which what takes the fewest steps comes first: what a layer's gradients need is free before the next layer's come. */
function nearestFirst(roots: readonly Node[], inputsOf: (node: Node) => readonly Node[]): Node[] {
  const depths = new Map<Node, number>();
  for (const node of topological(roots, inputsOf)) {
    depths.set(node, 1 + Math.max(0, ...inputsOf(node).map((input) => depths.get(input)!)));
  }
  return topological(
    [...roots].sort((a, b) => depths.get(a)! - depths.get(b)!),
    inputsOf,
  );
}

function dependencies(scope: Scope, node: Node): readonly Node[] {
  if (scope.isLeaf(node)) return [];
  const body = isOp(node, "scan") ? scope.bodies.get(node) : undefined;
  return body === undefined ? node.inputs : [...node.inputs.slice(0, scanInputs(node)), ...body.captures];
}

/** Inputs of a scan that its loop takes itself; shared ones are captures. */
function scanInputs(node: Node): number {
  return isOp(node, "scan") ? node.attrs.carries + node.attrs.xs + node.attrs.rows : 0;
}

/** Stands for whatever reads a value after the steps. */
function afterwards(value: Node): Node {
  return { ...value, op: "sum", inputs: [value] };
}

function emitStep(scope: Scope, step: Step): void {
  const [first, ...others] = step.kind === "tile" ? step.nodes : [step.node];
  // A reduction of what lies in memory has an instruction of its own.
  if (first !== undefined && others.length === 0 && isReduction(first)) emitOp(scope, first);
  else if (step.kind === "tile") emitTile(scope, step);
  else if (step.kind === "move") emitMove(scope, step.node);
  else emitOp(scope, step.node);
}

function isReduction(node: Node): boolean {
  return isOp(node, "sum") || isOp(node, "maxOf");
}

function emitMove(scope: Scope, node: Node): void {
  const from = viewOf(scope, node.inputs[0]!);
  for (const { view } of scope.destinations.get(node) ?? []) emitValue(scope, from, view);
}

type Emitter<K extends OpName> = (scope: Scope, node: Node<K>) => void;

/** Pointwise ops live in tiles; views, sources and structure have no instructions of their own. */
const inTiles = (_: Scope, node: Node): never => {
  throw new Error(`${node.op} has no instructions of its own`);
};

/** How each op becomes instructions: an op without a line does not compile. */
const emitters: { readonly [K in OpName]: Emitter<K> } = {
  dot: emitDot,
  sum: (scope, node) => emitReduce(scope, node, "sum", node.attrs.axes),
  maxOf: (scope, node) => emitReduce(scope, node, "max", [node.attrs.axis]),
  argmax: (scope, node) => emitReduce(scope, node, "argmax", [node.attrs.axis]),
  gather: emitGather,
  scatterAdd: emitScatter,
  random: emitRandom,
  scan: emitScan,
  affineScan: emitAffine,
  ...{ input: inTiles, part: inTiles, constant: inTiles, sizeOf: inTiles },
  ...{
    stop: inTiles,
    tap: inTiles,
    reshape: inTiles,
    transpose: inTiles,
    broadcast: inTiles,
    slice: inTiles,
    pad: inTiles,
    concat: inTiles,
  },
  ...{ iota: inTiles, cast: inTiles, select: inTiles, lt: inTiles, le: inTiles, eq: inTiles, min: inTiles, max: inTiles },
  ...{ neg: inTiles, abs: inTiles, exp: inTiles, log: inTiles, log1p: inTiles, sqrt: inTiles, sin: inTiles, cos: inTiles, tanh: inTiles },
  ...{ sigmoid: inTiles, floor: inTiles, add: inTiles, sub: inTiles, mul: inTiles, div: inTiles },
};

function emitOp(scope: Scope, node: Node): void {
  if (isViewOp(scope, node)) throw new Error(`${node.op} is a view`);
  // The emitter is chosen by the node's own op, so the pair always fits; TypeScript cannot follow that through the union.
  (emitters[node.op] as Emitter<OpName>)(scope, node);
}
