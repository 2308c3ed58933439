// The plot of a filled column as SVG: seen values as a line, filled ones as dots on a dashed line between them.
import { counted } from "../../base/words.js";
import type { FillExample } from "../../tasks/impute/types.js";
import { axisOf, shown } from "../numbers.js";
import type { Frame } from "./svg.js";
import { escapeText, linear, path, plotStyle, round, valueAxis } from "./svg.js";
import { timeAxis } from "./time-axis.js";

const size = { width: 960, height: 260 };
const frame: Frame = { left: 64, right: 944, top: 56, bottom: 218 };

/**
 * A complete `<svg>` element.
 *
 * @param name  makes the ids unique on a page with several plots
 * @returns an empty string if there is nothing to draw
 */
export function fillPlot({ column, id, points }: FillExample, name: string): string {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (points.length < 2 || values.length < 2) return "";
  const { low, high, marks } = axisOf(Math.min(...values), Math.max(...values), 4);
  const x = linear(0, points.length - 1, frame.left + 6, frame.right - 6);
  const y = linear(low, high, frame.bottom, frame.top);
  const title = id === null ? column : `${column} of ${id}`;
  const holes = points.filter(({ isFilled }) => isFilled).length;
  const text = `${counted(points.length, "row")} of ${title}, ${holes} of them filled.`;
  const dots = points.map(({ time, value, isFilled }, i) =>
    isFilled && value !== null
      ? `<circle class="dot forecast" cx="${round(x(i))}" cy="${round(y(value))}" r="2.6"><title>${escapeText(time)} filled: ${shown(value)}</title></circle>`
      : "",
  );
  const line = (keep: (isFilled: boolean) => boolean): string =>
    path(
      points.map(({ value, isFilled }) => (keep(isFilled) ? value : null)),
      x,
      y,
    );
  return [
    `<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="fill-${name}-title fill-${name}-text">`,
    `<title id="fill-${name}-title">${escapeText(title)}</title><desc id="fill-${name}-text">${escapeText(text)}</desc>`,
    `<style>${plotStyle}</style>`,
    valueAxis(frame, marks, y),
    timeAxis(points, x, { season: 1, frame, width: size.width }),
    `<path class="line compared" d="${line(() => true)}"/>`,
    `<path class="line truth" d="${line((isFilled) => !isFilled)}"/>`,
    dots.join(""),
    `<text class="strong" x="${frame.left}" y="18">${escapeText(title.slice(0, 100))}</text>`,
    `<path class="line truth" d="M${frame.left} 38h26"/><text x="${frame.left + 33}" y="42">seen</text>`,
    `<circle class="dot forecast" cx="${frame.left + 97}" cy="38" r="2.6"/><text x="${frame.left + 108}" y="42">filled</text>`,
    "</svg>",
  ].join("\n");
}
