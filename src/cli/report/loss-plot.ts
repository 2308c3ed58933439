// The loss curve as SVG: training and validation loss by epoch, with the epoch whose weights were kept.
import type { Axis } from "../numbers.js";
import { axisOf, shown, ticks } from "../numbers.js";
import type { Frame } from "./svg.js";
import { escapeText, linear, path, plotStyle, round, valueAxis } from "./svg.js";

/** One epoch of training. */
export interface EpochLoss {
  readonly epoch: number;
  readonly loss: number | null;
  readonly valLoss: number | null;
}

const size = { width: 960, height: 300 };
const frame: Frame = { left: 64, right: 944, top: 52, bottom: 256 };

/**
 * A complete `<svg>` element. The axis is logarithmic if the loss spans more than a factor of 30.
 *
 * @param name  makes the ids unique on a page with several curves
 * @returns an empty string for fewer than two epochs
 */
export function lossPlot(epochs: readonly EpochLoss[], bestEpoch: number | null, name: string): string {
  const present = epochs
    .flatMap(({ loss, valLoss }) => [loss, valLoss])
    .filter((value): value is number => value !== null && Number.isFinite(value));
  if (epochs.length < 2 || present.length < 2) return "";
  const least = Math.min(...present);
  const most = Math.max(...present);
  const logarithmic = least > 0 && most / least > 30;
  const map = (value: number | null): number | null =>
    value === null || !Number.isFinite(value) ? null : logarithmic ? Math.log10(value) : value;
  const { low, high, marks } = logarithmic ? powersOf(least, most) : axisOf(0, most, 4);
  const x = linear(epochs[0]?.epoch ?? 1, epochs.at(-1)?.epoch ?? 1, frame.left + 6, frame.right - 6);
  const y = linear(low, high, frame.bottom, frame.top);
  const at = (i: number): number => x(epochs[i]?.epoch ?? 0);
  const last = epochs.at(-1);
  const text = `Loss over ${epochs.length} epochs: training ends at ${shown(last?.loss)}, validation at ${shown(last?.valLoss)}.`;
  return [
    `<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="loss-${name}-title loss-${name}-text">`,
    `<title id="loss-${name}-title">Loss by epoch</title><desc id="loss-${name}-text">${escapeText(text)}</desc>`,
    `<style>${plotStyle}</style>`,
    logarithmic ? valueAxis(frame, marks, y, marks.map(powerLabel)) : valueAxis(frame, marks, y),
    epochAxis(epochs, x),
    best(epochs, bestEpoch, x),
    `<path class="line history" d="${path(
      epochs.map(({ loss }) => map(loss)),
      at,
      y,
    )}"/>`,
    `<path class="line forecast dash" d="${path(
      epochs.map(({ valLoss }) => map(valLoss)),
      at,
      y,
    )}"/>`,
    legend(
      epochs.some(({ valLoss }) => valLoss !== null),
      logarithmic,
    ),
    "</svg>",
  ].join("\n");
}

function powerLabel(mark: number): string {
  return Math.abs(mark) > 3 ? `1e${mark}` : String(Number((10 ** mark).toPrecision(6)));
}

function powersOf(least: number, most: number): Axis {
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  return { low, high, marks: Array.from({ length: high - low + 1 }, (_, i) => low + i) };
}

function epochAxis(epochs: readonly EpochLoss[], x: (epoch: number) => number): string {
  const first = epochs[0]?.epoch ?? 1;
  const last = epochs.at(-1)?.epoch ?? 1;
  const marks = ticks(first, last, 8).filter((mark) => Number.isInteger(mark) && mark >= first && mark <= last);
  const labels = marks.map((mark) => `<text x="${round(x(mark))}" y="${frame.bottom + 20}" text-anchor="middle">${mark}</text>`);
  return `<line class="axis" x1="${frame.left}" x2="${frame.right}" y1="${frame.bottom}" y2="${frame.bottom}"/>${labels.join("")}<text x="${frame.right}" y="${frame.bottom + 38}" text-anchor="end">epoch</text>`;
}

function best(epochs: readonly EpochLoss[], epoch: number | null, x: (epoch: number) => number): string {
  if (epoch === null || !epochs.some((row) => row.epoch === epoch)) return "";
  const at = round(x(epoch));
  const anchor = at > frame.right - 120 ? "end" : "start";
  return `<line class="border" x1="${at}" x2="${at}" y1="${frame.top - 14}" y2="${frame.bottom}"/><text x="${at + (anchor === "end" ? -6 : 6)}" y="${frame.top - 4}" text-anchor="${anchor}">best epoch ${epoch}</text>`;
}

function legend(validated: boolean, logarithmic: boolean): string {
  const from = frame.left;
  const validation = `<path class="line forecast dash" d="M${from + 150} 18h30"/><text x="${from + 188}" y="22">validation loss</text>`;
  const scale = logarithmic ? `<text x="${frame.right}" y="22" text-anchor="end">logarithmic scale</text>` : "";
  return `<path class="line history" d="M${from} 18h30"/><text x="${from + 38}" y="22">training loss</text>${validated ? validation : ""}${scale}`;
}
