// Initialisers as layers take them: by Keras's names, or as what the functions of init.ts return.

import { UsageError } from "../base/errors.js";
import { isRecord } from "../base/tree.js";
import {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Init,
  identity,
  lecunNormal,
  lecunUniform,
  normalInit,
  onesInit,
  orthogonal,
  truncatedNormal,
  uniformInit,
  zerosInit,
} from "./init.js";
import { shown } from "./options.js";
import { nearestName } from "./suggest.js";

/** Keras's names. */
export type InitializerName =
  | "zeros"
  | "ones"
  | "randomUniform"
  | "randomNormal"
  | "truncatedNormal"
  | "glorotUniform"
  | "glorotNormal"
  | "heUniform"
  | "heNormal"
  | "lecunUniform"
  | "lecunNormal"
  | "orthogonal"
  | "identity";

const byName: { readonly [N in InitializerName]: () => Init } = {
  zeros: zerosInit,
  ones: onesInit,
  randomUniform: uniformInit,
  randomNormal: normalInit,
  truncatedNormal: truncatedNormal,
  glorotUniform: glorotUniform,
  glorotNormal: glorotNormal,
  heUniform: heUniform,
  heNormal: heNormal,
  lecunUniform: lecunUniform,
  lecunNormal: lecunNormal,
  orthogonal: orthogonal,
  identity: identity,
};

/** A name, with the initialiser's usual numbers, or an initialiser. */
export type Initializer = InitializerName | Init;

/** The initialiser that an option means; throws UsageError `bad_option` with the nearest name. */
export function initializerOf(owner: string, option: string, value: unknown): Init {
  if (typeof value === "string" && isName(value)) return byName[value]();
  if (isInit(value)) return value;
  const near = typeof value === "string" ? nearestName(value, Object.keys(byName)) : null;
  throw new UsageError({
    code: "bad_option",
    what: `${owner}: option ${option} is ${shown(value)}`,
    hint: near === null ? `Use one of ${Object.keys(byName).join(", ")}, or constant(value) and the like.` : `Did you mean "${near}"?`,
  });
}

function isName(word: string): word is InitializerName {
  return Object.hasOwn(byName, word);
}

// Files and plain JavaScript may give anything: every number that a kind needs is looked at.
function isInit(value: unknown): value is Init {
  if (!isRecord(value) || typeof value.kind !== "string") return false;
  const { kind, ...numbers } = value;
  const needed = parameters[kind];
  const isGiven = (name: string): boolean => typeof numbers[name] === "number" && Number.isFinite(numbers[name]);
  return needed !== undefined && needed.length === Object.keys(numbers).length && needed.every(isGiven);
}

const parameters: { readonly [kind: string]: readonly string[] | undefined } = {
  zeros: [],
  ones: [],
  constant: ["value"],
  uniform: ["limit"],
  normal: ["deviation"],
  truncatedNormal: ["deviation"],
  lecunUniform: [],
  lecunNormal: [],
  glorotUniform: [],
  glorotNormal: [],
  heUniform: [],
  heNormal: [],
  orthogonal: ["gain"],
  identity: ["gain"],
  ringDecay: ["rMin", "rMax"],
  ringPhase: ["maxPhase"],
};
