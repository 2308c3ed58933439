// What is measured against what: one group per shape, and groups for cells, lengths and threads.
import { jax, onnxNode, onnxWeb, ownSystem, pytorch, type System } from "./child.js";
import type { Contestant, Pace } from "./measure.js";
import type { BackendChoice, Options } from "./options.js";
import { type Shape, shapeOf, shapes } from "./shapes.js";
import type { Task, Variation } from "./task.js";

export interface Group {
  readonly id: string;
  readonly title: string;
  readonly shape: Shape;
  readonly contestants: readonly Contestant[];
}

/** The variants of the native core here, best first; empty without it. */
export interface Cores {
  readonly native: readonly string[];
}

const minGruShape: Shape = { ...shapeOf("T1"), id: "minGRU", layers: 1, batch: 8, time: 4096 };
/** One layer of T1's sizes, beside a cell that has one layer of its own. */
export const oneLayer: Shape = { ...shapeOf("T1"), id: "T1", layers: 1 };

/** The names under which the library's systems appear in a group of a shape. */
export const ownNames: Readonly<Record<BackendChoice, string>> = {
  native: "native",
  avx2: "native avx2",
  relaxed: "wasm relaxed",
  simd: "wasm simd",
};

function ownSystems(options: Options, { native }: Cores): readonly System[] {
  const known: Readonly<Record<BackendChoice, System | null>> = {
    native: ownSystem(ownNames.native, "native", ""),
    // Where avx2 is the best there is, the row above is it.
    avx2: native.includes("avx2") && native[0] !== "avx2" ? ownSystem(ownNames.avx2, "native", "avx2") : null,
    relaxed: ownSystem(ownNames.relaxed, "wasm", "relaxed"),
    simd: ownSystem(ownNames.simd, "wasm", "simd"),
  };
  return [...options.backends].flatMap((name) => known[name] ?? []);
}

/** jax-js unrolls time: T3 does not finish there, and compiling T2 and T6 takes longer than a quick run has. */
const jaxShapes: ReadonlySet<string> = new Set(["T1", "T2", "T4", "T5", "T6"]);
const quickJaxShapes: ReadonlySet<string> = new Set(["T1", "T4", "T5"]);

function peersOf(shape: Shape, { quick }: Options): readonly System[] {
  if (shape.kind === "infer") return [pytorch, onnxNode, onnxWeb];
  return (quick ? quickJaxShapes : jaxShapes).has(shape.id) ? [pytorch, jax] : [pytorch];
}

/** The groups of the chosen shapes. */
export function shapeGroups(options: Options, cores: Cores, pace: Pace): readonly Group[] {
  return shapes
    .filter(({ id }) => options.shapes.has(id))
    .map((shape) => {
      const task: Task = { shape, variation: "plain", warmMs: pace.warmMs };
      const systems = [...ownSystems(options, cores), ...(options.peers ? peersOf(shape, options) : [])];
      const { layers, hidden, input, batch, time } = shape;
      const kind = shape.kind === "train" ? "training step" : shape.carry ? "streaming step" : "inference";
      const title = `${shape.id}: ${kind}, ${shape.cell} ${layers}x${hidden} in ${input}, B${batch} T${time}`;
      return { id: shape.id, title, shape, contestants: systems.map((system) => ({ name: system.name, system, task })) };
    });
}

const native = ownSystem("native", "native", "");

function variationGroup(id: string, title: string, shape: Shape, variations: readonly Variation[], pace: Pace): Group {
  const contestants = variations.map(
    (variation): Contestant => ({
      name: variation,
      system: native,
      task: { shape, variation, warmMs: pace.warmMs },
    }),
  );
  return { id, title, shape, contestants };
}

/** Groups that compare the library with itself. */
export function extraGroups(options: Options, pace: Pace): readonly Group[] {
  if (!options.extras || !options.backends.has("native")) return [];
  const t1 = shapeOf("T1");
  const perStep: readonly Variation[] = ["plain", "lengths", "recurrentDropout", "zoneout"];
  const threads = (id: string): Group => ({
    id: `threads ${id}`,
    title: `${id}: two threads`,
    shape: shapeOf(id),
    contestants: [1, 2].map((count) => ({
      name: `${count}`,
      system: ownSystem(`native, ${count} threads`, "native", "", count),
      task: { shape: shapeOf(id), variation: "plain", warmMs: pace.warmMs },
    })),
  });
  const all: readonly Group[] = [
    variationGroup("cells T1", "T1: cells of one's own, lengths, masks", t1, [...perStep, "defineCell", "layerNorm"], pace),
    variationGroup("cells T2", "T2: lengths, masks", shapeOf("T2"), perStep, pace),
    variationGroup("unknown cell T1", "a cell with three states, one layer of T1", oneLayer, ["plain", "threeStates"], pace),
    variationGroup("minGRU", "minGRU beside LSTM, B8 T4096 H128", minGruShape, ["plain", "minGru"], pace),
    threads("T2"),
    threads("T3"),
  ];
  return all.filter(({ id }) => options.shapes.has(id.split(" ").at(-1)!));
}

/** Fresh children for the first call of T6. */
export function firstCallGroups(options: Options, pace: Pace, repetitions: number): readonly Group[] {
  if (!options.extras || !options.backends.has("native") || !options.shapes.has("T6")) return [];
  return Array.from({ length: repetitions }, (_, index) =>
    variationGroup(`first call ${index + 1}`, "T6: first call", shapeOf("T6"), ["firstCall"], pace),
  );
}
