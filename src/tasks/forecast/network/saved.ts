// What is stored of a network beside its model, so that a loaded one is asked as the trained one was.

import { z } from "zod";
import type { OwnCell } from "../../../nn/cell.js";
import { taskCell } from "../../cells.js";
import { isPlain } from "./build.js";
import { distributionNames, type NetworkSpec, noChannels, plainNetwork, stackNames, strategies } from "./types.js";

const count = z.int().min(1);

/** A network as it is stored: without sizes that stand elsewhere, and with its cell by name. */
export interface SavedNetwork
  extends Pick<NetworkSpec, "units" | "dropout" | "seed" | "paths" | "linear" | "strategy" | "distribution" | "stack" | "ensemble"> {
  readonly cell: string;
  readonly activation: string;
}

/** The part of `preprocess.json` about a network that is not the plain one. */
export const savedNetwork: z.ZodType<SavedNetwork> = z.object({
  cell: z.string(),
  activation: z.string(),
  units: z.array(count).min(1),
  dropout: z.number().min(0).max(1),
  seed: z.int(),
  strategy: z.enum(strategies),
  distribution: z.enum(distributionNames),
  stack: z.enum(stackNames),
  ensemble: count,
  paths: count,
  linear: z.boolean().default(false), // models written before there was one have none
});

/** What to store; null for a direct network that gives values alone, which needs nothing. */
export function savedNetworkOf(spec: NetworkSpec): SavedNetwork | null {
  if (isPlain({ ...spec, channels: noChannels })) return null;
  const { cell, units, dropout, seed, strategy, distribution, stack, ensemble, paths, linear } = spec;
  return { cell: cell.name, activation: cell.activation, units, dropout, seed, strategy, distribution, stack, ensemble, paths, linear };
}

/**
 * The specification of a loaded model; `cells` are those of one's own that it may use.
 * @throws DataError `unknown_cell`
 */
export function specOf(
  saved: SavedNetwork | null,
  { cells, ...sizes }: Pick<NetworkSpec, "steps" | "horizon" | "channels"> & { readonly cells: readonly OwnCell[] },
): NetworkSpec {
  // Cell and widths of a single network are the loaded model's own matter.
  if (saved === null) return { ...plainNetwork, ...sizes, cell: taskCell(), units: [], dropout: 0, seed: 0 };
  const { cell, activation, ...rest } = saved;
  return { ...plainNetwork, ...sizes, ...rest, cell: taskCell(cells.find(({ name }) => name === cell) ?? cell, activation) };
}
