// What is said about classified sequences, as text and as CSV.

import { shellWord } from "../base/shell-word.js";
import { counted } from "../base/words.js";
import type { ClassifiedItem, ClassifyEvaluation, ClassifyResult, Interval } from "../tasks/classify/types.js";
import { duration, shown } from "./numbers.js";
import type { Terminal } from "./terminal.js";

/** One row per sequence: id, true class, said class, and the probability of each class. */
export function classifiedCsv(items: readonly ClassifiedItem[], classes: readonly string[]): string {
  const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const head = ["id", "actual", "label", ...classes.map((name) => `p(${name})`)].map(quote).join(",");
  const rows = items.map(({ input, actual, label, probabilities }) =>
    [quote(input), quote(actual ?? ""), quote(label), ...classes.map((name) => String(probabilities[name] ?? ""))].join(","),
  );
  return `${[head, ...rows].join("\n")}\n`;
}

/** The score table. */
export function scoreLines(evaluation: ClassifyEvaluation, { paintOut: paint }: Terminal): string[] {
  const { perClass } = evaluation;
  const tested = perClass.reduce((sum, { support }) => sum + support, 0);
  // What AUPRC is without any knowledge: the share of the class, or its mean over more than two.
  const chance = evaluation.auprc === null ? null : perClass.length === 2 ? perClass[1]!.support / tested : 1 / perClass.length;
  const rows: readonly (readonly string[])[] = [
    ["", "AUROC", "AUPRC", "accuracy", "macro F1", "log loss"],
    ...(
      [
        ["model", evaluation],
        ["  networks alone", evaluation.network],
        ["logistic regression", evaluation.logistic],
      ] as const
    ).map(([name, each]) => [
      name,
      shown(each.auroc, 3),
      shown(each.auprc, 3),
      shown(each.accuracy, 3),
      shown(each.macroF1, 3),
      shown(each.logLoss, 3),
    ]),
    ["most frequent class", "0.500", shown(chance, 3), shown(evaluation.majority, 3), "", ""],
  ];
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const whose = perClass.length === 2 ? `AUPRC is that of ${perClass[1]!.label}; ` : "";
  const lines = rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "));
  return [
    paint("dim", lines[0] ?? ""),
    ...lines.slice(1),
    "",
    `${whose}95 % intervals: AUROC ${intervalWords(evaluation.intervals.auroc)}, AUPRC ${intervalWords(evaluation.intervals.auprc)}; calibration error ${shown(evaluation.calibrationError, 3)}`,
    ...(evaluation.folds.length === 0
      ? []
      : [
          `mean over ${evaluation.folds.length} folds: AUROC ${shown(evaluation.meanAuroc, 3)} (${evaluation.folds.map(({ auroc }) => shown(auroc, 3)).join(", ")}), AUPRC ${shown(evaluation.meanAuprc, 3)}`,
        ]),
    "",
    evaluation.verdict,
  ];
}

/** "0.812 to 0.861". */
export function intervalWords(interval: Interval): string {
  return interval === null ? "–" : `${shown(interval[0], 3)} to ${shown(interval[1], 3)}`;
}

/** The result on stdout. */
export function classifyLines(
  { evaluation, predictions, data }: ClassifyResult,
  { path, seconds, cell }: { readonly path: string; readonly seconds: number; readonly cell: string },
  terminal: Terminal,
): string[] {
  const paint = terminal.paintOut;
  return [
    paint("bold", `Scores on ${counted(predictions.length, "sequence")} that ${predictions.length === 1 ? "was" : "were"} not trained on`),
    ...scoreLines(evaluation, terminal),
    "",
    paint("bold", "Confusion (rows: truth)"),
    ...confusionLines(evaluation.confusion, data.classes),
    "",
    `${paint("bold", "Files")}, after ${duration(seconds)}:`,
    `  ${path}/report.html       scores and classes: open it in a browser`,
    `  ${path}/predictions.csv   the probabilities`,
    `  ${path}/model             the trained network`,
    "",
    paint("bold", "Next:"),
    `  deep-rnn predict ${shellWord(path)} NEW-EVENTS${cell}`,
  ];
}

/** Classes that a text table shows. */
const shownClasses = 12;

function confusionLines(confusion: readonly (readonly number[])[], classes: readonly string[]): string[] {
  const names = classes.slice(0, shownClasses);
  const rows = [["", ...names], ...names.map((name, i) => [name, ...(confusion[i] ?? []).slice(0, shownClasses).map(String)])];
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  "));
}
