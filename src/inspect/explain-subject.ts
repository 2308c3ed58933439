// What is explained: a model's programs or a function's, traced and lowered, with the sizes that are assumed.

import type { Backend } from "../backends/contract.js";
import { UsageError } from "../base/errors.js";
import type { Tree } from "../base/tree.js";
import { type JitInside, jit, jitInside } from "../engine/jit.js";
import { compileSections, type Feeds, type SectionSource, traceSection } from "../engine/program.js";
import type { LoweredSection } from "../ir/lowered/program.js";
import { lowerProgram } from "../lower/lower.js";
import type { LayerInfo, WeightInfo } from "../nn/network.js";
import { randomKey } from "../ops/index.js";
import type { PassEntry } from "../passes/log.js";
import { CarriedStates } from "../train/carried.js";
import type { Column } from "../train/columns.js";
import type { Prepared } from "../train/dataset.js";
import { BatchFeeder, planFeeds } from "../train/feeds.js";
import type { ModelInside } from "../train/inside.js";
import type { OptimizerRule } from "../train/optimizers/define.js";
import { predictionSections, trainingSections } from "../train/programs.js";
import type { Session } from "../train/session.js";
import { measuresFor } from "../train/setup.js";
import type { Measures } from "../train/terms.js";
import { plainForm, trainingVectors } from "../train/update-program.js";
import type { Sizes } from "./explain-count.js";

/** One program: what the passes did and what is left. */
export interface ExplainedProgram {
  readonly name: "training step" | "prediction" | "call";
  readonly sections: readonly LoweredSection[];
  readonly log: readonly PassEntry[];
  /** Makes something that runs the program once on this backend, with vectors of its own. */
  runOn(backend: Backend): () => void;
}

/** A model or function ready to be explained; the first program is the one that totals are about. */
export interface Subject {
  readonly programs: readonly [ExplainedProgram, ...ExplainedProgram[]];
  /** Null for functions: their layers are the places of their scans. */
  readonly layers: readonly LayerInfo[] | null;
  readonly weights: readonly WeightInfo[];
  readonly parameters: number;
  readonly sizes: Sizes;
  /** The sizes in words. */
  readonly assumed: string;
  /** What to call a place without a name. */
  readonly title: string;
  readonly inputShape: readonly number[];
}

/** A panel's columns where no core is loaded; they decide nothing but the padding of packed operands. */
const usualPanel = 16;

/** Steps of a sequence where neither the caller nor a training says. */
const usualSteps = 50;

/** A model's training step (if it is compiled) and prediction, for batches of this size. */
export function modelSubject(inside: ModelInside, batch: number, given: number | null): Subject {
  const session = inside.session("explain");
  const steps = given ?? session.seenSteps ?? usualSteps;
  const setup = inside.setup();
  const { built } = session;
  const predicting = predictionProgram(session, batch, steps);
  const programs: Subject["programs"] =
    setup === null
      ? [predicting]
      : [trainingProgram(session, measuresFor(setup, session.ports), setup.optimizer.rule, batch, steps), predicting];
  const sizes = new Map([["B", batch], ...["T", "T1", "T2", "T3", "T4"].map((name): [string, number] => [name, steps])]);
  const hasTime = [...session.ports.inputs.values()].some(({ shape }) => shape[0] === "time");
  return {
    programs,
    layers: built.layers,
    weights: built.weights,
    parameters: built.layers.reduce((total, { parameters }) => total + parameters, 0),
    sizes,
    assumed: hasTime
      ? `${batch} sequences of ${steps} steps${given === null ? (session.seenSteps === null ? " (assumed)" : " (as trained)") : ""}`
      : `${batch} rows`,
    title: "network",
    inputShape: [],
  };
}

