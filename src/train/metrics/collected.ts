// Metrics that need the whole data set at once: areas under curves, F1, R². Plain numbers in float64.

/** Every valid element of one output, in the order it came. */
export interface Collected {
  /** One row for each element: class probabilities or values [rows, columns]. */
  readonly predicted: ArrayLike<number>;
  readonly columns: number;
  /** Class numbers [rows] if `isClass`, else targets [rows, columns]. NaN: there is none, and nothing counts. */
  readonly actual: ArrayLike<number>;
  readonly isClass: boolean;
  /** Sample weights [rows]; null if all are 1. */
  readonly weights: ArrayLike<number> | null;
  /** True if exactly one class is right in each row: several columns are not labels of their own. */
  readonly isExclusive: boolean;
}

/** One yes-or-no question of all rows. */
interface Question {
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  readonly weights: ArrayLike<number> | null;
}

/**
 * Area under the ROC curve: how often a yes has a higher score than a no, ties counting half (Hanley & McNeil 1982). The plain mean over
 * classes or labels that have both; of two exclusive classes the second. NaN where no question has both.
 */
export function auroc(data: Collected): number {
  return meanOf(questionsOf(data).map((question) => areaUnderRoc(question)));
}

/** Average precision, Σ (recallₙ - recallₙ₋₁)·precisionₙ over the scores from the highest; averaged as `auroc` is. */
export function auprc(data: Collected): number {
  return meanOf(questionsOf(data).map((question) => averagePrecision(question)));
}

/** F1 of each class, averaged. Exclusive classes: those that occur, in truth or prediction; one column: no and yes; labels: all of them. */
export function f1Macro(data: Collected): number {
  const counts = confusionOf(data);
  const kept = data.columns > 1 && !data.isExclusive ? counts : counts.filter(({ hits, wrong, missed }) => hits + wrong + missed > 0);
  return meanOf(kept.map(f1Of));
}

/** F1 of all classes' counts together; for exclusive classes that is accuracy. */
export function f1Micro(data: Collected): number {
  const total = { hits: 0, wrong: 0, missed: 0 };
  for (const { hits, wrong, missed } of confusionOf(data)) {
    total.hits += hits;
    total.wrong += wrong;
    total.missed += missed;
  }
  return f1Of(total);
}

/** 1 - Σ(y - ŷ)² / Σ(y - ȳ)², averaged over the columns. A constant target gives 1 if it is met exactly, else 0. NaN for fewer than two rows. */
export function r2({ predicted, actual, columns, weights }: Collected): number {
  const rows = predicted.length / columns;
  if (rows < 2) return Number.NaN;
  return meanOf(Array.from({ length: columns }, (_, column) => determination({ predicted, actual, columns, weights }, rows, column)));
}

function determination(data: Pick<Collected, "predicted" | "actual" | "columns" | "weights">, rows: number, column: number): number {
  const { predicted, actual, columns, weights } = data;
  let [total, mass] = [0, 0];
  for (let row = 0; row < rows; row++) {
    if (Number.isNaN(actual[row * columns + column])) continue;
    const weight = weights?.[row] ?? 1;
    total += weight * actual[row * columns + column]!;
    mass += weight;
  }
  const mean = total / mass;
  let [left, spread] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const at = row * columns + column;
    if (Number.isNaN(actual[at])) continue;
    const weight = weights?.[row] ?? 1;
    left += weight * (actual[at]! - predicted[at]!) ** 2;
    spread += weight * (actual[at]! - mean) ** 2;
  }
  if (spread === 0) return left === 0 ? 1 : 0;
  return 1 - left / spread;
}

function questionsOf(data: Collected): Question[] {
  const { columns, isClass, isExclusive } = data;
  const asked = isExclusive && columns === 2 ? [1] : Array.from({ length: columns }, (_, column) => column);
  const rows = data.predicted.length / columns;
  return asked.map((column) => {
    const truth = (row: number): number => data.actual[isClass ? row : row * columns + column]!;
    const known = Uint32Array.from({ length: rows }, (_, row) => row).filter((row) => !Number.isNaN(truth(row)));
    return {
      labels: Uint8Array.from(known, (row) => Number(isClass ? truth(row) === column : truth(row) > 0.5)),
      scores: Float64Array.from(known, (row) => data.predicted[row * columns + column]!),
      weights: data.weights === null || known.length === rows ? data.weights : Float64Array.from(known, (row) => data.weights![row]!),
    };
  });
}

