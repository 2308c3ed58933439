// The HTML report: one file, no network, no scripts; readable in light and dark, on paper and by a screen reader.
import { counted } from "../../base/words.js";
import type { ForecastRow, ForecastRun } from "../../tasks/forecast/types.js";
import { duration, shown } from "../numbers.js";
import { scoreNames, scoreRows, scoreTitles } from "../scores.js";
import { anomalySection } from "./anomaly-section.js";
import { backtestSection } from "./backtest-section.js";
import { figureSection } from "./figure-section.js";
import { pageFrame, scroll } from "./frame.js";
import type { RunFacts } from "./sections.js";
import { againSection, factList, lossFigure, runRows, tile, warningBox } from "./sections.js";
import { escapeText } from "./svg.js";

/** What the report shows. */
export interface ReportFacts extends Omit<RunFacts, "warnings"> {
  readonly run: ForecastRun;
  /** The options in force, as `--name value` pairs for reading. */
  readonly settings: readonly (readonly [string, string])[];
  /** Commands to go on with. */
  readonly next: readonly string[];
}

/** The whole page. */
export function reportPage(facts: ReportFacts): string {
  const { run } = facts;
  const target = run.data.targets.join(", ");
  const sections = [
    head(facts, target),
    verdict(run),
    figureSection(run, target),
    scores(run),
    backtestSection(run, target),
    anomalySection(run, target),
    training(run),
    found(facts),
    values(run),
    againSection({ ...facts, warnings: run.warnings }),
    next(facts),
  ];
  return pageFrame(`Forecast of ${target}`, sections, facts.version);
}

function head({ run }: ReportFacts, target: string): string {
  const { data } = run;
  const file = data.file === null ? "" : ` in <code>${escapeText(data.file)}</code>`;
  return `<header><p class="kicker">deep-rnn forecast</p><h1>${escapeText(target)}</h1>
<p class="lead">${counted(data.rows, "row")}${file}, ${escapeText(data.start)} to ${escapeText(data.end)}</p></header>`;
}

function verdict({ evaluation, choice }: ForecastRun): string {
  const tiles = [
    tile("MASE of the forecast", shown(evaluation.model.mase, 3), `seasonal naive ${shown(evaluation.seasonalNaive.mase, 3)}`),
    tile("sMAPE", `${shown(evaluation.model.smape, 3)} %`, `seasonal naive ${shown(evaluation.seasonalNaive.smape, 3)} %`),
    tile("RMSE", shown(evaluation.model.rmse, 3), `seasonal naive ${shown(evaluation.seasonalNaive.rmse, 3)}`),
    tile("held out", counted(evaluation.test, "row"), `${counted(evaluation.points, "value")} scored`),
  ];
  return `<section aria-label="Verdict"><p class="verdict">${escapeText(evaluation.verdict)}</p><p>${escapeText(choice.reason)}</p><dl class="tiles">${tiles.join("")}</dl></section>`;
}

