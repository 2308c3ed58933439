// What the pretrained network learns from: origins of generated series, and some of the rows ahead of each.
import { chooseTransform } from "../../src/data/transform.js";
import { type Tensor, tensor } from "../../src/index.js";
import {
  aheadNumbers,
  candidateCount,
  kindNumbers,
  type PriorWindow,
  priorWindow,
  readRows,
  rowNumbers,
} from "../../src/tasks/forecast/prior/window.js";
import { naiveError } from "../../src/tasks/forecast/scores.js";
import { Draws } from "./draws.js";
import { generate } from "./series.js";

/** Origins of each series, and rows ahead of each origin that are learnt from. */
const [origins, aheadRows] = [3, 6];
/** Seasonal naive errors below this share of the scale are not divided by. */
const leastNaive = 0.05;

/** What is learnt from, one example after the other. */
export interface Examples {
  readonly rows: number;
  /** The inputs of `network`; `ahead` has [the numbers of a row ahead, the candidates in units of the seasonal naive error, that unit]. */
  readonly x: { readonly rows: Tensor; readonly kind: Tensor; readonly ahead: Tensor };
  /** [examples, aheadRows], NaN where the horizon is shorter. */
  readonly y: Tensor;
}

/** Origins of generated series: the last one, and others anywhere behind the first two seasons. */
export function examplesOf(seed: number, from: number, count: number): Examples {
  const numbers = aheadNumbers + candidateCount + 1;
  const inputs = { rows: readRows * rowNumbers, kind: kindNumbers, ahead: aheadRows * numbers };
  const most = count * origins;
  const columns = Object.fromEntries(
    Object.entries({ ...inputs, y: aheadRows }).map(([name, size]) => [name, new Float32Array(most * size)]),
  ) as Record<keyof typeof inputs | "y", Float32Array>;
  let rows = 0;
  for (let index = from; index < from + count; index++) {
    for (const { window, picked, targets, unit } of ofSeries(seed, index)) {
      columns.rows.set(window.rows, rows * inputs.rows);
      columns.kind.set(window.kind, rows * kindNumbers);
      picked.forEach((h, k) => {
        const place = rows * aheadRows + k;
        const scaled = window.candidates.subarray(h * candidateCount, (h + 1) * candidateCount).map((value) => value * unit);
        columns.ahead.set(window.ahead.subarray(h * aheadNumbers, (h + 1) * aheadNumbers), place * numbers);
        columns.ahead.set([...scaled, unit], place * numbers + aheadNumbers);
        columns.y[place] = targets[k]! * unit;
      });
      for (let k = picked.length; k < aheadRows; k++) columns.y[rows * aheadRows + k] = Number.NaN;
      rows++;
    }
  }
  const shaped = (name: keyof typeof columns, shape: readonly number[]): Tensor =>
    tensor(columns[name].subarray(0, rows * shape.reduce((product, size) => product * size, 1)), { shape: [rows, ...shape] });
  return {
    rows,
    x: {
      rows: shaped("rows", [readRows, rowNumbers]),
      kind: shaped("kind", [kindNumbers]),
      ahead: shaped("ahead", [aheadRows, numbers]),
    },
    y: shaped("y", [aheadRows]),
  };
}

interface Example {
  readonly window: PriorWindow;
  /** Rows ahead that are learnt from. */
  readonly picked: readonly number[];
  /** What came there, in units of the window. */
  readonly targets: readonly number[];
  /** 1 over the seasonal naive error, in units of the window. */
  readonly unit: number;
}

function ofSeries(seed: number, index: number): Example[] {
  const { values, season, horizon } = generate(seed, index);
  const last = values.length - horizon;
  const draws = new Draws(seed, -1 - index);
  const { log } = chooseTransform(values.slice(0, last), { season, horizon });
  if (log && values.some((value) => value <= 0)) return [];
  const levels = log ? values.map(Math.log) : values;
  const least = Math.max(10, Math.min(last, season > 1 ? 2 * season + 2 : 12));
  const ends = new Set([last, ...Array.from({ length: origins - 1 }, () => draws.whole(Math.min(least, last), last))]);
  return [...ends].flatMap((end): Example[] => {
    const window = priorWindow({ values: values.slice(0, end), season, horizon, log });
    if (window === null) return [];
    const naive = naiveError(levels.subarray(0, end), season) / window.scale;
    if (!(naive > 0)) return [];
    const picked = pickedOf(draws, horizon);
    const targets = picked.map((h) => (levels[end + h]! - window.level) / window.scale);
    return [{ window, picked, targets, unit: 1 / Math.max(leastNaive, naive) }];
  });
}

/** Some rows of a horizon, none twice. */
function pickedOf(draws: Draws, horizon: number): number[] {
  const left = Array.from({ length: horizon }, (_, h) => h);
  return Array.from({ length: Math.min(aheadRows, horizon) }, () => left.splice(draws.whole(0, left.length - 1), 1)[0]!);
}
