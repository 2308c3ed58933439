// The few pieces of SVG that both plots need: escaping, scales, paths with gaps, axes and the palette.
import { tickLabels } from "../numbers.js";

/** A rectangle of the drawing that holds data, in SVG units. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Maps a number to an SVG coordinate. */
export type Scale = (value: number) => number;

/** Colours of both plots. Every series also differs in weight or dash, so nothing depends on colour alone. */
export const plotStyle: string = `
.plot{--ink:#1f2933;--muted:#5f6c7b;--grid:#e4e7eb;--shade:#f5f7fa;--history:#7b8794;--truth:#0b62b0;--forecast:#c2410c;--compared:#2f7d4f;--strange:#b3123f;--surface:#ffffff;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
@media screen and (prefers-color-scheme:dark){.plot{--ink:#e6e9ee;--muted:#9aa5b1;--grid:#2b323c;--shade:#1b2129;--history:#8d99a8;--truth:#63b3ff;--forecast:#ffa05c;--compared:#7fdba0;--strange:#ff8fa8;--surface:#12161c}}
.plot text{fill:var(--muted);font-size:13px}
.plot .strong{fill:var(--ink);font-weight:600}
.plot .grid{stroke:var(--grid);stroke-width:1}
.plot .axis{stroke:var(--muted);stroke-width:1}
.plot .border{stroke:var(--muted);stroke-width:1;stroke-dasharray:2 4}
.plot .shade{fill:var(--shade)}
.plot .line{fill:none;stroke-linejoin:round;stroke-linecap:round}
.plot .history{stroke:var(--history);stroke-width:1.6}
.plot .truth{stroke:var(--truth);stroke-width:2.2}
.plot .forecast{stroke:var(--forecast);stroke-width:2.6}
.plot .compared{stroke:var(--compared);stroke-width:1.4;stroke-dasharray:7 3}
.plot .beyond{stroke-dasharray:1 5}
.plot .dash{stroke-dasharray:6 4}
.plot .band95{fill:var(--forecast);fill-opacity:.12}
.plot .band80{fill:var(--forecast);fill-opacity:.2}
.plot .dot{fill:var(--surface);stroke-width:1.4}
.plot .dot.truth{stroke:var(--truth)}
.plot .strange{fill:none;stroke:var(--strange);stroke-width:2}
.plot .dot.forecast{fill:var(--forecast);stroke:var(--forecast)}
`.trim();

/** Makes any text safe between tags and inside quoted attributes. */
export function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/'/g, "&#39;");
}

/** Linear scale from `[low, high]` to `[from, to]`. */
export function linear(low: number, high: number, from: number, to: number): Scale {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

/** A path through the values that exist; a missing value interrupts the line. */
export function path(values: readonly (number | null)[], x: Scale, y: Scale, first = 0): string {
  let text = "";
  let joined = false;
  values.forEach((value, i) => {
    const exists = value !== null && Number.isFinite(value);
    if (exists) text += `${joined ? "L" : "M"}${round(x(first + i))} ${round(y(value))}`;
    joined = exists;
  });
  return text;
}

/** A closed area between lower and upper values. */
export function area(band: readonly (readonly [number, number] | null)[], x: Scale, y: Scale, first = 0): string {
  const present = band.flatMap((pair, i) =>
    pair === null ? [] : [{ at: round(x(first + i)), low: round(y(pair[0])), high: round(y(pair[1])) }],
  );
  if (present.length < 2) return "";
  const upper = present.map(({ at, high }) => `${at} ${high}`);
  const lower = present.reverse().map(({ at, low }) => `${at} ${low}`);
  return `M${[...upper, ...lower].join("L")}Z`;
}

/** Room for so many characters is left of the frame. */
const widestLabel = 7;

/** Horizontal grid lines with their labels, at round numbers. */
export function valueAxis(
  frame: Frame,
  marks: readonly number[],
  y: Scale,
  labels: readonly string[] = tickLabels(marks, widestLabel),
): string {
  return marks
    .map((mark, i) => {
      const at = round(y(mark));
      return `<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${at}" y2="${at}"/><text x="${frame.left - 8}" y="${at + 4}" text-anchor="end">${labels[i]}</text>`;
    })
    .join("");
}

/** One decimal is a tenth of a screen dot: enough, and half the bytes. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
