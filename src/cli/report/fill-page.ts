// The HTML report of a filled table: the verdict and the errors of every way to fill, column by column.
import type { FillScores, ImputeResult } from "../../tasks/impute/types.js";
import { counted, shown } from "../numbers.js";
import { pageFrame, scrollTable } from "./frame.js";
import { escapeText } from "./svg.js";

/** What the report shows. */
export interface FillFacts {
  readonly result: ImputeResult;
  readonly seed: number;
  readonly notes: readonly string[];
}

const ways = ["model", "network", "mean", "last", "linear"] as const;
const titles = ["filled", "network alone", "mean", "last value", "linear"];

/** The whole page: no network, no scripts. */
export function fillPage({ result, seed, notes }: FillFacts): string {
  const { data, evaluation, network, training } = result;
  const title = data.file ?? "a table";
  const cells = (row: Readonly<Record<(typeof ways)[number], FillScores>>, name: "mae" | "rawMae" | "rmse"): string => {
    const best = Math.min(...ways.map((way) => row[way][name] ?? Number.POSITIVE_INFINITY));
    return ways.map((way) => `<td${row[way][name] === best ? ' class="best"' : ""}>${shown(row[way][name], 3)}</td>`).join("");
  };
  const rows = evaluation.columns.map((column) => {
    const used = column.networkWeight === 1 ? "network" : `${column.method}, network ${Math.round(100 * column.networkWeight)} %`;
    const facts = `<td>${column.missing}</td><td>${column.hidden}</td>`;
    return `<tr><th scope="row">${escapeText(column.name)}</th>${facts}${cells(column, "rawMae")}<td>${column.observed === 0 ? "nothing" : used}</td></tr>`;
  });
  const overall = (["mae", "rmse"] as const).map((name) => `<tr><th scope="row">${name.toUpperCase()}</th>${cells(evaluation, name)}</tr>`);
  return pageFrame(`Filled: ${title}`, [
    `<header><p class="kicker">deep-rnn impute</p><h1>${escapeText(title)}</h1>
<p class="lead">${counted(data.filled, "hole")} of ${counted(data.missing, "missing value")} filled in ${counted(data.rows, "row")}</p></header>
<section aria-label="Verdict"><p class="verdict">${escapeText(evaluation.verdict)}</p></section>
<section aria-labelledby="all"><h2 id="all">Errors at ${counted(evaluation.hidden, "hidden value")}, in standard deviations</h2>
${scrollTable("Errors of all columns", ["all columns", ...titles], overall)}</section>
<section aria-labelledby="each"><h2 id="each">Mean absolute errors by column, in its unit</h2>
${scrollTable("Errors by column", ["column", "missing", "hidden", ...titles, "used"], rows)}
<p class="note">Smaller is better. How a column is filled was chosen on other hidden values than those of these errors.</p></section>
<section aria-labelledby="how"><h2 id="how">Data and training</h2><ul>${notes.map((note) => `<li>${escapeText(note)}</li>`).join("")}
<li>${escapeText(network.cell)}, ${network.units.join(", ")} units, ${counted(network.parameters, "parameter")}; ${counted(training.epochs, "epoch")}, best ${training.bestEpoch}; seed ${seed}</li></ul></section>`,
  ]);
}
