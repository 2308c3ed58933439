// Draws a forecast with characters: measurements as a thin braille line, the forecast as round marks on top.
import { Canvas } from "./canvas.js";
import { axisOf, shown, tickLabels } from "./numbers.js";
import type { Picture } from "./picture.js";
import { extent, lastPoints, wellProportioned } from "./picture.js";
import type { Paint, Style } from "./terminal.js";

/** Size of the drawing in characters, labels included. */
export interface DrawingSize {
  readonly columns: number;
  readonly rows: number;
}

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
  const words = tickLabels(marks, 9);
  const labelWidth = Math.max(...words.map((word) => word.length));
  const width = Math.max(20, size.columns - labelWidth - 2);
  const canvas = new Canvas(width, size.rows, picture.points.length, low, high);
  if (picture.futureStart > picture.testStart) canvas.rule(picture.testStart - 0.5);
  if (picture.futureStart < picture.points.length) canvas.rule(picture.futureStart - 0.5);
  canvas.line(picture.points.map((point) => point.actual));
  canvas.marks(picture.points.map((point) => point.value));
  canvas.crosses(picture.points.map((point) => (point.isStrange === true ? point.actual : null)));

  const labels = new Map(marks.map((mark, i) => [canvas.rowOf(mark), words[i]]));
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
    ...(picture.points.some(({ isStrange }) => isStrange) ? [["red", "x", " anomaly"] satisfies [Style, string, string]] : []),
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
