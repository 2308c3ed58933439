// Draws a forecast with characters: measurements as a thin braille line, the forecast as round marks on top.
import { axisOf, shown, tickLabel } from "./numbers.js";
import type { Picture } from "./picture.js";
import { extent, lastPoints, wellProportioned } from "./picture.js";
import type { Paint, Style } from "./terminal.js";

/** Size of the drawing in characters, labels included. */
export interface DrawingSize {
  readonly columns: number;
  readonly rows: number;
}

// Bit of each dot in a braille character (U+2800), by [row 0-3][column 0-1].
const dotBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/**
 * Lines of text showing history, truth and forecast; without colour the marks still tell them apart.
 *
 * @returns an empty list if there is nothing to draw
 */
export function drawForecast(whole: Picture, size: DrawingSize, paint: Paint): string[] {
  const picture = lastPoints(whole, wellProportioned(whole));
  const range = extent(withoutBands(picture));
  if (range === null || picture.points.length < 2) return [];
  const { low, high, marks } = axisOf(range[0], range[1], Math.max(2, Math.floor(size.rows / 4)));
  const labelWidth = Math.max(...marks.map((mark) => tickLabel(mark).length));
  const width = Math.max(20, size.columns - labelWidth - 2);
  const canvas = new Canvas(width, size.rows, picture.points.length, low, high);
  if (picture.futureStart > picture.testStart) canvas.rule(picture.testStart - 0.5);
  if (picture.futureStart < picture.points.length) canvas.rule(picture.futureStart - 0.5);
  canvas.line(picture.points.map((point) => point.actual));
  canvas.marks(picture.points.map((point) => point.value));

  const labels = new Map(marks.map((mark) => [canvas.rowOf(mark), tickLabel(mark)]));
  const body = canvas.rows(paint, picture.testStart).map((row, i) => {
    const label = labels.get(i);
    return `${paint("dim", (label ?? "").padStart(labelWidth))} ${paint("dim", label === undefined ? "│" : "┤")}${row}`;
  });
  return [
    ...legend(picture, size.columns, paint),
    ...body,
    " ".repeat(labelWidth + 2) + paint("dim", axis(picture, canvas, width)),
    ...note(picture, paint),
  ];
}

// The bands are not drawn here, so they must not stretch the axis.
function withoutBands(picture: Picture): Picture {
  return { ...picture, points: picture.points.map((point) => ({ ...point, band80: null, band95: null })) };
}

/** What the marks mean, in as many lines as the width asks for. */
function legend(picture: Picture, columns: number, paint: Paint): string[] {
  const held = picture.futureStart > picture.testStart;
  const future = picture.futureStart < picture.points.length;
  const beyond = !future ? "" : held ? ", right of the second ┊ beyond the data" : ", right of the ┊";
  const entries: [Style, string, string][] = [
    ["bold", `${picture.target}:`, ""],
    ["dim", "⠒⠒", " history"],
    ...(held ? [["cyan", "⠒⠒", ` truth, right of the ${future ? "first " : ""}┊`] satisfies [Style, string, string]] : []),
    ["yellow", "oo", ` forecast${beyond}`],
  ];
  const lines: string[] = [];
  let room = 0;
  for (const [style, mark, words] of entries) {
    const text = paint(style, mark) + words;
    const length = mark.length + words.length + 2;
    if (length > room) {
      lines.push(text);
      room = columns - length;
    } else {
      lines.push(`${lines.pop() ?? ""}  ${text}`);
      room -= length;
    }
  }
  return lines;
}

function note(picture: Picture, paint: Paint): string[] {
  const last = picture.points.at(-1);
  if (last?.value === null || last === undefined) return [];
  return [paint("dim", `last forecast ${last.time}: ${shown(last.value)}`)];
}

/** Times under the drawing: the first, the two borders, the last; one that would touch its neighbour is left out. */
function axis(picture: Picture, canvas: Canvas, width: number): string {
  const last = picture.points.length - 1;
  let text = "";
  for (const index of [0, picture.testStart, picture.futureStart, last]) {
    const label = picture.points[index]?.time;
    if (label === undefined) continue;
    const at = Math.max(0, Math.min(width - label.length, canvas.columnOf(index)));
    if (at < text.length + (text === "" ? 0 : 2)) continue;
    text = text.padEnd(at) + label;
  }
  return text;
}

