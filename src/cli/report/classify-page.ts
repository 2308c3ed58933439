// The HTML report of classified sequences: verdict, scores beside logistic regression, classes, confusion.
import { counted } from "../../base/words.js";
import type { ClassifiedItem, ClassifyResult, ClassScores } from "../../tasks/classify/types.js";
import { intervalWords } from "../classify-words.js";
import { shown } from "../numbers.js";
import type { EpochFacts } from "../run-record.js";
import { calibrationPlot, rocPlot } from "./classify-plots.js";
import { pageFrame, scroll, scrollTable } from "./frame.js";
import type { RunFacts } from "./sections.js";
import { againSection, factList, lossFigure, runRows, tile, warningBox } from "./sections.js";
import { escapeText } from "./svg.js";

/** What the report shows. */
export interface ClassifyFacts extends RunFacts {
  readonly result: ClassifyResult;
  /** All of them; those of the result may be cut. */
  readonly predictions: readonly ClassifiedItem[];
  readonly notes: readonly string[];
  readonly epochs: readonly EpochFacts[];
}

const names = ["auroc", "auprc", "accuracy", "macroF1", "logLoss", "calibrationError"] as const;
const titles = ["AUROC", "AUPRC", "accuracy", "macro F1", "log loss", "calibration error"];

/** The whole page: no network, no scripts. */
export function classifyPage(facts: ClassifyFacts): string {
  const { result, predictions, notes, epochs, warnings } = facts;
  const { data, evaluation, network, training } = result;
  const row = (title: string, scores: ClassScores): string =>
    `<tr><th scope="row">${title}</th>${names.map((name) => `<td>${shown(scores[name], 3)}</td>`).join("")}</tr>`;
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
  return pageFrame(
    `Classified: ${data.label}`,
    [
      `<header><p class="kicker">deep-rnn classify</p><h1>${escapeText(data.label)}</h1>
<p class="lead">${counted(data.examples, "sequence")} in <code>${escapeText(data.file ?? "memory")}</code>, ${counted(data.events, "event")}</p></header>
<section aria-label="Verdict"><p class="verdict">${escapeText(evaluation.verdict)}</p><dl class="tiles">
${tile("AUROC", shown(evaluation.auroc, 3), `95 %: ${intervalWords(evaluation.intervals.auroc)}`)}
${tile(data.classes.length === 2 ? `AUPRC of ${data.classes[1]}` : "AUPRC", shown(evaluation.auprc, 3), `95 %: ${intervalWords(evaluation.intervals.auprc)}`)}
${tile("accuracy", shown(evaluation.accuracy, 3), `most frequent class ${shown(evaluation.majority, 3)}`)}
${tile("sequences tested", predictions.length.toLocaleString("en"), `${counted(data.split.train, "sequence")} trained on`)}</dl></section>
<section aria-labelledby="scores"><h2 id="scores">Scores on sequences that were not trained on</h2>
${scrollTable("Table of scores", ["way", ...titles], [row("model", evaluation), row("networks alone", evaluation.network), row("logistic regression", evaluation.logistic)])}</section>
${folds.length === 0 ? "" : `<section aria-labelledby="folds"><h2 id="folds">Folds</h2>${scrollTable("Table of folds", ["fold", "sequences", "AUROC", "AUPRC"], folds)}</section>`}
${curves(facts)}
<section aria-labelledby="classes"><h2 id="classes">Classes</h2>${scrollTable("Table of classes", ["class", "sequences", "precision", "recall", "F1"], classes)}
<h2>Confusion</h2>${scrollTable("Table of confusion", ["truth", ...data.classes], confusion)}</section>
<section aria-labelledby="training-title"><h2 id="training-title">Training</h2><p>${counted(network.members, "network")} of ${network.units.join(", ")} ${escapeText(network.cell)} units and a logistic regression, ${counted(network.parameters, "parameter")}; ${counted(training.epochs, "epoch")}, best ${training.bestEpoch}.${folds.length === 0 ? "" : " The model that is saved was trained on the sequences of all folds, after them; the scores are those of the folds' own models."}</p>
${lossFigure(
  epochs.filter(({ phase }) => phase === "model"),
  training.bestEpoch,
  { name: "training", caption: "The loss of the model that is saved: the mean over its networks and the regression." },
)}</section>
<section aria-labelledby="how"><h2 id="how">Data and settings</h2>${warningBox(warnings)}${factList(runRows(facts))}<ul>${notes.map((note) => `<li>${escapeText(note)}</li>`).join("")}</ul></section>`,
      againSection(facts),
    ],
    facts.version,
  );
}

function curves({ predictions, result }: ClassifyFacts): string {
  const { data, evaluation } = result;
  const plots = [
    ["ROC curve", rocPlot(predictions, data.classes, evaluation.auroc)],
    ["Plot of the calibration", calibrationPlot(predictions)],
  ] as const;
  const figures = plots.flatMap(([label, svg]) => (svg === "" ? [] : [`<figure>${scroll(label, svg)}</figure>`]));
  return figures.length === 0
    ? ""
    : `<section aria-labelledby="curves"><h2 id="curves">Probabilities</h2><div class="pair">${figures.join("")}</div></section>`;
}
