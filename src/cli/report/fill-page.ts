// The HTML report of a filled table: the verdict and the errors of every way to fill, column by column.
import { counted } from "../../base/words.js";
import type { FillExample, FillScores, ImputeResult } from "../../tasks/impute/types.js";
import { usedWords } from "../fill-words.js";
import { shown } from "../numbers.js";
import { fillPlot } from "./fill-plot.js";
import { pageFrame, scroll, scrollTable } from "./frame.js";
import type { EpochLoss } from "./loss-plot.js";
import type { RunFacts } from "./sections.js";
import { againSection, factList, lossFigure, runRows, warningBox } from "./sections.js";
import { escapeText } from "./svg.js";

/** What the report shows. */
export interface FillFacts extends RunFacts {
  readonly result: ImputeResult;
  readonly notes: readonly string[];
  readonly epochs: readonly EpochLoss[];
  readonly examples: readonly FillExample[];
}

const ways = ["model", "network", "mean", "last", "linear"] as const;
const titles = ["filled", "network alone", "mean", "last value", "linear"];

/** The whole page: no network, no scripts. */
export function fillPage(facts: FillFacts): string {
  const { result, notes, examples, warnings, epochs } = facts;
  const { data, evaluation, network, training } = result;
  const title = data.file ?? "a table";
  const cells = (row: Readonly<Record<(typeof ways)[number], FillScores>>, name: "mae" | "rawMae" | "rmse"): string => {
    const best = Math.min(...ways.map((way) => row[way][name] ?? Number.POSITIVE_INFINITY));
    return ways.map((way) => `<td${row[way][name] === best ? ' class="best"' : ""}>${shown(row[way][name], 3)}</td>`).join("");
  };
  const rows = evaluation.columns.map((column) => {
    const facts = `<td>${column.missing}</td><td>${column.hidden}</td>`;
    return `<tr><th scope="row">${escapeText(column.name)}</th>${facts}${cells(column, "rawMae")}<td>${column.observed === 0 ? "nothing" : usedWords(column)}</td></tr>`;
  });
  const overall = (["mae", "rmse"] as const).map((name) => `<tr><th scope="row">${name.toUpperCase()}</th>${cells(evaluation, name)}</tr>`);
  return pageFrame(
    `Filled: ${title}`,
    [
      `<header><p class="kicker">deep-rnn impute</p><h1>${escapeText(title)}</h1>
<p class="lead">${counted(data.filled, "hole")} of ${counted(data.missing, "missing value")} filled in ${counted(data.rows, "row")}</p></header>
<section aria-label="Verdict"><p class="verdict">${escapeText(evaluation.verdict)}</p></section>
<section aria-labelledby="all"><h2 id="all">Errors at ${counted(evaluation.hidden, "hidden value")}, in standard deviations</h2>
${scrollTable("Errors of all columns", ["all columns", ...titles], overall)}</section>
<section aria-labelledby="each"><h2 id="each">Mean absolute errors by column, in its unit</h2>
${scrollTable("Errors by column", ["column", "missing", "hidden", ...titles, "used"], rows)}
<p class="note">Smaller is better. How a column is filled was chosen on other hidden values than those of these errors.</p></section>
${pictures(examples)}
<section aria-labelledby="training-title"><h2 id="training-title">Training</h2><p>${escapeText(network.cell)}, ${network.units.join(", ")} units, ${counted(network.parameters, "parameter")}; ${counted(training.epochs, "epoch")}, best ${training.bestEpoch}.</p>
${lossFigure(epochs, training.bestEpoch, { name: "training", caption: "The loss, and the error at values hidden to stop by." })}</section>
<section aria-labelledby="how"><h2 id="how">Data and settings</h2>${warningBox(warnings)}${factList(runRows(facts))}<ul>${notes.map((note) => `<li>${escapeText(note)}</li>`).join("")}</ul></section>`,
      againSection(facts),
    ],
    facts.version,
  );
}

function pictures(examples: readonly FillExample[]): string {
  const plots = examples.map((example, place) => fillPlot(example, String(place + 1)));
  const figures = plots.flatMap((svg, place) =>
    svg === "" ? [] : [`<figure>${scroll(`Plot of ${examples[place]!.column}`, svg)}</figure>`],
  );
  if (figures.length === 0) return "";
  return `<section aria-labelledby="filled-title"><h2 id="filled-title">Filled</h2>${figures.join("")}<p class="note">The columns with the most holes, each in a series with many; the whole table is in filled.csv.</p></section>`;
}
