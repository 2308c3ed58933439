// The plot of a backtest as SVG: what came, and the forecast from each origin as a line of its own over it.
import { axisOf, shown } from "../numbers.js";
import type { Picture, PicturePoint } from "../picture.js";
import { extent } from "../picture.js";
import type { Frame, Scale } from "./svg.js";
import { area, escapeText, linear, path, plotStyle, round, valueAxis } from "./svg.js";
import { timeAxis } from "./time-axis.js";

const size = { width: 960, height: 360 };
const frame: Frame = { left: 64, right: 944, top: 60, bottom: 318 };
/** Rules nearer to each other than that would be a grey wall. */
const leastGap = 10;

/**
 * A complete `<svg>` element.
 *
 * @param picture  history, then the held-out rows; nothing beyond
 * @param horizon  rows from one origin to the next
 * @returns an empty string if there is nothing to draw
 */
export function backtestPlot(picture: Picture, horizon: number, { season, description }: { season: number; description: string }): string {
  const held = picture.points.length - picture.testStart;
  const first = Math.max(0, picture.testStart - Math.max(24, 2 * season, Math.ceil(held / 3)));
  const points = picture.points.slice(first);
  const range = extent({ ...picture, points });
  if (range === null || held < 2) return "";
  const { low, high, marks } = axisOf(range[0], range[1], 4);
  const x = linear(0, points.length - 1, frame.left + 6, frame.right - 6);
  const y = linear(low, high, frame.bottom, frame.top);
  const start = picture.testStart - first;
  const origins = Array.from({ length: Math.ceil(held / horizon) }, (_, n) => start + n * horizon);
  const isClear = horizon * (x(1) - x(0)) >= leastGap;
  return [
    `<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="backtest-plot-title backtest-plot-text">`,
    `<title id="backtest-plot-title">Forecasts from ${origins.length} origins</title><desc id="backtest-plot-text">${escapeText(description)}</desc>`,
    `<style>${plotStyle}</style>`,
    valueAxis(frame, marks, y),
    timeAxis(points, x, { season, frame, width: size.width }),
    isClear ? origins.map((origin) => rule(x(origin - 0.5))).join("") : "",
    truth(points, start, x, y),
    ...origins.map((origin) => forecast(points.slice(origin, origin + horizon), origin, x, y)),
    legend(picture),
    "</svg>",
  ].join("\n");
}

function rule(at: number): string {
  return `<line class="border" x1="${round(at)}" x2="${round(at)}" y1="${frame.top}" y2="${frame.bottom}"/>`;
}

function truth(points: readonly PicturePoint[], start: number, x: Scale, y: Scale): string {
  const actual = points.map((point) => point.actual);
  const joint = Math.max(0, start - 1);
  return `<path class="line history" d="${path(actual.slice(0, start), x, y)}"/><path class="line truth" d="${path(actual.slice(joint), x, y, joint)}"/>`;
}

// The dot says where a forecast begins, also where lines of neighbours meet.
function forecast(points: readonly PicturePoint[], origin: number, x: Scale, y: Scale): string {
  const band = area(
    points.map((point) => point.band80),
    x,
    y,
    origin,
  );
  const line = path(
    points.map((point) => point.value),
    x,
    y,
    origin,
  );
  const { time = "", value = null } = points[0] ?? {};
  const dot =
    value === null
      ? ""
      : `<circle class="dot forecast" cx="${round(x(origin))}" cy="${round(y(value))}" r="2.6"><title>from ${escapeText(time)}: ${shown(value)}</title></circle>`;
  return `${band === "" ? "" : `<path class="band80" d="${band}"/>`}<path class="line forecast" d="${line}"/>${dot}`;
}

function legend({ points, target }: Picture): string {
  const items = [
    ["line history", "history"],
    ["line truth", "truth"],
    ["line forecast", "forecasts, each from its dot"],
  ] as const;
  let at = frame.left;
  let text = `<text class="strong" x="${at}" y="18">${escapeText(target.slice(0, 100))}</text>`;
  for (const [kind, label] of items) {
    text += `<path class="${kind}" d="M${at} 38h26"/><text x="${at + 33}" y="42">${label}</text>`;
    at += 54 + label.length * 6.6;
  }
  if (points.some((point) => point.band80 !== null))
    text += `<rect class="band80" x="${at}" y="31" width="26" height="14"/><text x="${at + 33}" y="42">80 %</text>`;
  return text;
}
