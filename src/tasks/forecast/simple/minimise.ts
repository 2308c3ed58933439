// A small minimiser for a handful of bounded parameters: Nelder & Mead 1965, deterministic, counted in evaluations.

export interface Bound {
  readonly low: number;
  readonly high: number;
  readonly start: number;
}

const mostEvaluations = 60;

/**
 * Parameters inside their bounds with the smallest cost found. The simplex lives on the real line through a logistic map,
 * so no step ever leaves the bounds. A cost that is no number counts as infinite.
 *
 * @example  minimise([{ low: 0, high: 1, start: 0.5 }], ([alpha]) => (alpha - 0.3) ** 2)
 */
export function minimise(bounds: readonly Bound[], cost: (parameters: readonly number[]) => number): number[] {
  const inside = (point: readonly number[]): number[] =>
    point.map((x, i) => bounds[i]!.low + (bounds[i]!.high - bounds[i]!.low) / (1 + Math.exp(-x)));
  const evaluate = (point: readonly number[]): Vertex => {
    const value = cost(inside(point));
    return { point, value: Number.isNaN(value) ? Number.POSITIVE_INFINITY : value };
  };
  const start = bounds.map(({ low, high, start }) => {
    const share = (start - low) / (high - low);
    return Math.log(share / (1 - share));
  });
  let simplex = [evaluate(start), ...start.map((_, i) => evaluate(start.map((x, j) => (i === j ? x + 1.5 : x))))];
  let left = mostEvaluations * bounds.length;
  while (left > 0) {
    simplex.sort((a, b) => a.value - b.value);
    const [best, worst] = [simplex[0]!, simplex.at(-1)!];
    if (worst.value - best.value <= 1e-9 * Math.abs(best.value)) break;
    const { next, used } = step(simplex, evaluate);
    left -= used;
    simplex = next;
  }
  return inside(simplex.reduce((best, vertex) => (vertex.value < best.value ? vertex : best)).point);
}

interface Vertex {
  readonly point: readonly number[];
  readonly value: number;
}

/** Reflects the worst vertex; expands, contracts, or shrinks towards the best. */
function step(sorted: readonly Vertex[], evaluate: (point: readonly number[]) => Vertex): { next: Vertex[]; used: number } {
  const [best, worst] = [sorted[0]!, sorted.at(-1)!];
  const others = sorted.slice(0, -1);
  const centre = best.point.map((_, i) => others.reduce((sum, { point }) => sum + point[i]!, 0) / others.length);
  const along = (by: number): Vertex => evaluate(centre.map((c, i) => c + by * (worst.point[i]! - c)));
  const reflected = along(-1);
  if (reflected.value < best.value) {
    const expanded = along(-2);
    return { next: [...others, expanded.value < reflected.value ? expanded : reflected], used: 2 };
  }
  if (reflected.value < others.at(-1)!.value) return { next: [...others, reflected], used: 1 };
  const contracted = along(reflected.value < worst.value ? -0.5 : 0.5);
  if (contracted.value < Math.min(reflected.value, worst.value)) return { next: [...others, contracted], used: 2 };
  const shrunk = sorted.slice(1).map(({ point }) => evaluate(point.map((x, i) => (x + best.point[i]!) / 2)));
  return { next: [best, ...shrunk], used: 2 + shrunk.length };
}
