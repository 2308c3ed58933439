// Numbers, durations and counts as people read them.

/** Four significant digits, three below 1, thousands separated; "–" for a number that does not exist. */
export function shown(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-3)) return value.toExponential(2);
  const order = size === 0 ? -1 : Math.floor(Math.log10(size));
  const decimals = Math.max(0, size >= 1 ? digits - 1 - order : digits - 2 - order);
  return value.toLocaleString("en-US", { minimumFractionDigits: Math.min(decimals, 3), maximumFractionDigits: Math.min(decimals, 6) });
}

/** `0.8 s`, `42 s`, `3 min 05 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** About `count` round numbers from below `low` to above `high`: steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, count: number): number[] {
  const span = high > low ? high - low : Math.max(Math.abs(low), 1);
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  // Rounded to twelve digits so that 0.1 + 0.2 is written 0.3.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A value axis: its ends and the round numbers between them. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly marks: readonly number[];
}

/** An axis for a range: it ends at most a quarter of a step beyond the data, so that these fill most of the height. */
export function axisOf(low: number, high: number, count: number): Axis {
  const round = ticks(low, high, count);
  const [first = low, second = high] = round;
  const last = round.at(-1) ?? high;
  if (first === last)
    return { low: first - Math.max(Math.abs(first), 1) / 2, high: last + Math.max(Math.abs(last), 1) / 2, marks: [first] };
  const quarter = (second - first) / 4;
  const bottom = first + quarter * Math.floor((low - first) / quarter);
  const top = last - quarter * Math.floor((last - high) / quarter);
  const marks = round.filter((mark) => mark >= bottom && mark <= top);
  return marks.length < 3 && count < 64 ? axisOf(low, high, count + 1) : { low: bottom, high: top, marks };
}

/**
 * Labels of the ticks of one axis: all in the first form that no label of which is wider than `widest` characters, and never two alike.
 * Plain, with an exponent, or, where the steps are small beside the values, as differences from the first.
 */
export function tickLabels(marks: readonly number[], widest: number): string[] {
  const [first = 0, second = first] = marks;
  const step = Math.abs(second - first || first) || 1;
  const fit = (labels: string[]): boolean => labels.every((label) => label.length <= widest);
  const decimals = Math.max(0, digitsOf(step) - orderOf(step) - 1);
  const plain = marks.map((mark) => mark.toLocaleString("en-US", { maximumFractionDigits: Math.min(20, decimals) }));
  if (fit(plain)) return plain;
  const digits = (mark: number): number => Math.min(20, Math.max(0, orderOf(mark) - orderOf(step) + digitsOf(step) - 1));
  const exponential = marks.map((mark) => (mark === 0 ? "0" : mark.toExponential(digits(mark)).replace("+", "")));
  if (fit(exponential) || first === 0 || marks.length < 2) return exponential;
  const beyond = tickLabels(
    marks.map((mark) => Number((mark - first).toPrecision(6))),
    widest - 1,
  );
  return beyond.map((label, i) => (i === 0 ? first.toExponential(1).replace("+", "") : `+${label}`));
}

/** The power of ten that a number begins with; of steps such as 0.1 + 0.2 - 0.2 too. */
function orderOf(value: number): number {
  return value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) + 1e-9);
}

/** Digits that a step needs: one for 0.2, two for 0.25. */
function digitsOf(step: number): number {
  return Number(step.toPrecision(6))
    .toExponential()
    .replace(/e.*|\./g, "").length;
}
