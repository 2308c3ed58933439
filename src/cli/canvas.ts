// A grid of characters to draw lines and marks on; each character holds 2 x 4 braille dots.
import type { Paint } from "./terminal.js";

// Bit of each dot in a braille character (U+2800), by [row 0-3][column 0-1].
const dotBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** A grid of characters; each holds 2 x 4 braille dots, or one mark on top of them. */
export class Canvas {
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

  /** A cross at each value that is there, on top of everything. */
  crosses(values: readonly (number | null)[]): void {
    values.forEach((value, i) => {
      if (value !== null) this.overlay[this.rowOf(value) * this.width + this.columnOf(i)] = "x";
    });
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
        else if (mark === "x") text += paint("red", mark);
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
