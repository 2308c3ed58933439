// Checks a wiring that was read from a file before it is replayed.

import { isRecord } from "../../base/tree.js";
import type { Json } from "../layer.js";
import { badConfig } from "../layers/from-config.js";
import type { Wiring } from "./wiring.js";

const kinds: readonly unknown[] = ["given", "table", "part", "op", "scan"];

/** The wiring as JSON. */
export function writeWiring(wiring: Wiring): Json {
  return JSON.parse(JSON.stringify(wiring)) as Json;
}

/** Narrows JSON to a wiring; the replay checks ops, numbers and sizes one by one as it meets them. */
export function readWiring(saved: unknown): Wiring {
  if (!isRecord(saved)) throw badConfig("it has no wiring");
  const { nodes, calls, inputs, outputs, domains } = saved;
  if (!Array.isArray(nodes) || !nodes.every((node: unknown) => isRecord(node) && kinds.includes(node.kind) && isNumbers(node.inputs ?? [])))
    throw badConfig("the wiring's nodes are damaged");
  if (!Array.isArray(calls) || !calls.every(isCall)) throw badConfig("the wiring's layer calls are damaged");
  if (!isRecord(domains) || !Object.values(domains).every(isRecord)) throw badConfig("the wiring's time domains are damaged");
  for (const named of [inputs, outputs]) if (!isSlotTree(named)) throw badConfig("the wiring's inputs or outputs are damaged");
  return saved as unknown as Wiring;
}

function isCall(call: unknown): boolean {
  return isRecord(call) && typeof call.layer === "string" && isSlotTree(call.x) && isSlotTree(call.extras) && isSlotTree(call.result);
}

function isSlotTree(tree: unknown): boolean {
  if (Array.isArray(tree)) return tree.every(isSlotTree);
  if (!isRecord(tree)) return false;
  if (typeof tree.slot === "number") return tree.domain === null || typeof tree.domain === "string";
  return Object.values(tree).every(isSlotTree);
}

function isNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => Number.isInteger(entry) && Number(entry) >= 0);
}
