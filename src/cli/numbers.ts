// Numbers, durations and counts as people read them.

/** Four significant digits, thousands separated; "–" for a number that does not exist. */
export function shown(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-3)) return value.toExponential(2);
  const decimals = size >= 1 ? Math.max(0, digits - Math.floor(Math.log10(size)) - 1) : digits - 1;
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

/** A tick's label: as short as it can be without two ticks looking alike. */
export function tickLabel(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return value.toExponential(0).replace("+", "");
  return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
}
