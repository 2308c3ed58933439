// The HTML report of classified sequences: verdict, scores beside logistic regression, classes, confusion.
import type { ClassifyResult, ClassScores } from "../../tasks/classify/types.js";
import { intervalWords } from "../classify-words.js";
import { counted, shown } from "../numbers.js";
import { pageFrame, scrollTable } from "./frame.js";
import { escapeText } from "./svg.js";

/** What the report shows. */
export interface ClassifyFacts {
  readonly result: ClassifyResult;
  readonly seed: number;
  readonly notes: readonly string[];
}

const names = ["auroc", "auprc", "accuracy", "macroF1", "logLoss", "calibrationError"] as const;
const titles = ["AUROC", "AUPRC", "accuracy", "macro F1", "log loss", "calibration error"];

/** The whole page: no network, no scripts. */
export function classifyPage({ result, seed, notes }: ClassifyFacts): string {
  const { data, evaluation, network, training } = result;
  const row = (title: string, scores: ClassScores): string =>
    `<tr><th scope="row">${title}</th>${names.map((name) => `<td>${shown(scores[name], 3)}</td>`).join("")}</tr>`;
  const tile = (label: string, value: string, note: string): string =>
    `<div class="tile"><dt>${label}</dt><dd>${value}</dd><dd class="note">${note}</dd></div>`;
  const classes = evaluation.perClass.map(
    ({ label, precision, recall, f1, support }) =>
      `<tr><th scope="row">${escapeText(label)}</th><td>${support}</td><td>${shown(precision, 3)}</td><td>${shown(recall, 3)}</td><td>${shown(f1, 3)}</td></tr>`,
  );
  const confusion = evaluation.confusion.map(
    (counts, truth) =>
      `<tr><th scope="row">${escapeText(data.classes[truth] ?? "")}</th>${counts.map((count) => `<td>${count}</td>`).join("")}</tr>`,
  );
  const folds = evaluation.folds.map(
    ({ examples, auroc, auprc }, index) =>
      `<tr><th scope="row">${index + 1}</th><td>${examples}</td><td>${shown(auroc, 3)}</td><td>${shown(auprc, 3)}</td></tr>`,
  );
  return pageFrame(`Classified: ${data.label}`, [
    `<header><p class="kicker">deep-rnn classify</p><h1>${escapeText(data.label)}</h1>
<p class="lead">${counted(data.examples, "sequence")} in <code>${escapeText(data.file ?? "memory")}</code>, ${counted(data.events, "event")}</p></header>
<section aria-label="Verdict"><p class="verdict">${escapeText(evaluation.verdict)}</p><dl class="tiles">
${tile("AUROC", shown(evaluation.auroc, 3), `95 %: ${intervalWords(evaluation.intervals.auroc)}`)}
${tile("AUPRC", shown(evaluation.auprc, 3), `95 %: ${intervalWords(evaluation.intervals.auprc)}`)}
${tile("accuracy", shown(evaluation.accuracy, 3), `most frequent class ${shown(evaluation.majority, 3)}`)}
${tile("tested", counted(result.predictions.length, "sequence"), `${data.split.train} trained on`)}</dl></section>
<section aria-labelledby="scores"><h2 id="scores">Scores on sequences that were not trained on</h2>
${scrollTable("Scores", ["", ...titles], [row("model", evaluation), row("networks alone", evaluation.network), row("logistic regression", evaluation.logistic)])}</section>
${folds.length === 0 ? "" : `<section aria-labelledby="folds"><h2 id="folds">Folds</h2>${scrollTable("Folds", ["fold", "sequences", "AUROC", "AUPRC"], folds)}</section>`}
<section aria-labelledby="classes"><h2 id="classes">Classes</h2>${scrollTable("Classes", ["class", "sequences", "precision", "recall", "F1"], classes)}
<h2>Confusion (rows: truth)</h2>${scrollTable("Confusion", ["", ...data.classes], confusion)}</section>
<section aria-labelledby="how"><h2 id="how">Data and training</h2><ul>${notes.map((note) => `<li>${escapeText(note)}</li>`).join("")}
<li>${network.members} networks of ${network.units.join(", ")} ${escapeText(network.cell)} units and a logistic regression, ${counted(network.parameters, "parameter")}; ${counted(training.epochs, "epoch")}, best ${training.bestEpoch}; seed ${seed}</li></ul></section>`,
  ]);
}
