// What an exported state dict says about itself beside its tensors, so that it can come back without questions.

import { isRecord } from "../../base/tree.js";
import { type LayerChoice, readChoices } from "../blocks.js";

const key = "deep-rnn.layers";

/** The header's text pairs for a chain. */
export function rememberChoices(layers: readonly Exclude<LayerChoice, string>[]): Record<string, string> {
  return { format: "pt", [key]: JSON.stringify(layers) };
}

/** The chain of a file that was exported from here; null for others, or where someone edited it. */
export function savedChoices(metadata: Readonly<Record<string, string>>): Exclude<LayerChoice, string>[] | null {
  const text = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
  if (text === undefined) return null;
  let saved: unknown;
  try {
    saved = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(saved) || !saved.every((each: unknown) => isRecord(each) && typeof each.name === "string")) return null;
  return readChoices(saved);
}
