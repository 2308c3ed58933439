// A network in a few words, for the lines that are printed before it is trained.

import type { NetworkSpec, Strategy } from "./types.js";

const manners: { readonly [K in Strategy]: string } = {
  direct: "at once",
  recursive: "one after the other",
  "encoder-decoder": "with a second network",
  "es-rnn": "at once",
};

/** How the rows ahead are forecast: "at once". */
export function mannerWords({ strategy }: Pick<NetworkSpec, "strategy">): string {
  return manners[strategy];
}

/** What differs from one plain network of values, as a sentence; none if nothing does. */
export function networkWords({ strategy, distribution, stack, ensemble, paths }: NetworkSpec): string[] {
  const isSampled = strategy === "recursive" && distribution !== "none";
  const parts = [
    distribution === "none"
      ? ""
      : distribution === "quantiles"
        ? "it says quantiles of each row"
        : `it says a ${distribution} distribution of each row`,
    isSampled ? `${paths} paths are drawn from it` : "",
    stack === "plain" ? "" : `its layers are ${stack}`,
    ensemble === 1 ? "" : `${ensemble} of its kind are averaged`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? [] : [`the network: ${parts.join("; ")}`];
}
