// Makes layers again from their saved configuration; checks by hand and runs no code from files.

import { UsageError } from "../../base/errors.js";
import { isRecord } from "../../base/tree.js";
import type { AnyCell } from "../cell.js";
import * as builtIn from "../cells/index.js";
import { insideOf, withDecayCell } from "../cells/with-decay.js";
import { type Layer, type LayerConfig, makeLayer, type StatefulLayer } from "../layer.js";
import { type AttentionOptions, attention } from "./attention.js";
import { type BidirectionalOptions, bidirectional } from "./bidirectional.js";
import { type BritsOptions, brits } from "./brits.js";
import { type Conv1dOptions, conv1d } from "./conv.js";
import {
  type ActivationOptions,
  activation,
  type DenseOptions,
  type DropoutOptions,
  dense,
  dropoutLayer,
  type EmbeddingOptions,
  embedding,
  type LayerNormOptions,
  layerNormLayer,
} from "./feedforward.js";
import { type FillMissingOptions, fillMissing } from "./fill-missing.js";
import {
  type AntisymmetricRnnOptions,
  antisymmetricRnn,
  type GruOptions,
  gru,
  indRnn,
  type LruOptions,
  type LstmOptions,
  lru,
  lstm,
  type MinLstmOptions,
  minGru,
  minLstm,
  type SimpleRnnOptions,
  simpleRnn,
} from "./named.js";
import { averagePool1d, globalAveragePool1d, globalMaxPool1d, maxPool1d, type Pool1dOptions } from "./pooling.js";
import { asAnyCell, type RecurrentOptions, recurrentDefinition } from "./recurrent.js";
import { flatten, type RepeatOptions, repeat } from "./reshaping.js";
import { type HighwayOptions, highway, type ResidualOptions, residual } from "./skip.js";

/** A layer from its configuration. Its maker checks every option again, so a wrong file gives the same sentence as a wrong call. */
export function layerFromConfig(config: LayerConfig, cells: readonly AnyCell[]): Layer | StatefulLayer {
  // The makers below check names and values at run time; these casts only name the form they expect.
  const options = config.options as unknown;
  switch (config.kind) {
    case "dense":
      return dense(renamedInit(options) as DenseOptions);
    case "embedding":
      return embedding(options as EmbeddingOptions);
    case "dropout":
      return dropoutLayer(options as DropoutOptions);
    case "layerNorm":
      return layerNormLayer(options as LayerNormOptions);
    case "activation":
      return activation(options as ActivationOptions);
    case "conv1d":
      return conv1d(options as Conv1dOptions);
    case "maxPool1d":
      return maxPool1d(options as Pool1dOptions);
    case "averagePool1d":
      return averagePool1d(options as Pool1dOptions);
    case "globalMaxPool1d":
      return globalMaxPool1d(options as { readonly name?: string });
    case "globalAveragePool1d":
      return globalAveragePool1d(options as { readonly name?: string });
    case "simpleRnn":
      return simpleRnn(options as SimpleRnnOptions);
    case "lstm":
      return lstm(options as LstmOptions);
    case "gru":
      return gru(options as GruOptions);
    case "minGru":
      return minGru(options as RecurrentOptions);
    case "minLstm":
      return minLstm(options as MinLstmOptions);
    case "indRnn":
      return indRnn(options as RecurrentOptions);
    case "antisymmetricRnn":
      return antisymmetricRnn(options as AntisymmetricRnnOptions);
    case "lru":
      return lru(options as LruOptions);
    case "recurrent":
      return makeLayer(recurrentDefinition(findCell(config.cell ?? "", cells), options as RecurrentOptions, config));
    case "fillMissing":
      return fillMissing(options as FillMissingOptions);
    case "brits":
      return brits(findCell(config.cell ?? "", cells), options as BritsOptions);
    case "attention":
      return attention(options as AttentionOptions);
    case "repeat":
      return repeat(options as RepeatOptions);
    case "flatten":
      return flatten(options as { readonly name?: string });
    case "residual":
      return residual(layerFromConfig(innerOf(config), cells) as Layer, options as ResidualOptions);
    case "highway":
      return highway(layerFromConfig(innerOf(config), cells) as Layer, options as HighwayOptions);
    case "bidirectional":
      return bidirectional(layerFromConfig(innerOf(config), cells) as Layer, options as BidirectionalOptions);
    default:
      throw badConfig(`layer kind ${JSON.stringify(config.kind)} is not known`);
  }
}

/** Models of version 0.1 call the start of a dense layer's kernel `init`. */
function renamedInit(options: unknown): unknown {
  if (!isRecord(options) || options.init === undefined) return options;
  const { init, ...rest } = options;
  return { ...rest, kernelInitializer: init };
}

/** Narrows JSON to a layer's configuration. */
export function readLayerConfig(value: unknown): LayerConfig {
  if (!isRecord(value) || typeof value.kind !== "string" || !isRecord(value.options)) throw badConfig("a layer has no kind or no options");
  const { kind, options, cell, inner } = value;
  if (cell !== undefined && typeof cell !== "string") throw badConfig("a cell's name is not a text");
  return {
    kind: kind as string,
    options: options as LayerConfig["options"],
    ...(cell === undefined ? {} : { cell }),
    ...(inner === undefined ? {} : { inner: readLayerConfig(inner) }),
  };
}

/** The error for a model file that does not describe a network. */
export function badConfig(what: string): UsageError {
  return new UsageError({
    code: "bad_network_file",
    what: `the saved network cannot be read: ${what}`,
    hint: "Was the file edited, or written by a newer version?",
  });
}

/** The cell of this name: the caller's first, then the library's. */
function findCell(name: string, cells: readonly AnyCell[]): AnyCell {
  const library = Object.values(builtIn).map((cell) => asAnyCell(cell));
  const found = [...cells, ...library].find((cell) => cell.name === name);
  if (found !== undefined) return found;
  const inside = insideOf(name);
  if (inside !== null) return withDecayCell(findCell(inside, cells));
  throw new UsageError({
    code: "missing_cell",
    what: `This model uses cell ${name}; pass it in cells`,
    hint: `loadModel(path, { cells: [${camel(name)}] })`,
  });
}

function innerOf(config: LayerConfig): LayerConfig {
  if (config.inner === undefined) throw badConfig(`a ${config.kind} layer has no layer inside`);
  return config.inner;
}

function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
