// Draws the loss of a training with characters: training loss as a thin braille line, validation loss as round marks.
import type { DrawingSize } from "./braille.js";
import { Canvas } from "./canvas.js";
import { axisOf, shown, tickLabels } from "./numbers.js";
import type { Paint } from "./terminal.js";

/** One value per epoch; `valLoss` is empty without validation. */
export interface LossValues {
  readonly loss: readonly number[];
  readonly valLoss: readonly number[];
}

/**
 * Lines of text; the axis is logarithmic if the losses span more than a factor of 30.
 *
 * @param bestEpoch  counted from 1; 0 for none
 * @returns an empty list for fewer than two epochs
 */
export function drawLoss({ loss, valLoss }: LossValues, bestEpoch: number, size: DrawingSize, paint: Paint): string[] {
  const values = [...loss, ...valLoss].filter(Number.isFinite);
  if (loss.length < 2 || values.length < 2) return [];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const isLogarithmic = least > 0 && most / least > 30;
  const level = (value: number): number | null => (!Number.isFinite(value) ? null : isLogarithmic ? Math.log10(value) : value);
  const range = [isLogarithmic ? Math.log10(least) : least, isLogarithmic ? Math.log10(most) : most] as const;
  const { low, high, marks } = axisOf(range[0], range[1], Math.max(2, Math.floor(size.rows / 3)));
  const words = isLogarithmic ? marks.map((mark) => shown(10 ** mark, 2)) : tickLabels(marks, 9);
  const labelWidth = Math.max(...words.map((word) => word.length));
  const canvas = new Canvas(Math.max(20, size.columns - labelWidth - 2), size.rows, loss.length, low, high);
  canvas.line(loss.map(level));
  canvas.marks(valLoss.map(level));
  const labels = new Map(marks.map((mark, i) => [canvas.rowOf(mark), words[i]]));
  const body = canvas.rows(paint, loss.length).map((row, i) => {
    const text = labels.get(i);
    return `${paint("dim", (text ?? "").padStart(labelWidth))} ${paint("dim", text === undefined ? "│" : "┤")}${row}`;
  });
  const validation = valLoss.length === 0 ? "" : `  ${paint("yellow", "oo")} validation`;
  const best = bestEpoch > 0 ? `, best ${bestEpoch}` : "";
  const scale = isLogarithmic ? ", logarithmic" : "";
  return [
    `${paint("bold", "loss:")}  ${paint("dim", "⠒⠒")} training${validation}`,
    ...body,
    `${" ".repeat(labelWidth + 2)}${paint("dim", `epoch 1 to ${loss.length}${best}${scale}`)}`,
  ];
}
