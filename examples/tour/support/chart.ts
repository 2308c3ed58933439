// Draws the pictures of the tour: panels of lines or of cells side by side, one SVG that reads in light and dark.
import { axisOf } from "../../../src/cli/numbers.js";
import { escapeText, linear, path, round, type Scale, valueAxis } from "../../../src/cli/report/svg.js";

/** Lines over steps or epochs. Missing, infinite and, on a logarithmic axis, non-positive values leave a gap. */
export interface LinePanel {
  readonly title: string;
  /** What the axes show. */
  readonly x: string;
  readonly y: string;
  readonly lines: Readonly<Record<string, readonly (number | null)[]>>;
  /** Position of each line's first value; default 0. */
  readonly first?: number;
  /** Distance of neighbouring values; default 1. */
  readonly every?: number;
  /** Powers of ten on the value axis. */
  readonly log?: boolean;
  /** Ends of the value axis, beyond which lines are cut. */
  readonly range?: readonly [low: number, high: number];
}

/** A table of numbers as shades, rows from top to bottom. */
export interface CellPanel {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly cells: readonly (readonly number[])[];
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const style = `
svg{--ink:#1f2933;--muted:#52606d;--grid:#e4e7eb;--surface:#ffffff;--c0:#0b62b0;--c1:#c2410c;--c2:#2f7d4f;--c3:#7b3fb5;--c4:#8a6d00;--c5:#b0246b;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
@media (prefers-color-scheme:dark){svg{--ink:#e6e9ee;--muted:#a3afbd;--grid:#2f3742;--surface:#12161c;--c0:#63b3ff;--c1:#ffa05c;--c2:#7fdba0;--c3:#cfa2ff;--c4:#e5cc5f;--c5:#ff8fc4}}
.surface{fill:var(--surface)}
text{fill:var(--muted);font-size:12.5px}
.title{fill:var(--ink);font-weight:600;font-size:14px}
.name{fill:var(--ink)}
.grid{stroke:var(--grid)}
.line{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:butt}
${[0, 1, 2, 3, 4, 5].map((i) => `.c${i}{stroke:var(--c${i})}`).join("")}
.plus{fill:var(--c0)}.minus{fill:var(--c1)}`.trim();

// Lines differ in dashes too, so that nothing depends on colour alone.
const dashes = ["", "7 3", "2 2.5", "10 3 2 3", "4 4", "1 4"];
const margins = 66;

/** One picture: panels side by side. `about` says in words what there is to see. */
export function chart(about: string, ...panels: readonly (LinePanel | CellPanel)[]): string {
  const width = panels.length === 1 ? 640 : 400 * panels.length;
  const each = width / panels.length;
  const rows = panels.map((panel) => ("lines" in panel ? placed(Object.keys(panel.lines), each - 8).at(-1)!.row : 0));
  const top = 72 + 15 * Math.max(0, ...rows);
  const height = top + 246;
  const drawn = panels.map((panel, index) => {
    const box = { left: index * each + 58, right: (index + 1) * each - 16, top, bottom: height - 50 };
    return frame(panel, box) + ("lines" in panel ? drawLines(panel, box) : drawCells(panel, box));
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeText(about)}">`,
    `<title>${escapeText(about)}</title><style>${style}</style><rect class="surface" width="${width}" height="${height}" rx="6"/>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function frame({ title, x, y }: LinePanel | CellPanel, { left, right, top, bottom }: Box): string {
  return (
    `<text class="title" x="${left - 42}" y="26">${escapeText(title)}</text>` +
    `<text x="${(left + right) / 2}" y="${bottom + 38}" text-anchor="middle">${escapeText(x)}</text>` +
    `<text x="${left - 42}" y="${top - 12}">${escapeText(y)}</text>`
  );
}

function drawLines(panel: LinePanel, box: Box): string {
  const { lines, first = 0, every = 1, log = false, range } = panel;
  const usable = (value: number | null): value is number => value !== null && Number.isFinite(value) && (!log || value > 0);
  const height10 = (value: number): number => (log ? Math.log10(value) : value);
  const rows = Object.values(lines).map((line) => line.map((value) => (usable(value) ? height10(value) : null)));
  const all = rows.flat().filter((value) => value !== null);
  const [low, high] = range?.map(height10) ?? [Math.min(...all), Math.max(...all)];
  const axis = log ? powers(low!, high!) : axisOf(low!, high!, 5);
  const y = linear(axis.low, axis.high, box.bottom, box.top);
  const length = Math.max(...rows.map((row) => row.length));
  const x = linear(first, first + (length - 1) * every, box.left, box.right);
  const grid = log ? valueAxis(box, axis.marks, y, axis.marks.map(power)) : valueAxis(box, axis.marks, y);
  // A line that leaves the range ends at its edge.
  const inside = (value: number | null): number | null => (value === null || value < axis.low || value > axis.high ? null : value);
  const drawn = rows.map(
    (row, i) => `<path class="line c${i}" stroke-dasharray="${dashes[i]}" d="${path(row.map(inside), (at) => x(first + at * every), y)}"/>`,
  );
  return grid + positions(x, first, first + (length - 1) * every, box.bottom) + drawn.join("") + legend(Object.keys(lines), box);
}

function powers(low: number, high: number): { readonly low: number; readonly high: number; readonly marks: readonly number[] } {
  const [bottom, top] = [Math.floor(low + 1e-9), Math.max(Math.ceil(high - 1e-9), Math.floor(low + 1e-9) + 1)];
  const step = Math.ceil((top - bottom) / 7);
  return { low: bottom, high: top, marks: Array.from({ length: Math.floor((top - bottom) / step) + 1 }, (_, i) => top - i * step) };
}

function power(exponent: number): string {
  if (exponent >= -1 && exponent <= 2) return String(Number((10 ** exponent).toPrecision(3)));
  return `10<tspan dy="-5" font-size="9.5">${exponent < 0 ? "−" : ""}${Math.abs(exponent)}</tspan>`;
}

function positions(x: Scale, from: number, to: number, bottom: number): string {
  const marks = axisOf(from, to, 6).marks.filter((mark) => mark >= from && mark <= to && Number.isInteger(mark));
  return marks
    .map((mark) => `<text x="${round(x(mark))}" y="${bottom + 18}" text-anchor="middle">${mark.toLocaleString("en-US")}</text>`)
    .join("");
}

/** Where the names stand: as many in a row as fit. */
function placed(names: readonly string[], width: number): { readonly name: string; readonly at: number; readonly row: number }[] {
  let [at, row] = [0, 0];
  return names.map((name) => {
    const wide = 42 + 7.4 * name.length;
    if (at + wide > width && at > 0) [at, row] = [0, row + 1];
    at += wide;
    return { name, at: at - wide, row };
  });
}

function legend(names: readonly string[], { left, right }: Box): string {
  return placed(names, right - left + margins)
    .map(({ name, at, row }, i) => {
      const [x, y] = [left - 42 + at, 42 + 15 * row];
      return `<path class="line c${i}" stroke-dasharray="${dashes[i]}" d="M${round(x)} ${y - 4}h22"/><text class="name" x="${round(x + 27)}" y="${y}">${escapeText(name)}</text>`;
    })
    .join("");
}

/** Positive numbers in one colour, negative in another, the stronger the larger. */
function drawCells({ cells }: CellPanel, box: Box): string {
  const columns = cells[0]?.length ?? 1;
  const [wide, high] = [(box.right - box.left) / columns, (box.bottom - box.top) / cells.length];
  const largest = Math.max(...cells.flat().map(Math.abs), 1e-30);
  const drawn = cells.flatMap((row, i) =>
    row.map((value, j) => {
      const place = `x="${round(box.left + j * wide)}" y="${round(box.top + i * high)}" width="${round(wide)}" height="${round(high)}"`;
      return `<rect class="${value < 0 ? "minus" : "plus"}" ${place} fill-opacity="${(Math.abs(value) / largest).toFixed(2)}"/>`;
    }),
  );
  const x = linear(0, columns - 1, box.left + wide / 2, box.right - wide / 2);
  const border = `<rect class="grid" fill="none" x="${box.left}" y="${box.top}" width="${box.right - box.left}" height="${box.bottom - box.top}"/>`;
  const y = linear(0, cells.length - 1, box.top + high / 2, box.bottom - high / 2);
  const marks = axisOf(0, cells.length - 1, 4).marks.filter((mark) => mark < cells.length && mark >= 0 && Number.isInteger(mark));
  const rows = marks.map((mark) => `<text x="${box.left - 8}" y="${round(y(mark)) + 4}" text-anchor="end">${mark}</text>`).join("");
  return border + drawn.join("") + positions(x, 0, columns - 1, box.bottom) + rows;
}
