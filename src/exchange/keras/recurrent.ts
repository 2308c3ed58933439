// LSTM, GRU and SimpleRNN of Keras: gate orders i f c o and z r h, one bias or two, the reset gate before or after.

import { DataError } from "../../base/errors.js";
import { atFile } from "../../io/at-file.js";
import type { Layer } from "../../nn/layer.js";
import { gru, lstm, simpleRnn } from "../../nn/layers/named.js";
import { type ForeignArray, rowOf } from "../arrays.js";
import { type GateOrder, gatedWeight, type WeightSource, zeroWeight } from "../foreign-layer.js";
import type { KerasLayer } from "./config.js";
import { activationOf, type Reading, rateOption, requireOption, sizeOption, unsupported } from "./options.js";

/** In our letters: Keras calls the candidate c in an LSTM and h in a GRU. */
const orders: Readonly<Record<string, GateOrder>> = {
  LSTM: { foreign: ["i", "f", "g", "o"], ours: ["i", "f", "g", "o"] },
  GRU: { foreign: ["z", "r", "n"], ours: ["r", "z", "n"] },
  SimpleRNN: { foreign: ["h"], ours: ["h"] },
};

/** Class names that this file knows. */
export const recurrentClasses: readonly string[] = ["LSTM", "GRU", "SimpleRNN"];

/** The layer for a recurrent Keras layer; `name` is null inside a wrapper. */
export function recurrentLayer(layer: KerasLayer, name: string | null, reading: Reading): Layer {
  requireOption(layer, "time_major", [false, null], reading);
  requireOption(layer, "return_state", [false], reading);
  if (layer.options.stateful === true) reading.note(`"${layer.name}" is stateful: states are kept by model.stream() here.`);
  const returnSequences = layer.options.return_sequences === true;
  const goBackwards = layer.options.go_backwards === true;
  if (goBackwards && returnSequences && name !== null)
    throw unsupported(layer, "go_backwards with return_sequences, which gives steps in the opposite order", reading);
  const [dropout, recurrentDropout] = [rateOption(layer, "dropout"), rateOption(layer, "recurrent_dropout")];
  const options = {
    units: sizeOption(layer, "units", reading),
    returnSequences,
    ...(goBackwards && name !== null ? { goBackwards } : {}),
    ...(dropout > 0 ? { dropout } : {}),
    ...(recurrentDropout > 0 ? { recurrentDropout } : {}),
    ...(name === null ? {} : { name }),
  };
  const activation = layer.options.activation === undefined ? "tanh" : activationOf(layer, "activation", reading);
  if (layer.className === "SimpleRNN") {
    if (!["tanh", "relu", "sigmoid"].includes(activation)) throw unsupported(layer, `the activation "${activation}"`, reading);
    return simpleRnn({ ...options, activation });
  }
  if (activation !== "tanh") throw unsupported(layer, `the activation "${activation}"`, reading);
  requireOption(layer, "recurrent_activation", ["sigmoid"], reading);
  return layer.className === "LSTM" ? lstm(options) : gru({ ...options, resetAfter: isResetAfter(layer) });
}

/** Where the weights of W, U and the biases come from. */
export function recurrentSources(layer: KerasLayer, arrays: readonly ForeignArray[], reading: Reading): WeightSource[] {
  const units = sizeOption(layer, "units", reading);
  const [kernel, recurrent, bias] = arrays;
  const hasBias = layer.options.use_bias !== false;
  if (kernel === undefined || recurrent === undefined || arrays.length !== (hasBias ? 3 : 2)) {
    const what = `${reading.file}: "${layer.name}" needs ${hasBias ? 3 : 2} arrays, the file has ${arrays.length}.`;
    throw new DataError("weights_do_not_fit", what, "", atFile(reading.file));
  }
  const order = orders[layer.className]!;
  const width = order.foreign.length * units;
  const isDouble = layer.className === "GRU" && isResetAfter(layer);
  const expected = [[kernel, [kernel.shape[0], width]] as const, [recurrent, [units, width]] as const];
  for (const [array, shape] of [...expected, ...(bias === undefined ? [] : [[bias, isDouble ? [2, width] : [width]] as const])]) {
    if (array.shape.join() === shape.join()) continue;
    const what = `${reading.file}: ${array.name} [${array.shape.join(", ")}] of "${layer.name}" should be [${shape.join(", ")}].`;
    throw new DataError("weights_do_not_fit", what, "", atFile(reading.file));
  }
  const W = gatedWeight("W", kernel, order, false);
  if (layer.className === "GRU" && !isDouble) {
    const some = (to: string, ours: readonly string[]): WeightSource => gatedWeight(to, recurrent, { foreign: order.foreign, ours }, false);
    return [W, some("U", ["r", "z"]), some("Un", ["n"]), biasSource("b", bias, order, width)];
  }
  const biases = isDouble
    ? [0, 1].map((row) => biasSource(row === 0 ? "b" : "bR", bias === undefined ? undefined : rowOf(bias, row), order, width))
    : [biasSource("b", bias, order, width)];
  return [W, gatedWeight("U", recurrent, order, false), ...biases];
}

function biasSource(to: string, bias: ForeignArray | undefined, order: GateOrder, width: number): WeightSource {
  return bias === undefined ? zeroWeight(to, [width]) : gatedWeight(to, bias, order, false);
}

/** The default of Keras 2 and 3; in files of Keras 1 the option is missing and the gate came before. */
function isResetAfter({ options }: KerasLayer): boolean {
  return options.reset_after === true;
}
