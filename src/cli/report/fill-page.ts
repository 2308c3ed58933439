// The HTML report of a filled table: the verdict and the errors of every way to fill, column by column.
import type { FillScores, ImputeResult } from "../../tasks/impute/types.js";
import { counted, shown } from "../numbers.js";
import { pageStyle } from "./style.js";
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
  const title = escapeText(data.file ?? "a table");
  const cells = (row: Readonly<Record<(typeof ways)[number], FillScores>>, name: "mae" | "rawMae" | "rmse"): string => {
    const best = Math.min(...ways.map((way) => row[way][name] ?? Number.POSITIVE_INFINITY));
    return ways.map((way) => `<td${row[way][name] === best ? ' class="best"' : ""}>${shown(row[way][name], 3)}</td>`).join("");
  };
  const rows = evaluation.columns.map((column) => {
    const used = column.networkWeight === 1 ? "network" : `${column.method}, network ${Math.round(100 * column.networkWeight)} %`;
    const facts = `<td>${column.missing}</td><td>${column.hidden}</td>`;
    return `<tr><th scope="row">${escapeText(column.name)}</th>${facts}${cells(column, "rawMae")}<td>${column.observed === 0 ? "nothing" : used}</td></tr>`;
  });
  const heads = ["missing", "hidden", ...titles, "used"].map((each) => `<th scope="col">${each}</th>`).join("");
  const overall = (["mae", "rmse"] as const).map((name) => `<tr><th scope="row">${name.toUpperCase()}</th>${cells(evaluation, name)}</tr>`);
  const overallHeads = titles.map((each) => `<th scope="col">${each}</th>`).join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Filled: ${title}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<header><p class="kicker">deep-rnn impute</p><h1>${title}</h1>
<p class="lead">${counted(data.filled, "hole")} of ${counted(data.missing, "missing value")} filled in ${counted(data.rows, "row")}</p></header>
<section aria-label="Verdict"><p class="verdict">${escapeText(evaluation.verdict)}</p></section>
<section aria-labelledby="all"><h2 id="all">Errors at ${counted(evaluation.hidden, "hidden value")}, in standard deviations</h2>
<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">all columns</th>${overallHeads}</tr></thead><tbody>${overall.join("")}</tbody></table></div></section>
<section aria-labelledby="each"><h2 id="each">Mean absolute errors by column, in its unit</h2>
<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">column</th>${heads}</tr></thead><tbody>${rows.join("")}</tbody></table></div>
<p class="note">Smaller is better. How a column is filled was chosen on other hidden values than those of these errors.</p></section>
<section aria-labelledby="how"><h2 id="how">Data and training</h2><ul>${notes.map((note) => `<li>${escapeText(note)}</li>`).join("")}
<li>${escapeText(network.cell)}, ${network.units.join(", ")} units, ${counted(network.parameters, "parameter")}; ${counted(training.epochs, "epoch")}, best ${training.bestEpoch}; seed ${seed}</li></ul></section>
</main>
</body>
</html>
`;
}
