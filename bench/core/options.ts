// The command line of `npm run bench -- core`.
import { parseArgs } from "node:util";
import { shapes } from "./shapes.js";

/** The library's own systems, in the order they are shown. */
export const backendNames = ["native", "avx2", "relaxed", "simd"] as const;
export type BackendChoice = (typeof backendNames)[number];

export interface Options {
  /** Shapes to run; rows beyond the shapes run with the shape they are about. */
  readonly shapes: ReadonlySet<string>;
  readonly backends: ReadonlySet<BackendChoice>;
  readonly json: string | null;
  readonly quick: boolean;
  readonly peers: boolean;
  readonly extras: boolean;
  readonly clock: "wall" | "cpu";
}

export const usage: string = `npm run bench -- core [options]

  --shapes T1,I2     some of ${shapes.map(({ id }) => id).join(" ")} minGRU
  --backends LIST    some of native avx2 relaxed simd; wasm means both of the last
  --no-peers         without PyTorch, onnxruntime, jax-js (see bench/peers/README.md)
  --no-extras        only the shapes; no rows about cells, lengths, threads, first call
  --quick            short bursts: under three minutes, noisier
  --clock wall|cpu   processor time is what to compare on a machine that does other work
  --json FILE        all medians, facts of the machine, rows
`;

/** Reads the arguments after the verb; throws an Error with what is wrong. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      shapes: { type: "string" },
      backends: { type: "string" },
      json: { type: "string" },
      quick: { type: "boolean", default: false },
      peers: { type: "boolean", default: true },
      extras: { type: "boolean", default: true },
      clock: { type: "string", default: "wall" },
    },
  });
  if (values.clock !== "wall" && values.clock !== "cpu") throw new Error(`--clock is wall or cpu, not ${values.clock}`);
  const expand = (name: string): readonly string[] => (name === "wasm" ? ["relaxed", "simd"] : [name]);
  return {
    shapes: chosen("--shapes", values.shapes, [...shapes.map(({ id }) => id), "minGRU"], (name) => [name]),
    backends: chosen("--backends", values.backends, backendNames, expand),
    json: values.json ?? null,
    quick: values.quick,
    peers: values.peers,
    extras: values.extras,
    clock: values.clock,
  };
}

function chosen<N extends string>(
  option: string,
  given: string | undefined,
  known: readonly N[],
  expand: (name: string) => readonly string[],
): ReadonlySet<N> {
  if (given === undefined) return new Set(known);
  const wanted = given
    .split(",")
    .filter((name) => name !== "")
    .flatMap(expand);
  return new Set(
    wanted.map((name) => {
      const found = known.find((one) => one.toLowerCase() === name.toLowerCase());
      if (found === undefined) throw new Error(`${option}: there is no "${name}"; choose from ${known.join(", ")}`);
      return found;
    }),
  );
}
