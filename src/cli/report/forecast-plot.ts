// The plot of a forecast as SVG: history, held-out truth, forecast, intervals, and what lies beyond the data.
import { axisOf, shown } from "../numbers.js";
import type { Picture, PicturePoint } from "../picture.js";
import { extent, lastPoints } from "../picture.js";
import type { Frame, Scale } from "./svg.js";
import { area, escapeText, linear, path, plotStyle, round, valueAxis } from "./svg.js";
import { timeAxis } from "./time-axis.js";

const size = { width: 960, height: 450 };
const frame: Frame = { left: 64, right: 944, top: 86, bottom: 408 };

/** What the plot says about itself to those who cannot see it, and how seasons place its time labels. */
export interface PlotWords {
  /** Makes the ids unique on a page with several plots. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly season: number;
  readonly compared: Compared | null;
}

/** Another method over the held-out points, drawn thin beside the network. */
export interface Compared {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/**
 * A complete `<svg>` element; styles included, so that it also stands alone as an image file.
 *
 * @returns an empty string if there is nothing to draw
 */
export function forecastPlot(whole: Picture, words: PlotWords): string {
  const ahead = whole.points.length - whole.testStart;
  const picture = lastPoints(whole, Math.max(120, 4 * ahead));
  const range = extent(picture, words.compared?.values);
  if (range === null || picture.points.length < 2) return "";
  const { low, high, marks } = axisOf(range[0], range[1], 5);
  const x = linear(0, picture.points.length - 1, frame.left + 6, frame.right - 6);
  const y = linear(low, high, frame.bottom, frame.top);
  return [
    `<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="${words.name}-title ${words.name}-text">`,
    `<title id="${words.name}-title">${escapeText(words.title)}</title><desc id="${words.name}-text">${escapeText(words.description)}</desc>`,
    `<style>${plotStyle}</style>`,
    regions(picture, x),
    valueAxis(frame, marks, y),
    timeAxis(picture.points, x, { season: words.season, frame, width: size.width }),
    bands(picture, x, y),
    comparedLine(picture, words.compared, x, y),
    lines(picture, x, y),
    dots(picture, x, y),
    rings(picture.points, x, y),
    legend(picture, words.compared),
    "</svg>",
  ].join("\n");
}

// The held-out stretch is shaded; the border to the future is a dotted rule.
function regions(picture: Picture, x: Scale): string {
  const { points, testStart, futureStart } = picture;
  const from = round(x(testStart - 0.5));
  const to = round(futureStart < points.length ? x(futureStart - 0.5) : frame.right);
  const held = futureStart > testStart;
  const parts: string[] = [];
  if (held) {
    parts.push(`<rect class="shade" x="${from}" y="${frame.top}" width="${round(to - from)}" height="${frame.bottom - frame.top}"/>`);
    parts.push(`<line class="border" x1="${from}" x2="${from}" y1="${frame.top}" y2="${frame.bottom}"/>`);
    parts.push(`<text x="${round((from + to) / 2)}" y="${frame.top - 8}" text-anchor="middle">${to - from > 56 ? "held out" : ""}</text>`);
  }
  if (futureStart < points.length) {
    parts.push(`<line class="border" x1="${to}" x2="${to}" y1="${frame.top}" y2="${frame.bottom}"/>`);
    parts.push(
      `<text x="${round((to + frame.right) / 2)}" y="${frame.top - 8}" text-anchor="middle">${frame.right - to > 44 ? "ahead" : ""}</text>`,
    );
  }
  return parts.join("");
}

function bands(picture: Picture, x: Scale, y: Scale): string {
  const wide = area(
    picture.points.map((point) => point.band95),
    x,
    y,
  );
  const narrow = area(
    picture.points.map((point) => point.band80),
    x,
    y,
  );
  return `${wide === "" ? "" : `<path class="band95" d="${wide}"/>`}${narrow === "" ? "" : `<path class="band80" d="${narrow}"/>`}`;
}

function lines(picture: Picture, x: Scale, y: Scale): string {
  const { points, testStart, futureStart } = picture;
  const actual = points.map((point) => point.actual);
  const value = points.map((point) => point.value);
  // The truth starts at the last point of the history, so that the line does not break at the border.
  const joint = Math.max(0, testStart - 1);
  return [
    `<path class="line history" d="${path(actual.slice(0, testStart), x, y)}"/>`,
    `<path class="line truth" d="${path(actual.slice(joint, futureStart), x, y, joint)}"/>`,
    `<path class="line forecast" d="${path(value.slice(testStart, futureStart), x, y, testStart)}"/>`,
    `<path class="line forecast beyond" d="${path(value.slice(futureStart), x, y, futureStart)}"/>`,
  ].join("");
}

function comparedLine(picture: Picture, compared: Compared | null, x: Scale, y: Scale): string {
  return compared === null ? "" : `<path class="line compared" d="${path(compared.values, x, y, picture.testStart)}"/>`;
}

// Dots carry their number as a tooltip without any script; beyond 60 of them they would only be noise.
function dots(picture: Picture, x: Scale, y: Scale): string {
  const { points, testStart } = picture;
  if (points.length - testStart > 60) return "";
  const dot = (kind: "truth" | "forecast", point: PicturePoint, value: number | null, at: number): string => {
    if (value === null || !Number.isFinite(value)) return "";
    const word = kind === "truth" ? "truth" : "forecast";
    return `<circle class="dot ${kind}" cx="${round(x(at))}" cy="${round(y(value))}" r="2.4"><title>${escapeText(point.time)} ${word}: ${shown(value)}</title></circle>`;
  };
  return points
    .slice(testStart)
    .map((point, i) => dot("truth", point, point.actual, testStart + i) + dot("forecast", point, point.value, testStart + i))
    .join("");
}

/** A ring around each flagged value. */
function rings(points: readonly PicturePoint[], x: Scale, y: Scale): string {
  return points
    .map(({ isStrange, actual, time }, i) =>
      isStrange !== true || actual === null
        ? ""
        : `<circle class="strange" cx="${round(x(i))}" cy="${round(y(actual))}" r="6"><title>${escapeText(time)} anomaly: ${shown(actual)}</title></circle>`,
    )
    .join("");
}

// Title in the first row, keys in the second.
function legend(picture: Picture, compared: Compared | null): string {
  const { points, testStart, futureStart } = picture;
  const items: [string, string][] = [["line history", "history"]];
  if (futureStart > testStart) items.push(["line truth", "truth"], ["line forecast", "forecast, held out"]);
  if (futureStart < points.length) items.push(["line forecast beyond", "forecast, ahead"]);
  if (compared !== null) items.push(["line compared", compared.name]);
  let at = frame.left;
  let text = `<text class="strong" x="${at}" y="20">${escapeText(picture.target.slice(0, 100))}</text>`;
  for (const [kind, label] of items) {
    text += `<path class="${kind}" d="M${at} 42h26"/><text x="${at + 33}" y="46">${escapeText(label)}</text>`;
    at += 54 + label.length * 6.6;
  }
  if (points.some(({ isStrange }) => isStrange)) {
    text += `<circle class="strange" cx="${at + 8}" cy="42" r="6"/><text x="${at + 22}" y="46">anomaly</text>`;
    at += 86;
  }
  if (points.some((point) => point.band80 !== null || point.band95 !== null)) {
    text += `<rect class="band80" x="${at}" y="35" width="26" height="14"/><text x="${at + 33}" y="46">80, 95 %</text>`;
  }
  return text;
}
