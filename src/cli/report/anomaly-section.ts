// Strange rows in the report: a picture of what was expected and what came, and a table of the most surprising ones.
import { counted } from "../../base/words.js";
import type { RowScore } from "../../tasks/forecast/anomaly-types.js";
import type { ForecastRun } from "../../tasks/forecast/types.js";
import { anomalyCells, anomalySentence, anomalyTitles, mostSurprising, percentOf } from "../anomaly-words.js";
import { axisOf, shown } from "../numbers.js";
import { scroll, scrollTable } from "./frame.js";
import type { Frame } from "./svg.js";
import { area, escapeText, linear, path, plotStyle, round, valueAxis } from "./svg.js";
import { timeAxis } from "./time-axis.js";

const shownRows = 50;
/** A line has no more dots than that. */
const mostPoints = 2000;
const size = { width: 960, height: 340 };
const frame: Frame = { left: 64, right: 944, top: 60, bottom: 298 };

/** Nothing unless anomalies were asked for. */
export function anomalySection(run: ForecastRun, target: string): string {
  const { anomalySummary, anomalies = [], rowScores } = run;
  if (anomalySummary === undefined || rowScores === null) return "";
  const { id = null } = rowScores[0] ?? {};
  const own = rowScores.filter((score) => score.id === id).slice(-mostPoints);
  const svg = anomalyPlot(own, { title: id === null ? target : `${target} of ${id}`, season: run.data.season });
  const percent = percentOf(anomalySummary.level);
  const figure =
    svg === ""
      ? ""
      : `<figure>${scroll("Plot of the anomalies", svg)}<figcaption>Each row was forecast from the rows before it; the band holds ${percent} of what was expected. The network was trained on the rows before the dotted line.</figcaption></figure>`;
  const rows = mostSurprising(anomalies, shownRows);
  const body = rows
    .map(anomalyCells)
    .map(
      ([time = "", ...cells]) =>
        `<tr><th scope="row">${escapeText(time)}</th>${cells.map((cell) => `<td>${escapeText(cell)}</td>`).join("")}</tr>`,
    );
  const more = anomalies.length > shownRows ? ` ${counted(anomalies.length - shownRows, "more row")} in anomalies.csv.` : "";
  const heads = [...anomalyTitles.slice(0, -1), "network"];
  const table = body.length === 0 ? "" : scrollTable("Most surprising rows", heads, body);
  return `<section aria-labelledby="anomaly-title"><h2 id="anomaly-title">Anomalies</h2><p>${escapeText(anomalySentence(anomalySummary))}</p>${figure}${table}
<p class="note">The score is −log10 of the probability of a value so far out, on either side.${more}</p></section>`;
}

function anomalyPlot(scores: readonly RowScore[], { title, season }: { readonly title: string; readonly season: number }): string {
  if (scores.length < 2) return "";
  const all = scores.flatMap(({ actual, lower, upper }) => [actual, lower, upper]).filter(Number.isFinite);
  const { low, high, marks } = axisOf(
    all.reduce((a, b) => Math.min(a, b)),
    all.reduce((a, b) => Math.max(a, b)),
    4,
  );
  const x = linear(0, scores.length - 1, frame.left + 6, frame.right - 6);
  const y = linear(low, high, frame.bottom, frame.top);
  const flagged = scores.flatMap((score, i) => (score.flagged ? [{ ...score, i }] : []));
  const unseen = scores.findIndex(({ inSample }) => !inSample);
  const border = round(x(unseen - 0.5));
  return [
    `<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="anomaly-plot-title anomaly-plot-text">`,
    `<title id="anomaly-plot-title">Anomalies of ${escapeText(title)}</title><desc id="anomaly-plot-text">${counted(scores.length, "row")}, ${flagged.length} of them flagged.</desc>`,
    `<style>${plotStyle}</style>`,
    valueAxis(frame, marks, y),
    timeAxis(scores, x, { season, frame, width: size.width }),
    unseen > 0 ? `<line class="border" x1="${border}" x2="${border}" y1="${frame.top}" y2="${frame.bottom}"/>` : "",
    `<path class="band80" d="${area(
      scores.map(({ lower, upper }) => [lower, upper]),
      x,
      y,
    )}"/>`,
    `<path class="line truth" d="${path(
      scores.map(({ actual }) => actual),
      x,
      y,
    )}"/>`,
    ...flagged.map(
      ({ i, actual, time, expected, score }) =>
        `<circle class="strange" cx="${round(x(i))}" cy="${round(y(actual))}" r="6"><title>${escapeText(time)}: ${shown(actual)}, expected ${shown(expected)}, score ${shown(score, 3)}</title></circle>`,
    ),
    `<text class="strong" x="${frame.left}" y="18">${escapeText(title.slice(0, 100))}</text>`,
    `<path class="line truth" d="M${frame.left} 38h26"/><text x="${frame.left + 33}" y="42">observed</text>`,
    `<rect class="band80" x="${frame.left + 108}" y="31" width="26" height="14"/><text x="${frame.left + 141}" y="42">expected</text>`,
    `<circle class="strange" cx="${frame.left + 216}" cy="38" r="6"/><text x="${frame.left + 230}" y="42">anomaly</text>`,
    "</svg>",
  ].join("\n");
}
