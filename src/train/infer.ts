// Finds a network's input types and output widths from the first data it sees.

import { ShapeError, UsageError } from "../base/errors.js";
import type { AxisSize, Network, NetworkInput, Named as NetworkNamed } from "../nn/network.js";
import type { Column, Columns } from "./columns.js";
import type { Loss } from "./losses/index.js";
import { largestValue } from "./values.js";

/** What is known about the data before the network is built. */
export interface FirstData {
  readonly x: Columns;
  /** Input names of the lengths given beside x; "" stands for all inputs. */
  readonly lengths: readonly string[];
}

/**
 * Types of the inputs. [rows, steps, features] is a sequence; [rows, n] is one of token numbers if it has lengths, meets an
 * embedding first, or holds int32 in front of wiring that does not tell; otherwise n features.
 *
 * @throws ShapeError `not_a_sequence` for [rows, n] in front of a recurrent layer
 */
export function inferInputs(network: Network, { x, lengths }: FirstData): NetworkNamed<NetworkInput> {
  const first = network.firstKind;
  const types = [...x].map(([name, column]): [string, NetworkInput] => {
    const isWhole = column.dtype === "int32" && first === null;
    const isTokens =
      first === "embedding" || isWhole || column.lengths !== null || lengths.includes(name) || (lengths.includes("") && x.size === 1);
    return [name, { shape: inputShape(column, isTokens, first), dtype: column.dtype }];
  });
  return x.has("") ? types[0]![1] : Object.fromEntries(withTimes(types, { x, lengths }));
}

/** Sequences that differ in steps or lengths get names for their time, so that the saved wiring keeps them apart too. */
function withTimes(types: readonly [string, NetworkInput][], { x, lengths }: FirstData): readonly [string, NetworkInput][] {
  const timeOf = (name: string): string => {
    const { shape, lengths: own } = x.get(name)!;
    return `${shape[1]} ${own?.join() ?? ""} ${lengths.includes(name) ? name : ""}`;
  };
  const times = [...new Set(types.filter(([, { shape }]) => shape[0] === "time").map(([name]) => timeOf(name)))];
  if (times.length <= 1) return types;
  return types.map(([name, type]) =>
    type.shape[0] === "time" ? [name, { ...type, time: `T${times.indexOf(timeOf(name))}` }] : [name, type],
  );
}

/** The width of the output that y asks for, for networks that take it from y. */
export function inferOutputSize(network: Network, y: Columns, loss: Loss | null, lengths: Int32Array | null): number | null {
  if (network.kind !== "deep-rnn") return null;
  const [column] = y.values();
  if (column === undefined) return null;
  const hasSteps = network.toConfig().options?.returnSequences === true;
  if (loss?.targets === "class" && column.source !== undefined) {
    const what = "the number of classes is not known before all rows are read";
    throw new UsageError({ code: "unknown_classes", what, hint: "Give the network its outputSize." });
  }
  if (loss?.targets === "class") return largestValue(column, hasSteps ? (column.lengths ?? lengths) : null) + 1;
  if (loss?.targets === "column") return loss.columns;
  return column.shape.length <= (hasSteps ? 2 : 1) ? 1 : column.shape.at(-1)!;
}

function inputShape(column: Column, isTokens: boolean, first: string | null): AxisSize[] {
  const [, ...sizes] = column.shape;
  const isSequence = sizes.length >= 2 || (sizes.length === 1 && isTokens);
  if (isSequence) return ["time", ...sizes.slice(1)];
  if (first !== null && recurrentKinds.has(first)) {
    const what = `${column.label} is [${column.shape.join(", ")}], its first layer reads sequences [batch, time, feature]`;
    throw new ShapeError({
      code: "not_a_sequence",
      what,
      hint: "For one number per step, give each step a list of one: [[[1], [2]], ...] or shape [rows, steps, 1].",
    });
  }
  return sizes;
}

const recurrentKinds: ReadonlySet<string> = new Set([
  "simpleRnn",
  "lstm",
  "gru",
  "minGru",
  "minLstm",
  "lru",
  "indRnn",
  "antisymmetricRnn",
  "recurrent",
  "bidirectional",
  "conv1d",
  "maxPool1d",
  "averagePool1d",
  "globalMaxPool1d",
  "globalAveragePool1d",
  "deep-rnn",
]);