/** A grid of characters; each holds 2 x 4 braille dots, or one mark on top of them. */
class Canvas {
  private readonly dots: Uint8Array;
  private readonly overlay: (string | undefined)[];
  private readonly width: number;
  private readonly height: number;
  private readonly count: number;
  private readonly low: number;
  private readonly high: number;

  constructor(width: number, height: number, count: number, low: number, high: number) {
    this.width = width;
    this.height = height;
    this.count = count;
    this.low = low;
    this.high = high;
    this.dots = new Uint8Array(width * height);
    this.overlay = new Array<string | undefined>(width * height);
  }

  /** The character column of a (possibly fractional) point. */
  columnOf(index: number): number {
    return Math.floor(this.dotX(index) / 2);
  }

  /** The character row of a value. */
  rowOf(value: number): number {
    return Math.floor(this.dotY(value) / 4);
  }

  line(values: readonly (number | null)[]): void {
    values.forEach((value, i) => {
      if (value === null) return;
      const next = values[i + 1];
      const steps =
        next === null || next === undefined
          ? 1
          : Math.max(1, Math.abs(this.dotX(i + 1) - this.dotX(i)), Math.abs(this.dotY(next) - this.dotY(value)));
      for (let k = 0; k < steps; k++) this.dot(i + k / steps, value + ((next ?? value) - value) * (k / steps));
    });
  }

  // One mark per character column, so that a wide forecast reads as a row of marks and a dense one as a band; small dots bridge steep steps.
  marks(values: readonly (number | null)[]): void {
    let before: number | null = null;
    for (let column = 0; column < this.width; column++) {
      const at = ((2 * column + 0.5) / (2 * this.width - 1)) * (this.count - 1);
      const i = Math.floor(at);
      const [from, to] = [values[i], values[i + 1]];
      const value = between(from, to, at - i);
      const row = value === null ? null : this.rowOf(value);
      if (row !== null) this.overlay[row * this.width + column] = "o";
      if (row !== null && before !== null) {
        for (let k = Math.min(row, before) + 1; k < Math.max(row, before); k++) this.overlay[k * this.width + column] ??= "·";
      }
      before = row;
    }
  }

  rule(index: number): void {
    const column = this.columnOf(index);
    for (let row = 0; row < this.height; row++) this.overlay[row * this.width + column] = "┊";
  }

  rows(paint: Paint, testStart: number): string[] {
    const border = this.columnOf(testStart - 0.5);
    return Array.from({ length: this.height }, (_, row) => {
      let text = "";
      for (let column = 0; column < this.width; column++) {
        const cell = row * this.width + column;
        const mark = this.overlay[cell];
        const bits = this.dots[cell] ?? 0;
        if (mark === "o" || mark === "·") text += paint("yellow", mark);
        else if (bits !== 0) text += paint(column > border ? "cyan" : "dim", String.fromCharCode(0x2800 + bits));
        else text += mark === undefined ? " " : paint("dim", mark);
      }
      return text.trimEnd();
    });
  }

  private dot(index: number, value: number): void {
    const [x, y] = [this.dotX(index), this.dotY(value)];
    const cell = (y >> 2) * this.width + (x >> 1);
    this.dots[cell] = (this.dots[cell] ?? 0) | (dotBits[y & 3]?.[x & 1] ?? 0);
  }

  private dotX(index: number): number {
    return clamp(Math.round((index / Math.max(1, this.count - 1)) * (2 * this.width - 1)), 2 * this.width - 1);
  }

  private dotY(value: number): number {
    const share = this.high > this.low ? (value - this.low) / (this.high - this.low) : 0.5;
    return clamp(Math.round((1 - share) * (4 * this.height - 1)), 4 * this.height - 1);
  }
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(most, value));
}

function between(from: number | null | undefined, to: number | null | undefined, share: number): number | null {
  if (typeof from === "number" && typeof to === "number") return from + (to - from) * share;
  if (typeof from === "number" && share < 0.5) return from;
  return typeof to === "number" && share >= 0.5 ? to : null;
}
