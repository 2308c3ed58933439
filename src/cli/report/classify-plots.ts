// Two plots of probabilities as SVG: the ROC curve, and how often what was said with a probability was true.
import type { ClassifiedItem } from "../../tasks/classify/types.js";
import { shown } from "../numbers.js";
import type { Frame } from "./svg.js";
import { escapeText, linear, path, plotStyle, round, valueAxis } from "./svg.js";

const size = { width: 480, height: 380 };
const frame: Frame = { left: 56, right: 464, top: 48, bottom: 330 };
const marks = [0, 0.25, 0.5, 0.75, 1];

/** Rates along the sorted probabilities of the second of two classes; an empty string for other numbers of classes, or if one is not there. */
export function rocPlot(items: readonly ClassifiedItem[], classes: readonly string[], area: number | null): string {
  const [, positive] = classes;
  if (classes.length !== 2 || positive === undefined || area === null) return "";
  const known = items.filter(({ actual }) => actual !== null);
  const sorted = [...known].sort((a, b) => (b.probabilities[positive] ?? 0) - (a.probabilities[positive] ?? 0));
  const total = sorted.filter(({ actual }) => actual === positive).length;
  const others = sorted.length - total;
  if (total === 0 || others === 0) return "";
  const points: [number, number][] = [[0, 0]];
  let [hits, alarms] = [0, 0];
  sorted.forEach((item, i) => {
    if (item.actual === positive) hits++;
    else alarms++;
    // Equal probabilities are one threshold.
    if (sorted[i + 1]?.probabilities[positive] !== item.probabilities[positive]) points.push([alarms / others, hits / total]);
  });
  const text = `AUROC ${shown(area, 3)}: the share of ${positive} found, against the share of the others taken for it, at every threshold.`;
  return square("roc", { title: "ROC curve", text, across: "false alarms", up: "found" }, thinned(points), "line truth");
}

const bins = 10;

/** Reliability: hit rate against the mean probability of the said class, in ten bins of equal width; empty bins are left out. */
export function calibrationPlot(items: readonly ClassifiedItem[]): string {
  const known = items.filter(({ actual }) => actual !== null);
  const groups = Array.from({ length: bins }, (_, bin) =>
    known.filter(({ probability }) => Math.min(bins - 1, Math.floor(bins * probability)) === bin),
  ).filter(({ length }) => length > 0);
  if (groups.length < 2) return "";
  const points = groups.map((group): [number, number] => [
    group.reduce((sum, { probability }) => sum + probability, 0) / group.length,
    group.filter(({ label, actual }) => label === actual).length / group.length,
  ]);
  const dots = points.map(([at, rate], i) => ({
    at,
    rate,
    words: `${groups[i]!.length} sequences, said ${shown(at, 2)}: true ${shown(rate, 2)}`,
  }));
  const text = `Said and true shares: ${dots.map(({ words }) => words).join("; ")}.`;
  return square(
    "calibration",
    { title: "Calibration", text, across: "probability said", up: "share that was true" },
    points,
    "line forecast",
    dots,
  );
}

interface Dot {
  readonly at: number;
  readonly rate: number;
  readonly words: string;
}

function square(
  name: string,
  words: { readonly title: string; readonly text: string; readonly across: string; readonly up: string },
  points: readonly (readonly [number, number])[],
  kind: string,
  dots: readonly Dot[] = [],
): string {
  const x = linear(0, 1, frame.left, frame.right);
  const y = linear(0, 1, frame.bottom, frame.top);
  const across = points.map(([at]) => at);
  const under = marks.map(
    (mark) => `<text x="${round(x(mark))}" y="${frame.bottom + 20}" text-anchor="${mark === 1 ? "end" : "middle"}">${mark}</text>`,
  );
  return [
    `<svg class="plot small" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="${name}-title ${name}-text">`,
    `<title id="${name}-title">${words.title}</title><desc id="${name}-text">${escapeText(words.text)}</desc>`,
    `<style>${plotStyle}</style>`,
    `<text class="strong" x="${frame.left}" y="18">${words.title}</text><text x="${frame.left}" y="38">${words.up}</text>`,
    valueAxis(frame, marks, y),
    `<line class="axis" x1="${frame.left}" x2="${frame.right}" y1="${frame.bottom}" y2="${frame.bottom}"/>`,
    ...under,
    `<text x="${frame.right}" y="${frame.bottom + 40}" text-anchor="end">${words.across}</text>`,
    `<path class="line compared" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>`,
    `<path class="${kind}" d="${path(
      points.map(([, up]) => up),
      (i) => x(across[i] ?? 0),
      y,
    )}"/>`,
    ...dots.map(
      ({ at, rate, words: each }) =>
        `<circle class="dot forecast" cx="${round(x(at))}" cy="${round(y(rate))}" r="3"><title>${escapeText(each)}</title></circle>`,
    ),
    "</svg>",
  ].join("\n");
}

/** A curve needs no more points than the drawing has dots. */
function thinned(points: readonly [number, number][]): readonly [number, number][] {
  const every = Math.ceil(points.length / 800);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}
