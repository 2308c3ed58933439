// Names of frequencies: what a step is called, which step a name means, and how many rows its seasons have.

import type { Step } from "./frequency.js";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Rows in the natural season of a frequency, longest first; empty if it has none to offer. */
export function seasonsOf(frequency: string): readonly number[] {
  const named: Readonly<Record<string, readonly number[]>> = {
    yearly: [1],
    quarterly: [4],
    monthly: [12],
    weekly: [52],
    daily: [7],
    "business daily": [5],
    "4-4-5 weeks": [12],
    hourly: [24], // biome-ignore format: one table
  };
  if (Object.hasOwn(named, frequency)) return named[frequency]!;
  const parts = /^(\d+) (second|minute|hour|day|week|month)s?$/.exec(frequency);
  if (parts === null) return [];
  const cycles: Readonly<Record<string, readonly number[]>> = {
    second: [86_400, 3600, 60],
    minute: [1440, 60],
    hour: [24],
    day: [],
    week: [52],
    month: [12],
  };
  return cycles[parts[2]!]!.map((rows) => rows / Number(parts[1])).filter((rows) => Number.isInteger(rows) && rows > 1);
}

/** The frequency in words. */
export function nameOf(step: Step): string {
  if (step.unit === "business") return "business daily";
  if (step.unit === "none") return "irregular";
  if (step.unit === "retail") return "4-4-5 weeks";
  if (step.unit === "month") {
    const named: Readonly<Record<number, string>> = { 1: "monthly", 3: "quarterly", 12: "yearly" };
    return named[step.count] ?? (step.count % 12 === 0 ? `${step.count / 12} years` : `${step.count} months`);
  }
  const { count } = step;
  if (count === 7 * dayMs) return "weekly";
  if (count === dayMs) return "daily";
  if (count === 60 * minuteMs) return "hourly";
  if (count % (7 * dayMs) === 0) return `${count / (7 * dayMs)} weeks`;
  if (count % dayMs === 0) return `${count / dayMs} days`;
  if (count % (60 * minuteMs) === 0) return `${count / (60 * minuteMs)} hours`;
  const many = (size: number, unit: string): string => `${size} ${unit}${size === 1 ? "" : "s"}`;
  if (count % minuteMs === 0) return many(count / minuteMs, "minute");
  return count % 1000 === 0 ? many(count / 1000, "second") : `${count} ms`;
}

/** Letters that pandas and the libraries on top of it use, with a count before them: 15min, MS, W-SUN. M is a month, m no longer one. */
const aliases: readonly (readonly [RegExp, string, number])[] = [
  [/^(?:S|s|sec)$/, "second", 1],
  [/^(?:T|min)$/, "minute", 1],
  [/^(?:H|h|hr)$/, "hour", 1],
  [/^[Dd]$/, "day", 1],
  [/^[Bb]$/, "business", 1],
  [/^[Ww](?:-[A-Za-z]{3})?$/, "week", 1],
  [/^(?:M|MS|ME|BM|BMS|BME)$/, "month", 1],
  [/^(?:Q|QS|QE)(?:-[A-Za-z]{3})?$/, "month", 3],
  [/^(?:A|AS|Y|YS|YE)(?:-[A-Za-z]{3})?$/, "year", 1],
];

function aliasParts(name: string): readonly string[] | null {
  const parts = /^(\d*)([A-Za-z-]+)$/.exec(name);
  const found = aliases.find(([letters]) => parts !== null && letters.test(parts[2]!));
  return found === undefined ? null : [name, String(found[2] * Number(parts![1] || 1)), found[1]];
}

/** The step that a frequency names, null if it is none. Months take their day from the times they are laid on. */
export function stepOfName(name: string): Step | null {
  const text = name.trim().toLowerCase();
  const day = 1;
  const months: Readonly<Record<string, number>> = { monthly: 1, quarterly: 3, yearly: 12, annual: 12 };
  if (Object.hasOwn(months, text)) return { unit: "month", count: months[text]!, day };
  if (text === "business daily") return { unit: "business", count: 1 };
  if (text === "4-4-5 weeks") return { unit: "retail", count: 1 };
  const fixed: Readonly<Record<string, number>> = { weekly: 7 * dayMs, daily: dayMs, hourly: 60 * minuteMs };
  if (Object.hasOwn(fixed, text)) return { unit: "ms", count: fixed[text]! };
  const parts = /^(\d+) (second|minute|hour|day|week|month|year)s?$/.exec(text) ?? aliasParts(name.trim());
  if (parts === null || Number(parts[1]) < 1) return null;
  if (parts[2] === "business") return Number(parts[1]) === 1 ? { unit: "business", count: 1 } : null;
  const count = Number(parts[1]);
  if (parts[2] === "month" || parts[2] === "year") return { unit: "month", count: count * (parts[2] === "year" ? 12 : 1), day };
  const unit = { second: 1000, minute: minuteMs, hour: 60 * minuteMs, day: dayMs, week: 7 * dayMs }[parts[2]!] ?? dayMs;
  return { unit: "ms", count: count * unit };
}
