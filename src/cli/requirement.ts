// `--require "mase<1"`: conditions on the evaluation, for checks that shall fail by exit code.
import { z } from "zod";
import type { ForecastEvaluation } from "../tasks/forecast/types.js";
import type { Warning } from "./envelope.js";
import { usageError } from "./failure.js";
import { shown } from "./numbers.js";
import type { Kind } from "./settings/kinds.js";
import { Setting } from "./settings/setting.js";

type Operator = "<" | "<=" | ">" | ">=";

interface Requirement {
  readonly measure: string;
  readonly operator: Operator;
  readonly limit: number;
}

const holds: Readonly<Record<Operator, (value: number, limit: number) => boolean>> = {
  "<": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
  ">": (value, limit) => value > limit,
  ">=": (value, limit) => value >= limit,
};

const form = /^\s*([A-Za-z]\w*)\s*(<=|>=|<|>)\s*(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i;

/** Measures of a forecast that conditions can name. */
export const forecastMeasures = ["mase", "smape", "rmse", "mae", "crps", "coverage80", "coverage95", "maseRatio"] as const;

/** Measures of a classification that conditions can name. */
export const classifyMeasures = ["auroc", "auprc", "accuracy", "macroF1", "logLoss", "calibrationError"] as const;

/** The option of the verb that scores a saved model, whatever it is for. */
export function anyRequirement(): Setting {
  const measures = [...forecastMeasures, ...classifyMeasures];
  return new Setting(
    "--require <condition>",
    'exit with 3 unless "mase<1", "auroc>0.8" or the like holds (repeatable)',
    requirements(measures),
  );
}

/** The option of the verbs that score a forecast. */
export function forecastRequirement(): Setting {
  return new Setting("--require <condition>", 'exit with 3 unless "mase<1" or the like holds (repeatable)', requirements(forecastMeasures));
}

/** One warning for each condition that an evaluation does not meet. */
export function unmetBy({ model, maseRatio }: ForecastEvaluation, conditions: readonly string[] = []): Warning[] {
  return unmet(conditions, { ...model, maseRatio });
}

/** Conditions on these measures. */
export function requirements(measures: readonly string[]): Kind {
  const one = z.string().refine((text) => requirementOf(text, measures) !== null);
  return {
    need: `A condition such as "${measures[0]}<1" is needed: one of ${measures.join(", ")}; <, <=, > or >=; a number.`,
    schema: z.union([z.array(one), one.transform((text) => [text])]),
    read: (text) => [text],
    repeatable: true,
  };
}

/** Refuses conditions on measures that the model's task does not have, before anything is computed. */
export function refuseOthers(conditions: readonly string[] = [], measures: readonly string[], model: string): void {
  const other = conditions.find((text) => requirementOf(text, measures) === null);
  if (other === undefined) return;
  throw usageError(
    "bad_require",
    `--require "${other.trim()}" is no condition on the scores of ${model}.`,
    `It has ${measures.join(", ")}.`,
  );
}

/** One warning for each condition that the values do not meet; a value that does not exist meets none. */
export function unmet(conditions: readonly string[], values: Readonly<Record<string, unknown>>): Warning[] {
  return conditions.flatMap((text): Warning[] => {
    const requirement = requirementOf(text, Object.keys(values));
    const value = requirement === null ? null : values[requirement.measure];
    if (requirement !== null && typeof value === "number" && holds[requirement.operator](value, requirement.limit)) return [];
    const is = typeof value === "number" ? `it is ${shown(value)}` : "it has no value";
    return [{ code: "require_not_met", message: `--require "${text.trim()}" does not hold: ${is}.` }];
  });
}

function requirementOf(text: string, measures: readonly string[]): Requirement | null {
  const [, measure, operator, limit] = form.exec(text) ?? [];
  const known = measures.find((name) => name.toLowerCase() === measure?.toLowerCase());
  if (known === undefined || !isOperator(operator)) return null;
  return { measure: known, operator, limit: Number(limit) };
}

function isOperator(text: string | undefined): text is Operator {
  return text !== undefined && Object.hasOwn(holds, text);
}
