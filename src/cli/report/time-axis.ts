// The axis of time under a plot.
import type { Frame, Scale } from "./svg.js";
import { escapeText, round } from "./svg.js";

/** Marks and labels at whole seasons, at most eight. */
export function timeAxis(
  points: readonly { readonly time: string }[],
  x: Scale,
  { season, frame, width }: { readonly season: number; readonly frame: Frame; readonly width: number },
): string {
  const unit = Math.max(1, season);
  const step = Math.max(1, Math.ceil(points.length / 8 / unit) * unit);
  const first = firstRoundTime(points, step);
  let text = `<line class="axis" x1="${frame.left}" x2="${frame.right}" y1="${frame.bottom}" y2="${frame.bottom}"/>`;
  let day = "";
  let free = 0;
  for (let i = first; i < points.length; i += step) {
    const at = round(x(i));
    text += `<line class="axis" x1="${at}" x2="${at}" y1="${frame.bottom}" y2="${frame.bottom + 5}"/>`;
    const [date = "", clock] = (points[i]?.time ?? "").slice(0, 19).split("T");
    const label = clock === undefined ? date : date === day ? clock : `${date} ${clock}`;
    // A label that would touch the one before, or leave the drawing, is left out; its mark stays.
    const half = (label.length * charWidth) / 2;
    const middle = Math.max(frame.left - 40 + half, Math.min(width - 4 - half, at));
    if (Math.abs(middle - at) > half || middle - half < free) continue;
    text += `<text x="${round(middle)}" y="${frame.bottom + 22}" text-anchor="middle">${escapeText(label)}</text>`;
    free = middle + half + 12;
    day = date;
  }
  return text;
}

/** Width of a character of the labels, a little more than the fonts need. */
const charWidth = 7.8;

// Labels read best at the start of a year, month or day: the first time that ends in -01, or in midnight.
function firstRoundTime(points: readonly { readonly time: string }[], step: number): number {
  const starts = points.slice(0, step).findIndex(({ time }) => /^\d{4}-01(-01)?$|T00:00(:00)?(Z|\.000Z)?$/.test(time));
  return Math.max(0, starts);
}
