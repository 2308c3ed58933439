// Where the weights of a Keras layer lie in an HDF5 file: by number in Keras 3, by name in files of Keras 1 and 2.

import type { ForeignArray } from "../arrays.js";
import type { KerasLayer } from "./config.js";
import type { H5Content } from "./h5.js";

/** Gives the arrays of a layer in Keras's order. `part` is a layer inside a wrapper: "forward_layer", "layer". */
export interface KerasStore {
  arrays(layer: Pick<KerasLayer, "group" | "name">, part: string): readonly ForeignArray[];
  readonly all: readonly ForeignArray[];
}

/** Keras 3: layers/lstm/cell/vars/0, 1, 2. */
export function numberedStore({ arrays }: H5Content): KerasStore {
  // Files of Keras 2.12 to 2.14 call the same groups otherwise.
  const named = [...arrays.values()].map((array) => ({
    ...array,
    name: array.name.replace(/^_layer_checkpoint_dependencies\//, "layers/"),
  }));
  const groups = new Map<string, ForeignArray[]>();
  for (const array of named) {
    const cut = array.name.lastIndexOf("/");
    const group = array.name.slice(0, cut);
    groups.set(group, [...(groups.get(group) ?? []), array]);
  }
  const numbered = (path: string): ForeignArray[] | undefined => {
    const found = groups.get(`${path}/vars`);
    return found?.toSorted((a, b) => Number(a.name.slice(a.name.lastIndexOf("/") + 1)) - Number(b.name.slice(b.name.lastIndexOf("/") + 1)));
  };
  return {
    arrays: ({ group }, part) => {
      const path = part === "" ? group : `${group}/${part}`;
      return numbered(`${path}/cell`) ?? numbered(path) ?? [];
    },
    all: named,
  };
}

/** Keras 1 and 2: each layer's group lists its weights in an attribute. */
export function listedStore({ arrays, texts }: H5Content, root: string): KerasStore {
  const at = (path: string): string => (root === "" ? path : `${root}/${path}`);
  return {
    arrays: ({ name }, part) => {
      const listed = texts.get(at(name))?.weight_names ?? [];
      const side = /^(forward|backward)_layer$/.exec(part)?.[1];
      const wanted = side === undefined ? listed : listed.filter((path) => new RegExp(`(^|/)${side}_`).test(path));
      return wanted.flatMap((path) => arrays.get(`${at(name)}/${path}`) ?? []);
    },
    all: [...arrays.values()].filter(({ name }) => name.startsWith(root)),
  };
}
