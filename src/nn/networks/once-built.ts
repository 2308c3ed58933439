// Remembers built networks: equal input types give the same one.

import type { BuiltNetwork, Network } from "../network.js";

/** `build` with a memory of its results. */
export function onceBuilt(build: Network["build"]): Network["build"] {
  const known = new Map<string, BuiltNetwork>();
  return (inputs, outputSizes) => {
    const key = JSON.stringify([inputs, outputSizes]);
    const built = known.get(key) ?? build(inputs, outputSizes);
    known.set(key, built);
    return built;
  };
}
