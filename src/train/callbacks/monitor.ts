// Which value of the history tells how good an epoch was, and in which direction.

import { UsageError } from "../../base/errors.js";

/** The monitored value, and whether it beats another. */
export interface Monitored {
  readonly name: string;
  readonly value: number;
  isBetterThan(best: number | null): boolean;
}

/**
 * The value with this name; by default valLoss, or loss without validation. Accuracies and their like are better when higher, everything
 * else when lower.
 *
 * @throws UsageError `unknown_monitor`
 */
export function monitored(op: string, logs: Readonly<Record<string, number>>, monitor: string | undefined): Monitored {
  const name = monitor ?? ("valLoss" in logs ? "valLoss" : "loss");
  const value = logs[name];
  if (value === undefined) {
    throw new UsageError({
      code: "unknown_monitor",
      op,
      what: `there is no "${name}" in the history`,
      hint: `It has ${Object.keys(logs).join(", ")}.`,
    });
  }
  const isHigherBetter = /(accuracy|auroc|auprc|f1|f1macro|f1micro|macrof1|microf1|r2)$/i.test(name);
  return { name, value, isBetterThan: (best) => best === null || (isHigherBetter ? value > best : value < best) };
}