/** Calls `visit` with the weight of yes and no of each group of equal scores, from the highest score down. */
function eachTie({ labels, scores, weights }: Question, visit: (yes: number, no: number) => void): void {
  const order = Uint32Array.from({ length: scores.length }, (_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
  let [yes, no] = [0, 0];
  order.forEach((row, place) => {
    const weight = weights?.[row] ?? 1;
    if (labels[row] === 1) yes += weight;
    else no += weight;
    if (place + 1 < order.length && scores[order[place + 1]!] === scores[row]) return;
    visit(yes, no);
    [yes, no] = [0, 0];
  });
}

function areaUnderRoc(question: Question): number {
  let [above, below, area] = [0, 0, 0];
  eachTie(question, (yes, no) => {
    area += no * (above + yes / 2);
    above += yes;
    below += no;
  });
  return above > 0 && below > 0 ? area / (above * below) : Number.NaN;
}

function averagePrecision(question: Question): number {
  let [above, below, sum] = [0, 0, 0];
  eachTie(question, (yes, no) => {
    above += yes;
    below += no;
    if (yes > 0) sum += yes * (above / (above + below));
  });
  return above > 0 ? sum / above : Number.NaN;
}

interface Counts {
  hits: number;
  wrong: number;
  missed: number;
}

/** Counts of each class: rightly said, wrongly said, not said. */
function confusionOf(data: Collected): Counts[] {
  const { columns, isExclusive } = data;
  const rows = data.predicted.length / columns;
  const classes = isExclusive ? columns : columns === 1 ? 2 : columns;
  const counts = Array.from({ length: classes }, (): Counts => ({ hits: 0, wrong: 0, missed: 0 }));
  const isKnown = (at: number): boolean => !Number.isNaN(data.actual[at]);
  const note = (index: number, isTrue: boolean, isSaid: boolean, weight: number): void => {
    const count = counts[index]!;
    if (isTrue && isSaid) count.hits += weight;
    else if (isSaid) count.wrong += weight;
    else if (isTrue) count.missed += weight;
  };
  for (let row = 0; row < rows; row++) {
    const weight = data.weights?.[row] ?? 1;
    if ((isExclusive || columns === 1) && !isKnown(data.isClass ? row : row * columns)) continue;
    const [said, truth] = isExclusive ? [largest(data.predicted, row, columns), trueClass(data, row)] : [null, null];
    if (said !== null) for (let index = 0; index < classes; index++) note(index, index === truth, index === said, weight);
    else if (columns === 1) {
      const [isTrue, isSaid] = [data.actual[row]! > 0.5, data.predicted[row]! > 0.5];
      note(0, !isTrue, !isSaid, weight);
      note(1, isTrue, isSaid, weight);
    } else
      for (let index = 0; index < columns; index++) {
        const at = row * columns + index;
        if (isKnown(at)) note(index, data.actual[at]! > 0.5, data.predicted[at]! > 0.5, weight);
      }
  }
  return counts;
}

function trueClass({ actual, columns, isClass }: Collected, row: number): number {
  return isClass ? actual[row]! : largest(actual, row, columns);
}

/** Place of the first largest value of a row. */
function largest(values: ArrayLike<number>, row: number, columns: number): number {
  let best = 0;
  for (let column = 1; column < columns; column++) if (values[row * columns + column]! > values[row * columns + best]!) best = column;
  return best;
}

function f1Of({ hits, wrong, missed }: Counts): number {
  const whole = 2 * hits + wrong + missed;
  return whole === 0 ? 0 : (2 * hits) / whole;
}

/** Mean of the numbers that are some; NaN if none is. */
function meanOf(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0) / known.length;
}
