// A built network with its weights and compiled programs on the backend of the moment.

import type { Backend, Residents } from "../backends/contract.js";
import type { Tree } from "../base/tree.js";
import { currentBackend } from "../engine/backend.js";
import { type CompiledProgram, compileSections, type SectionSource } from "../engine/program.js";
import type { BuiltNetwork, NetworkInput, Named as NetworkNamed } from "../nn/network.js";
import { CarriedStates } from "./carried.js";
import { type Ports, portsOf } from "./dataset.js";
import type { ProgramContext } from "./programs.js";
import { type Layout, layoutOf, WeightStore } from "./weights.js";

/** The average of the weights: the vector "average", or the vector "weights" while it is shown in their place and they are put there. */
export interface Averaging {
  /** Steps that the average has seen. */
  readonly steps: number;
  readonly isShown: boolean;
}

export const noAverage: Averaging = { steps: 0, isShown: false };

/** Everything that exists once input shapes are known. */
export class Session {
  readonly built: BuiltNetwork;
  readonly inputTypes: NetworkNamed<NetworkInput>;
  readonly ports: Ports;
  readonly store: WeightStore;
  readonly context: ProgramContext;
  readonly #frozen = new Set<string>();
  /** Steps the optimiser has made since `compile`. */
  steps = 0;
  /** States between batches, for stateful layers. */
  readonly carried: CarriedStates;
  /** The running average of the weights, if training keeps one. */
  averaging: Averaging = noAverage;
  /** Steps of the sequences that were trained on last; null before. */
  seenSteps: number | null = null;
  #programs = new Map<string, CompiledProgram>();
  #backend: Backend | null = null;
  #isPinned = false;

  constructor(built: BuiltNetwork, initial: (layout: Layout) => Float32Array) {
    const layout = layoutOf(built.weights);
    this.built = built;
    this.inputTypes = built.inputs;
    this.ports = portsOf(built);
    this.carried = new CarriedStates(built);
    this.store = new WeightStore(layout, initial(layout));
    this.context = { built, ports: this.ports, layout, frozen: this.#frozen };
  }

  /** Runs `inside` on one backend from beginning to end, whatever is chosen meanwhile: a training's vectors must not move. */
  async pinned<R>(inside: (backend: Backend) => Promise<R>): Promise<R> {
    const backend = await this.backend();
    this.#isPinned = true;
    try {
      return await inside(backend);
    } finally {
      this.#isPinned = false;
    }
  }

  /** The backend chosen now; programs of another one are forgotten. */
  async backend(): Promise<Backend> {
    if (this.#isPinned && this.#backend !== null) return this.#backend;
    const backend = await currentBackend();
    if (this.#backend !== backend) this.#programs.clear();
    this.#backend = backend;
    return backend;
  }

  /** The program of this kind and feed signature, compiled at first use. */
  program(backend: Backend, kind: string, signature: string, sections: () => SectionSource[]): CompiledProgram {
    const key = `${kind} ${signature}`;
    const program = this.#programs.get(key) ?? compileSections(backend, kind, sections());
    this.#programs.set(key, program);
    return program;
  }

  /** Flat vectors on the backend: the weights and whatever else is named. */
  residents(backend: Backend, vectors: readonly string[]): Residents {
    return this.store.on(backend, ["weights", ...vectors]);
  }

  /** Replaces the weights by the user's; an average of others is over. */
  setWeights(tree: Tree): void {
    this.store.setTree(tree);
    this.averaging = noAverage;
  }

  /** Paths of the weights that training leaves as they are, in the weights' order. */
  get frozen(): readonly string[] {
    return this.context.layout.places.map(({ info }) => info.path).filter((path) => this.#frozen.has(path));
  }

  /** Freezes weights, or lets them be learnt again; an average is over, and the programs of training are compiled anew. */
  setFrozen(paths: readonly string[], isFrozen: boolean): void {
    for (const path of paths) {
      if (isFrozen) this.#frozen.add(path);
      else this.#frozen.delete(path);
    }
    this.averaging = noAverage;
    for (const key of this.#programs.keys()) if (key.startsWith("train ")) this.#programs.delete(key);
  }

  /** Forgets slots, steps and the programs that depend on optimiser and losses. */
  resetTraining(): void {
    this.steps = 0;
    this.averaging = noAverage;
    this.store.dropOthers();
    for (const key of this.#programs.keys()) if (!key.startsWith("predict ")) this.#programs.delete(key);
  }

  /** Bytes of working memory of the training programs, or of all programs while there are none. */
  get arenaBytes(): number {
    const training = [...this.#programs].filter(([key]) => key.startsWith("train "));
    const counted = training.length > 0 ? training : [...this.#programs].filter(([key]) => !key.startsWith("probe "));
    return counted.reduce((sum, [, { arenaBytes }]) => sum + arenaBytes, 0);
  }
}
