// Between dense [B, T, ...] values and the stacked valid steps [N, ...] of a time domain.

import { type Dim, mulDims } from "../base/dim.js";
import { domainTable } from "../ir/core/build.js";
import type { Domain, DomainTable } from "../ir/core/node.js";
import { emit } from "./emit.js";
import { dimsOf, TracedTensor, type Value } from "./traced.js";

/** The domain of a packed sequence, else null. */
export function domainOf(value: Value): Domain | null {
  return value instanceof TracedTensor ? value.domain : null;
}

/** The stacked steps of a packed sequence as a plain [N, ...] value; other values as they are. */
export function physical(value: Value): Value {
  return value instanceof TracedTensor && value.domain !== null ? new TracedTensor(value.node) : value;
}

/** An index table of the domain as a tensor. */
export function tableOf(domain: Domain, table: DomainTable): TracedTensor {
  return new TracedTensor(domainTable(domain, table));
}

/** Valid steps of a dense [B, T, ...] value; what lies in the padding is never read. */
export function pack(dense: Value, domain: Domain): Value {
  const [batch, time, ...rest] = dimsOf(dense);
  const flat = emit("reshape", [dense], { shape: [mulDims(batch!, time!), ...rest] });
  return emit("gather", [flat, tableOf(domain, "pack")], null, domain);
}

/** [B, T, ...] with zeros in the padding; values that are not packed as they are. */
export function unpack(value: Value): Value {
  const domain = domainOf(value);
  if (domain === null) return value;
  const rest = dimsOf(value).slice(2);
  const flat = emit("gather", [physical(value), tableOf(domain, "unpack")], null);
  return emit("reshape", [flat], { shape: [domain.batch, domain.time, ...rest] });
}

/** A per-row value [B, ...] repeated over the steps of the domain. */
export function overSteps(rows: Value, domain: Domain): Value {
  return emit("gather", [rows, tableOf(domain, "origin")], null, domain);
}

/** A per-step value [T, ...] repeated over the rows of the domain. */
export function overRows(steps: Value, domain: Domain): Value {
  return emit("gather", [steps, tableOf(domain, "step")], null, domain);
}

/** [B, ...] in the domain's sorted row order. */
export function sortRows(rows: Value, domain: Domain): Value {
  return domain.lengths === null ? rows : emit("gather", [rows, tableOf(domain, "order")], null);
}

/** [B, ...] from sorted order back to the order of the batch. */
export function unsortRows(rows: Value, domain: Domain): Value {
  return domain.lengths === null ? rows : emit("gather", [rows, tableOf(domain, "inverse")], null);
}

/** Sum over the valid steps of each row: [B, ...]. */
export function sumOverSteps(sequence: Value, domain: Domain): Value {
  return emit("scatterAdd", [physical(sequence), tableOf(domain, "origin")], { rows: domain.batch });
}

/** Reshapes a value without a domain. */
export function reshapeValue(value: Value, shape: readonly Dim[]): Value {
  return emit("reshape", [value], { shape });
}