function scores(run: ForecastRun): string {
  const rows = scoreRows(run.evaluation, run.network.cell).map((row) => {
    const cells = scoreNames.map(
      (name) =>
        `<td${row.best.includes(name) ? ' class="best"' : ""}>${shown(row[name])}${row.best.includes(name) ? '<span class="mark"> best</span>' : ""}</td>`,
    );
    return `<tr><th scope="row">${escapeText(row.method)}</th>${cells.join("")}</tr>`;
  });
  const heads = scoreNames.map((name) => `<th scope="col">${scoreTitles[name]}</th>`);
  return `<section aria-labelledby="score-title"><h2 id="score-title">Scores on the held-out rows</h2>
${scroll("Scores", `<table class="methods"><thead><tr><th scope="col">method</th>${heads.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`)}
<p class="note">Smaller is better. MASE below 1: smaller errors than those of the seasonal naive method inside the training part.</p></section>`;
}

function training(run: ForecastRun): string {
  const { training: facts, network } = run;
  const plots = run.curves.map((curve) => {
    const epochs = curve.loss.map((loss, i) => ({ epoch: i + 1, loss, valLoss: curve.valLoss[i] ?? null }));
    return lossFigure(epochs, curve.valLoss.length > 0 ? facts.bestEpoch : null, { name: curve.phase, caption: phaseCaption[curve.phase] });
  });
  const sentence = `${counted(facts.epochs, "epoch")} (${stops[facts.stopped]}), best epoch ${facts.bestEpoch}, ${duration(run.seconds)} in all.`;
  const about = `${counted(network.layers, "recurrent layer")} of ${[...new Set(network.units)].join(" and ")} ${escapeText(network.cell)} units, ${escapeText(network.activation)}, ${counted(network.parameters, "parameter")}.`;
  return `<section aria-labelledby="training-title"><h2 id="training-title">Training</h2><p>${about} ${sentence}</p>${plots.join("")}</section>`;
}

const phaseCaption = {
  select: "Choosing the number of epochs: the loss on a validation part at the end of the training rows.",
  evaluate: "The network whose forecast of the held-out rows is scored.",
  refit: "The network saved with this run, trained on all rows.",
} as const;

const stops = {
  done: "all that were asked for",
  early: "stopped early, no better any more",
  time: "stopped by the time limit",
  nan: "stopped, the loss was not a number",
} as const;

function found(facts: ReportFacts): string {
  const { run, settings } = facts;
  const { data } = run;
  const rows: [string, string][] = [
    ["file", data.file ?? "a table in memory"],
    ["time", data.time ?? "none: rows are numbered"],
    ["target", data.targets.join(", ")],
    ["frequency", data.frequency],
    ["season", data.season > 1 ? counted(data.season, "row") : "none"],
    ["missing, gaps, duplicates", `${data.missing}, ${data.gaps}, ${data.duplicates}`],
    ["transform", data.transform],
    ...runRows({ ...facts, warnings: run.warnings }),
    ...settings.map(([name, value]): [string, string] => [name, value]),
  ];
  const notes = run.notes.length === 0 ? "" : `<ul>${run.notes.map((note) => `<li>${escapeText(note)}</li>`).join("")}</ul>`;
  return `<section aria-labelledby="found-title"><h2 id="found-title">Data and settings</h2>${warningBox(run.warnings)}${factList(rows)}${notes}</section>`;
}

function values({ holdout, forecast }: ForecastRun): string {
  const banded = [...holdout, ...forecast].some((row) => row.lower95 !== null);
  const row = (each: ForecastRow): string => {
    const bands = banded ? `<td>${shown(each.lower95)}</td><td>${shown(each.upper95)}</td>` : "";
    return `<tr><th scope="row">${escapeText(each.id === null ? each.time : `${each.id}, ${each.time}`)}</th><td>${shown(each.actual)}</td><td>${shown(each.value)}</td>${bands}</tr>`;
  };
  const heads = ["truth", "forecast", ...(banded ? ["from (95 %)", "to (95 %)"] : [])];
  const table = (rows: readonly ForecastRow[]): string =>
    `<table><thead><tr><th scope="col">time</th>${heads.map((each) => `<th scope="col">${each}</th>`).join("")}</tr></thead><tbody>${rows.map(row).join("")}</tbody></table>`;
  const part = (title: string, rows: readonly ForecastRow[]): string =>
    rows.length === 0
      ? ""
      : `<details><summary>${title} (${counted(rows.length, "row")})</summary>${scroll(title, table(rows.slice(0, shownRows)))}${rows.length > shownRows ? '<p class="note">The rest is in forecast.csv.</p>' : ""}</details>`;
  return `<section aria-labelledby="value-title"><h2 id="value-title">Numbers</h2>${part("Held-out rows", holdout)}${part("Beyond the data", forecast)}</section>`;
}

const shownRows = 1000;

function next(facts: ReportFacts): string {
  return `<section aria-labelledby="next-title"><h2 id="next-title">Next</h2><pre>${facts.next.map(escapeText).join("\n")}</pre></section>`;
}
