// How model.json keeps what a model was compiled with: optimiser, losses and metrics by name, with their options.

import type { DataError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";

/** JSON values. */
export type PlainJson = null | boolean | number | string | readonly PlainJson[] | { readonly [name: string]: PlainJson };

/** A name, or a name with options that differ from the defaults. */
export type NamedSchema = string | { readonly name: string; readonly options: { readonly [option: string]: PlainJson } };

/** How training was set up; losses, metrics and weights by output name where there are several. */
export interface CompileSchema {
  readonly optimizer: { readonly name: string; readonly options: { readonly [option: string]: PlainJson } };
  readonly loss: NamedSchema | Readonly<Record<string, NamedSchema>>;
  readonly metrics: readonly NamedSchema[] | Readonly<Record<string, readonly NamedSchema[]>>;
  /** Absent if every output counts once. */
  readonly lossWeights?: Readonly<Record<string, number>>;
}

/** Makes the error for a field that is not as it must be. */
export type Refuse = (at: string, expected: string, found: unknown) => DataError;

/** Checks what model.json says about training; what names and options mean is checked by those who make the parts. */
export function checkCompile(value: unknown, refuse: Refuse): CompileSchema {
  if (!isRecord(value)) throw refuse("compile", "an object or null", value);
  const { optimizer, loss, metrics, lossWeights } = value;
  if (!isRecord(optimizer) || typeof optimizer.name !== "string") throw refuse("compile.optimizer", "a name with options", optimizer);
  const options = optionsOf(optimizer.options, "compile.optimizer.options", refuse);
  return {
    optimizer: { name: optimizer.name, options },
    loss: isNamedSchema(loss) ? namedSchema(loss, "compile.loss", refuse) : byName(loss, "compile.loss", refuse, namedSchema),
    metrics: Array.isArray(metrics)
      ? metricList(metrics, "compile.metrics", refuse)
      : byName(metrics, "compile.metrics", refuse, metricList),
    ...(lossWeights === undefined ? {} : { lossWeights: byName(lossWeights, "compile.lossWeights", refuse, finite) }),
  };
}

/** True for a loss without output names. */
export function isNamedSchema(value: unknown): boolean {
  if (typeof value === "string") return true;
  return isRecord(value) && typeof value.name === "string" && isRecord(value.options) && Object.keys(value).length === 2;
}

function namedSchema(value: unknown, at: string, refuse: Refuse): NamedSchema {
  if (typeof value === "string") return value;
  if (!isRecord(value) || typeof value.name !== "string") throw refuse(at, "a text, or a name with options", value);
  return { name: value.name, options: optionsOf(value.options, `${at}.options`, refuse) };
}

function metricList(value: unknown, at: string, refuse: Refuse): readonly NamedSchema[] {
  if (!Array.isArray(value)) throw refuse(at, "a list", value);
  return value.map((entry) => namedSchema(entry, at, refuse));
}

function byName<V>(
  value: unknown,
  at: string,
  refuse: Refuse,
  check: (entry: unknown, at: string, refuse: Refuse) => V,
): Readonly<Record<string, V>> {
  if (!isRecord(value)) throw refuse(at, "a text, or an object by output", value);
  return Object.fromEntries(Object.keys(value).map((name) => [name, check(value[name], `${at}[${JSON.stringify(name)}]`, refuse)]));
}

function optionsOf(value: unknown, at: string, refuse: Refuse): { readonly [option: string]: PlainJson } {
  if (!isRecord(value)) throw refuse(at, "an object", value);
  return Object.fromEntries(Object.keys(value).map((name) => [name, plainJson(value[name], `${at}[${JSON.stringify(name)}]`, refuse)]));
}

function plainJson(value: unknown, at: string, refuse: Refuse): PlainJson {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return finite(value, at, refuse);
  if (Array.isArray(value)) return value.map((entry) => plainJson(entry, at, refuse));
  return optionsOf(value, at, refuse);
}

function finite(value: unknown, at: string, refuse: Refuse): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw refuse(at, "a finite number", value);
}
