// A model: a network with weights, settings for training, and the public verbs over both.

import { ShapeError, UsageError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import { isRecord, type Tree, treeFromPaths } from "../base/tree.js";
import type { AxisSize, Network, NetworkInput, Named as NetworkNamed } from "../nn/network.js";
import type { TensorLike } from "../ops/index.js";
import { type BatchesLike, type BatchStream, isBatches } from "./batch-stream.js";
import { wholeBatchSize } from "./batches.js";
import { type ReadCheckpoint, readTraining } from "./checkpoint.js";
import { byPath, type Columns, type DataLike, isNamed, rowsOf, toColumns } from "./columns.js";
import { inputColumns, type Prepared, prepareData, prepareInputs } from "./dataset.js";
import { type FitPlan, runFit } from "./fit.js";
import { type FitArguments, isDataset, openStreamArguments, readFitArguments } from "./fit-arguments.js";
import { defaultBatchSize, planFit } from "./fit-plan.js";
import { weightsNamed } from "./frozen.js";
import { inferInputs, inferOutputSize } from "./infer.js";
import { showInside } from "./inside.js";
import { evaluateRows, type Pass, predictRows } from "./run.js";
import { modelBytes, saveModel } from "./save.js";
import { Session } from "./session.js";
import { makeSetup, measuresFor, type Setup } from "./setup.js";
import { orderedRows } from "./shuffle.js";
import { openStream } from "./stream.js";
import { summaryTable } from "./summary.js";
import { outputsByName } from "./terms.js";
import type { CompileOptions, Dataset, FitOptions, History, Model, Named, RunOptions, SaveOptions, Stream } from "./types.js";
import { initialFlat, type Layout } from "./weights.js";

/** What a loaded model starts with. */
export interface Restored {
  readonly inputs: NetworkNamed<NetworkInput>;
  readonly outputSize: number | null;
  readonly flat: (layout: Layout) => Float32Array;
  readonly setup: Setup | null;
  /** Paths of frozen weights. */
  readonly frozen: readonly string[];
  readonly task: string | null;
  readonly preprocess: unknown;
}

/** The one implementation of `Model`. The outputs' type is what the network's maker promises. */
export class NetworkModel<O> implements Model<O> {
  readonly task: string | null;
  readonly preprocess: unknown;
  readonly #network: Network;
  #session: Session | null = null;
  #setup: Setup | null = null;
  #isTraining = false;

  constructor(network: Network, restored: Restored | null = null) {
    this.#network = network;
    this.task = restored?.task ?? null;
    this.preprocess = restored?.preprocess;
    showInside(this, { session: (verb) => this.#built(verb), compiled: (verb) => this.#compiled(verb), setup: () => this.#setup });
    if (restored === null) return;
    this.#session = new Session(network.build(restored.inputs, restored.outputSize), restored.flat);
    this.#session.setFrozen(restored.frozen, true);
    this.#setup = restored.setup;
  }

  compile(options: CompileOptions): void {
    this.#refuseWhileTraining("compile");
    this.#setup = makeSetup(options);
    this.#session?.resetTraining();
  }

  fit(x: Named<DataLike>, y: Named<DataLike>, options?: FitOptions): Promise<History>;
  fit(data: Dataset | BatchesLike, options?: FitOptions): Promise<History>;
  async fit(first: Named<DataLike> | Dataset | BatchesLike, second?: Named<DataLike> | FitOptions, third?: FitOptions): Promise<History> {
    // A stream is read only once the model may train; other arguments are looked at before.
    const open = isBatches(first) ? () => openStreamArguments(first, second) : givenAtOnce(readFitArguments(first, second, third));
    const setup = this.#compiled("fit");
    this.#refuseWhileTraining("fit");
    this.#isTraining = true;
    try {
      const { stream, ...given } = await open();
      return await this.#fit(given, setup, stream).finally(() => stream?.close());
    } finally {
      this.#isTraining = false;
    }
  }

  evaluate(x: Named<DataLike>, y: Named<DataLike>, options?: RunOptions): Promise<Record<string, number>>;
  evaluate(data: Dataset, options?: RunOptions): Promise<Record<string, number>>;
  async evaluate(
    first: Named<DataLike> | Dataset,
    second?: Named<DataLike> | RunOptions,
    third?: RunOptions,
  ): Promise<Record<string, number>> {
    const { data, options } = readFitArguments<RunOptions>(first, second, third);
    const setup = this.#compiled("evaluate");
    const x = inputColumns(data.x);
    const y = toColumns(data.y, "y");
    const session = this.#sessionFor(x, y, data.lengths, 0);
    const measures = measuresFor(setup, session.ports);
    const prepared = prepareData({ ...data, x, y, lengths: data.lengths }, session.ports, measures.losses);
    return (await evaluateRows(session, measures, wholePass(prepared, options.batchSize))) ?? {};
  }

  async predict(given: Named<DataLike> | Dataset, options: RunOptions = {}): Promise<O> {
    const isSingle = this.#session === null || this.#session.ports.inputs.has("");
    const isWhole = isDataset(given, isSingle);
    const lengths = options.lengths ?? (isWhole ? given.lengths : undefined);
    const x = inputColumns(isWhole ? given.x : given);
    const session = this.#sessionFor(x, new Map(), lengths, 0);
    const outputs = await predictRows(session, wholePass(prepareInputs({ x, lengths }, session.ports), options.batchSize));
    // Which of the two it is, is fixed by the network that O was declared for.
    return treeFromPaths(outputs) as O;
  }

  call(
    weights: Tree,
    x: Named<Tensor>,
    options: { readonly training?: boolean; readonly key?: Tensor; readonly lengths?: Named<Tensor> } = {},
  ): O {
    const { training = false, key = null, lengths } = options;
    const { built } = this.#built("call");
    const given = { training, key, ...(lengths === undefined ? {} : { lengths: flat(lengths) }) };
    // Which of the two it is, is fixed by the network that O was declared for.
    return treeFromPaths(outputsByName(built.call(weights, flat(x), given))) as O;
  }

  get weights(): Tree {
    return this.#built("weights").store.tree();
  }

  set weights(tree: Tree) {
    this.#built("weights").setWeights(tree);
  }

  build(inputShapes: Named<readonly AxisSize[]>, options: { readonly seed?: number } = {}): void {
    this.#refuseWhileTraining("build");
    checkInputShapes(inputShapes);
    // float32 is what data of plain numbers has; an embedding takes whole numbers in it.
    const typeOf = (shape: readonly AxisSize[]): NetworkInput => ({ shape, dtype: "float32" });
    const types = byPath(inputShapes).map(([path, shape]) => [path, typeOf(shape)] as const);
    const inputs = types[0]?.[0] === "" ? types[0][1] : Object.fromEntries(types);
    this.#start(inputs, null, options.seed ?? 0);
  }

  freeze(...names: readonly string[]): void {
    this.#setFrozen("freeze", names);
  }

  unfreeze(...names: readonly string[]): void {
    this.#setFrozen("unfreeze", names);
  }

  get frozen(): readonly string[] {
    return this.#session?.frozen ?? [];
  }

  resetStates(): void {
    this.#session?.carried.reset();
  }

  summary(): string {
    return summaryTable(this.#built("summary").built);
  }

  async stream({ batch = 1 }: { readonly batch?: number } = {}): Promise<Stream<O>> {
    return openStream<O>(this.#built("stream"), batch);
  }

  async save(path: string, options: SaveOptions = {}): Promise<void> {
    await saveModel(path, this.#saved(options));
  }

  toBytes(options: SaveOptions = {}): Uint8Array {
    return modelBytes(this.#saved(options));
  }

  get arenaBytes(): number {
    return this.#session?.arenaBytes ?? 0;
  }

  async #fit(given: FitArguments<FitOptions>, setup: Setup, stream: BatchStream | null): Promise<History> {
    const before = this.#session;
    const { resumeFrom = null } = given.options;
    const resume = resumeFrom === null ? null : await readTraining(resumeFrom);
    let plan: FitPlan;
    try {
      plan = this.#planned(given, setup, resume, stream);
    } catch (error) {
      // Data that was refused does not decide about shapes and initial weights.
      this.#session = before;
      throw error;
    }
    return runFit(plan);
  }

  #planned({ data, options }: FitArguments<FitOptions>, setup: Setup, resume: ReadCheckpoint | null, stream: BatchStream | null): FitPlan {
    const seed = checkSeed(options.seed ?? 0);
    const [x, y] = [inputColumns(data.x), toColumns(data.y, "y")];
    const session = this.#sessionFor(x, y, data.lengths, seed);
    return planFit({ model: this, saved: this.#saved({}), session, setup, data: { ...data, x, y }, options, resume, stream });
  }

  #saved(options: SaveOptions): Parameters<typeof modelBytes>[0] {
    const { preprocess = this.preprocess, task = this.task } = options;
    return { network: this.#network, session: this.#built("save"), setup: this.#setup, preprocess, task };
  }

  #compiled(verb: string): Setup {
    if (this.#setup !== null) return this.#setup;
    throw new UsageError({
      code: "not_compiled",
      op: verb,
      what: "the model has no optimiser and loss yet",
      hint: 'Call model.compile({ optimizer: "adam", loss: "mse" }) first.',
    });
  }

  #built(what: string): Session {
    if (this.#session !== null) return this.#session;
    throw new UsageError({
      code: "not_built",
      op: what,
      what: "the model has no weights yet: input shapes are not known",
      hint: 'Call model.build(["time", 3]) or fit first.',
    });
  }

  #sessionFor(x: Columns, y: Columns, lengths: Named<TensorLike> | undefined, seed: number): Session {
    if (this.#session !== null) return this.#session;
    if (this.#network.kind !== "functional" && !x.has("")) {
      throw new UsageError({
        code: "input_names",
        what: `this model has one input, but x has the names ${[...x.keys()].join(", ")}`,
        hint: "Pass the values alone as x.",
      });
    }
    const loss = this.#setup === null ? null : ([...this.#setup.losses.values()][0] ?? null);
    const lengthNames = lengths === undefined ? [] : byPath(lengths).map(([path]) => path);
    const inputs = inferInputs(this.#network, { x, lengths: lengthNames });
    return this.#start(inputs, inferOutputSize(this.#network, y, loss, commonLengths(lengths)), seed);
  }

  #start(inputs: NetworkNamed<NetworkInput>, outputSize: number | null, seed: number): Session {
    checkSeed(seed);
    this.#session = new Session(this.#network.build(inputs, outputSize), (layout) => initialFlat(layout, seed));
    return this.#session;
  }

  #setFrozen(verb: string, names: readonly string[]): void {
    this.#refuseWhileTraining(verb);
    const session = this.#built(verb);
    const paths = session.store.layout.places.map(({ info }) => info.path);
    session.setFrozen(weightsNamed(paths, names.length === 0 ? ["*"] : names, verb), verb === "freeze");
  }

  #refuseWhileTraining(verb: string): void {
    if (!this.#isTraining) return;
    throw new UsageError({ code: "training", op: verb, what: "the model is being trained", hint: "Await the running fit first." });
  }
}

function givenAtOnce(given: FitArguments<FitOptions>): () => Promise<FitArguments<FitOptions> & { readonly stream: null }> {
  return async () => ({ ...given, stream: null });
}

function wholePass(data: Prepared, batchSize: number | "full" = defaultBatchSize): Pass {
  return { data, rows: orderedRows(0, rowsOf(data.x)), batchSize: wholeBatchSize(batchSize, data.rows) };
}

/** Lengths that hold for every input; null if there are none, or several by name. */
function commonLengths(lengths: Named<TensorLike> | undefined): Int32Array | null {
  const found = lengths === undefined ? undefined : toColumns(lengths, "lengths").get("");
  return found === undefined ? null : Int32Array.from(found.data);
}

function checkInputShapes(shapes: unknown): void {
  const isShapes = Array.isArray(shapes) || (isRecord(shapes) && byPath(shapes).every(([, shape]) => Array.isArray(shape)));
  if (isShapes) return;
  const hint = 'As in build(["time", 3]), or build({ series: ["time", 3], store: [] }).';
  throw new ShapeError({
    code: "input_shape",
    op: "build",
    what: "the input's shape must be a list of sizes, or lists by input name",
    hint,
  });
}

function flat(given: Named<Tensor>): NetworkNamed<Tensor> {
  return isNamed(given) ? Object.fromEntries(byPath(given)) : given;
}

function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed)) return seed;
  throw new UsageError({ code: "bad_seed", what: `the seed ${String(seed)} is not a whole number` });
}
