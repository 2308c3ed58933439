// Puts converted layers together to a model with weights, checks that every weight has a source, and writes the report.

import { elementCount } from "../base/dtype.js";
import { DataError, DeepRnnError } from "../base/errors.js";
import type { Tensor } from "../base/tensor.js";
import { atFile } from "../io/at-file.js";
import type { BuiltNetwork, Named, Network, NetworkInput } from "../nn/network.js";
import { NetworkModel } from "../train/model.js";
import type { Model } from "../train/types.js";
import type { Layout } from "../train/weights.js";
import type { ForeignArray } from "./arrays.js";
import type { ForeignLayer, WeightSource } from "./foreign-layer.js";
import { type ConversionReport, makeReport, type ProbeResult, type TensorMatch } from "./report.js";

/** Inputs with the outputs that the other framework gave for them. */
export interface Probe {
  /** [rows, ...], or by input name. */
  readonly input: Tensor | { readonly [name: string]: Tensor };
  readonly output: Tensor;
}

/** A model of another framework, made ours. */
export interface Imported<O = Tensor> {
  readonly model: Model<O>;
  readonly report: ConversionReport;
}

type InputShape = NetworkInput["shape"];

/** Shapes without the batch: of the single input, or by name. */
export type InputShapes = InputShape | { readonly [name: string]: InputShape };

/** What is known before the model is put together. */
export interface Assembly {
  readonly format: ConversionReport["format"];
  readonly network: Network;
  readonly layers: readonly ForeignLayer[];
  readonly inputShapes: InputShapes;
  readonly leftOver: ConversionReport["leftOver"];
  readonly notes: readonly string[];
  /** How messages call the file. */
  readonly file: string;
  readonly probe: Probe | null;
}

/**
 * Builds the network, finds a source for every weight, and only then makes the model: a file cannot announce sizes it does not fill.
 *
 * @throws DataError `weights_do_not_fit` naming the weight and both shapes, `bad_probe`
 */
export async function assemble(parts: Assembly): Promise<Imported> {
  const { network, layers, file } = parts;
  const inputs = inputTypes(parts.inputShapes);
  const { weights } = built(file, () => network.build(inputs, null));
  const sources: ReadonlyMap<string, WeightSource> = new Map(
    layers.flatMap(({ name, weights: own }) => own.map((source): [string, WeightSource] => [`${name}/${source.to}`, source])),
  );
  const matches = weights.map(({ path, shape }) => matched(path, shape, sources.get(path), file));
  const flat = (layout: Layout): Float32Array => filled(layout, sources);
  const model = new NetworkModel<Tensor>(network, {
    inputs,
    outputSize: null,
    flat,
    frozen: [],
    setup: null,
    task: null,
    preprocess: undefined,
  });
  const report = makeReport({
    format: parts.format,
    direction: "import",
    layers: layers.map(({ name, kind, foreign }) => ({ name, kind, foreign })),
    parameters: matches.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    tensors: matches,
    leftOver: parts.leftOver,
    notes: parts.notes,
    probe: parts.probe === null ? null : await difference(model, parts.probe, file),
  });
  return { model, report };
}

function inputTypes(shapes: InputShapes): Named<NetworkInput> {
  const typeOf = (shape: InputShape): NetworkInput => ({ shape, dtype: "float32" });
  if (isShape(shapes)) return typeOf(shapes);
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, typeOf(shape)]));
}

function isShape(shapes: InputShapes): shapes is InputShape {
  return Array.isArray(shapes);
}

function filled(layout: Layout, sources: ReadonlyMap<string, WeightSource>): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const { info, offset } of layout.places) flat.set(sources.get(info.path)!.value.data, offset);
  return flat;
}

function matched(path: string, shape: readonly number[], source: WeightSource | undefined, file: string): TensorMatch {
  if (source === undefined)
    throw new DataError(
      "weights_do_not_fit",
      `${file}: nothing in it belongs to the weight "${path}" [${shape.join(", ")}].`,
      "",
      atFile(file),
    );
  if (source.value.shape.join() !== shape.join()) {
    const given = source.from.map((array) => `${array.name} [${array.shape.join(", ")}]`).join(" and ");
    throw new DataError(
      "weights_do_not_fit",
      `${file}: ${given} cannot become the weight "${path}" [${shape.join(", ")}].`,
      "",
      atFile(file),
    );
  }
  return {
    weight: path,
    shape,
    foreign: source.from.map(({ name }) => name),
    foreignShapes: source.from.map((array) => array.shape),
    transposed: source.transposed,
    gates: source.gates,
  };
}

async function difference(model: Model<Tensor>, { input, output }: Probe, file: string): Promise<ProbeResult> {
  let found: Tensor;
  try {
    found = await model.predict(input, { batchSize: "full" });
  } catch (error) {
    if (!(error instanceof DeepRnnError)) throw error;
    throw new DataError("bad_probe", `${file}: the probe's input does not fit the model: ${error.what}.`, "", atFile(file));
  }
  if (found.shape.join() !== output.shape.join()) {
    const what = `${file}: the model gives [${found.shape.join(", ")}] for the probe's input, its output is [${output.shape.join(", ")}].`;
    throw new DataError("bad_probe", what, "A recurrent layer may have to give all steps, or only the last.", atFile(file));
  }
  const differences = Float64Array.from(found.data, (value, index) => Math.abs(value - (output.data[index] ?? Number.NaN)));
  return {
    elements: differences.length,
    maxDifference: differences.reduce((most, each) => (each > most || Number.isNaN(each) ? each : most), 0),
  };
}

/** A network that cannot be built is the file's fault here. */
function built(file: string, inside: () => BuiltNetwork): BuiltNetwork {
  try {
    return inside();
  } catch (error) {
    if (!(error instanceof DeepRnnError) || error instanceof DataError) throw error;
    throw new DataError("weights_do_not_fit", `${file}: its layers do not fit together: ${error.what}.`, "", atFile(file));
  }
}

/** The arrays that none of the layers used. */
export function unusedArrays(arrays: Iterable<ForeignArray>, layers: readonly ForeignLayer[]): ForeignArray[] {
  const used = new Set(
    layers.flatMap(({ weights }) => weights.flatMap(({ from }) => from.map(({ name }) => name.replace(/\[\d+\]$/, "")))),
  );
  return [...arrays].filter(({ name }) => !used.has(name));
}