/** A function's program for these arguments. */
export function functionSubject(f: (...args: never[]) => unknown, examples: readonly Tree[]): Subject {
  if (examples.length === 0) {
    throw new UsageError({
      code: "no_example",
      op: "explain",
      what: "a function was given without arguments to trace it with",
      hint: "Pass example arguments: explain(f, x, y).",
    });
  }
  // A plain function is traced as jit would trace it.
  const inside: JitInside = jitInside(f) ?? jitInside(jit(f as (...args: readonly Tree[]) => Tree))!;
  const { source, traced, leaves, specs, stateSize, writeState } = inside.callWith(examples);
  const sizes = new Map<string, number>();
  specs.forEach(({ shape }, index) => {
    shape.forEach((dim, axis) => {
      if (typeof dim !== "number") sizes.set(dim.key, leaves[index]!.shape[axis]!);
    });
  });
  const { sections } = lowerProgram({ name: "call", sections: [traced.spec] }, { panelWidth: usualPanel });
  const program: ExplainedProgram = {
    name: "call",
    sections,
    log: traced.log,
    runOn(backend) {
      const compiled = compileSections(backend, "explain", [source]);
      const vectors = backend.residents({ state: stateSize });
      writeState(vectors);
      return () => void compiled.run("main", vectors, { args: leaves });
    },
  };
  return {
    programs: [program],
    layers: null,
    weights: [],
    parameters: 0,
    sizes,
    assumed: `arguments of shape ${leaves.map(({ shape }) => `[${shape.join(", ")}]`).join(", ")}`,
    title: f.name === "" || jitInside(f) !== null ? "function" : f.name,
    inputShape: leaves[0]?.shape ?? [],
  };
}

function trainingProgram(session: Session, measures: Measures, rule: OptimizerRule, batch: number, steps: number): ExplainedProgram {
  const data = stand(session, measures, batch, steps);
  const sources = trainingSections(session.context, planFeeds(data, session.ports), measures, rule);
  const vectors = trainingVectors(rule, plainForm);
  const step = 1;
  const { learningRate } = rule;
  return {
    ...tracedProgram("training step", sources),
    runOn(backend) {
      const { program, residents, feeds } = ready(session, backend, sources, vectors, data);
      const key = randomKey(0);
      return () => {
        program.run("gradient", residents, { ...feeds, key });
        program.run("norm", residents, { inverseCount: 1 });
        // With a scale of 0 the weights of this copy stay where they are, so that many runs measure the same step.
        program.run("update", residents, {
          inverseCount: 1,
          scale: 0,
          step,
          learningRate: typeof learningRate === "number" ? learningRate : 1,
          ...(rule.isNoisy ? { noiseKey: key } : {}),
        });
      };
    },
  };
}

function predictionProgram(session: Session, batch: number, steps: number): ExplainedProgram {
  const data = stand(session, null, batch, steps);
  const sources = predictionSections(session.context, planFeeds(data, session.ports));
  return {
    ...tracedProgram("prediction", sources),
    runOn(backend) {
      const { program, residents, feeds } = ready(session, backend, sources, [], data);
      return () => void program.run("predict", residents, feeds);
    },
  };
}

function tracedProgram(name: ExplainedProgram["name"], sources: readonly SectionSource[]): Omit<ExplainedProgram, "runOn"> {
  const traced = sources.map(traceSection);
  const { sections } = lowerProgram({ name, sections: traced.map(({ spec }) => spec) }, { panelWidth: usualPanel });
  return { name, sections, log: traced.flatMap(({ log }) => log) };
}

/** The program on copies of the model's vectors. */
function ready(session: Session, backend: Backend, sources: readonly SectionSource[], vectors: readonly string[], data: Prepared) {
  const program = compileSections(backend, "explain", sources);
  const { size } = session.context.layout;
  const residents = backend.residents(Object.fromEntries(["weights", ...vectors].map((name) => [name, size])));
  residents.write("weights", session.store.flat());
  const feeds: Feeds = new BatchFeeder(data, new CarriedStates(session.built)).feeds(
    Int32Array.from({ length: data.rows }, (_, row) => row),
  );
  return { program, residents, feeds };
}

/** Zeros in the shape of a batch: they stand for data. */
function stand({ ports }: Session, measures: Measures | null, batch: number, steps: number): Prepared {
  const column = (label: string, dtype: Column["dtype"], sizes: readonly (number | "time")[]): Column => {
    const shape = [batch, ...sizes.map((size) => (size === "time" ? steps : size))];
    const length = shape.reduce((product, size) => product * size, 1);
    return { label, dtype, shape, data: dtype === "int32" ? new Int32Array(length) : new Float32Array(length), lengths: null };
  };
  const x = [...ports.inputs].map(([name, { shape, dtype }]): [string, Column] => [name, column("x", dtype, shape)]);
  const y = [...ports.outputs].map(([name, { shape }]): [string, Column] => {
    const targets = measures?.losses.get(name)?.targets;
    const leading = shape.slice(0, -1);
    return [name, column("y", "float32", targets === "class" ? leading : targets === "column" ? [...leading, 1] : shape)];
  });
  return { rows: batch, x: new Map(x), y: new Map(measures === null ? [] : y), lengths: new Map(), missing: new Set(), weights: new Map() };
}
