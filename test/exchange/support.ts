// Files of other frameworks with the outputs that those frameworks gave for them.
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Probe, readSafetensors } from "../../src/exchange/index.js";
import { type Tensor, tensor } from "../../src/index.js";

const golden = resolve(dirname(fileURLToPath(import.meta.url)), "../../../test/golden");

/** Path of a recorded file. */
export function recorded(...names: string[]): string {
  return join(golden, ...names);
}

/** Inputs and output recorded beside a file. */
export function recordedProbe(...names: string[]): Probe {
  const { tensors } = readSafetensors(readFileSync(recorded(...names)));
  const all = new Map([...tensors].map(([name, { data, shape }]): [string, Tensor] => [name, tensor(data, { shape })]));
  const output = all.get("output")!;
  all.delete("output");
  return { input: all.get("input") ?? Object.fromEntries(all), output };
}

/** What the two frameworks' float32 may differ by in networks as small as the recorded ones. */
export const tolerance = 1e-6;
