// Initial values of weights, drawn on the host in float64 from a counter-based generator: same seed and path, same values everywhere.

import { UsageError } from "../base/errors.js";
import { uniformAt } from "../base/random.js";

/** How one gate's block of a weight starts. Plain data, so that it can be saved with a layer. */
export type Init =
  | { readonly kind: "zeros" }
  | { readonly kind: "ones" }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly limit: number }
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "truncatedNormal"; readonly deviation: number }
  | { readonly kind: "lecunUniform" }
  | { readonly kind: "lecunNormal" }
  | { readonly kind: "glorotUniform" }
  | { readonly kind: "glorotNormal" }
  | { readonly kind: "heUniform" }
  | { readonly kind: "heNormal" }
  | { readonly kind: "orthogonal"; readonly gain: number }
  | { readonly kind: "identity"; readonly gain: number }
  | { readonly kind: "ringDecay"; readonly rMin: number; readonly rMax: number }
  | { readonly kind: "ringPhase"; readonly maxPhase: number };

/** All zeros. */
export function zerosInit(): Init {
  return { kind: "zeros" };
}

/** All ones. */
export function onesInit(): Init {
  return { kind: "ones" };
}

/**
 * Every element is `value`.
 *
 * @example dense({ units: 1, biasInitializer: constant(0.5) })
 */
export function constant(value: number): Init {
  return { kind: "constant", value };
}

/** Uniform in [-limit, limit). */
export function uniformInit(limit = 0.05): Init {
  return { kind: "uniform", limit };
}

/** Normal with mean 0. */
export function normalInit(deviation = 0.05): Init {
  return { kind: "normal", deviation };
}

/** Normal with mean 0; draws beyond two deviations are drawn again. @example dense({ units: 8, kernelInitializer: truncatedNormal(0.02) }) */
export function truncatedNormal(deviation = 0.05): Init {
  return { kind: "truncatedNormal", deviation };
}

/** Uniform with limit √(3 / fanIn). LeCun et al. 1998. @example dense({ units: 8, kernelInitializer: lecunUniform() }) */
export function lecunUniform(): Init {
  return { kind: "lecunUniform" };
}

/** Normal with deviation √(1 / fanIn), for selu. LeCun et al. 1998. @example dense({ units: 8, activation: "selu", kernelInitializer: lecunNormal() }) */
export function lecunNormal(): Init {
  return { kind: "lecunNormal" };
}

/**
 * Uniform with limit √(6 / (fanIn + fanOut)), the fans of one gate. Glorot & Bengio 2010.
 *
 * @example dense({ units: 8, kernelInitializer: glorotUniform() })
 */
export function glorotUniform(): Init {
  return { kind: "glorotUniform" };
}

/**
 * Normal with deviation √(2 / (fanIn + fanOut)), the fans of one gate. Glorot & Bengio 2010.
 *
 * @example dense({ units: 8, kernelInitializer: glorotNormal() })
 */
export function glorotNormal(): Init {
  return { kind: "glorotNormal" };
}

/**
 * Uniform with limit √(6 / fanIn), for relu. He et al. 2015.
 *
 * @example dense({ units: 8, activation: "relu", kernelInitializer: heUniform() })
 */
export function heUniform(): Init {
  return { kind: "heUniform" };
}

/**
 * Normal with deviation √(2 / fanIn), for relu. He et al. 2015.
 *
 * @example dense({ units: 8, activation: "relu", kernelInitializer: heNormal() })
 */
export function heNormal(): Init {
  return { kind: "heNormal" };
}

/**
 * Orthonormal rows or columns times `gain`, separately for each gate. Saxe, McClelland & Ganguli 2014.
 *
 * @example lstm({ units: 64, recurrentInitializer: orthogonal(0.9) })
 */
export function orthogonal(gain = 1): Init {
  return { kind: "orthogonal", gain };
}

/**
 * The identity times `gain`: the start of a relu recurrence. Le, Jaitly & Hinton 2015.
 *
 * @example simpleRnn({ units: 64, recurrentInitializer: identity(0.5) })
 */
export function identity(gain = 1): Init {
  return { kind: "identity", gain };
}

/**
 * ν of eigenvalues exp(-exp(ν) + i·exp(θ)) spread evenly over the ring rMin ≤ |λ| ≤ rMax. Orvieto et al. 2023.
 *
 * @throws UsageError `bad_init` unless 0 ≤ rMin < rMax ≤ 1
 */
export function ringDecay(rMin: number, rMax: number): Init {
  if (rMin >= 0 && rMin < rMax && rMax <= 1) return { kind: "ringDecay", rMin, rMax };
  throw new UsageError({
    code: "bad_init",
    what: `the ring from rMin = ${rMin} to rMax = ${rMax} does not lie inside the unit circle`,
    hint: "Use 0 ≤ rMin < rMax ≤ 1.",
  });
}

/**
 * θ of such eigenvalues with angles spread evenly over [0, maxPhase]. Orvieto et al. 2023.
 *
 * @throws UsageError `bad_init` unless maxPhase > 0
 */
export function ringPhase(maxPhase: number): Init {
  if (maxPhase > 0) return { kind: "ringPhase", maxPhase };
  throw new UsageError({ code: "bad_init", what: `maxPhase = ${maxPhase}`, hint: "Use an angle above 0, at most 2π." });
}

/** A stream of numbers in [0, 1) for one weight: depends on the seed and the weight's path only, not on its neighbours. */
export function weightStream(seed: number, path: string): () => number {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UsageError({ code: "bad_seed", what: `the seed must be a whole number of at least 0, got ${seed}` });
  }
  const low = (seed % 2 ** 32) | 0;
  const high = hashOf(`${Math.floor(seed / 2 ** 32)}:${path}`);
  let counter = 0;
  return () => uniformAt(low, high, counter++);
}

/** Values of one gate's block, row-major; `next` gives numbers in [0, 1). */
export function drawInit(init: Init, shape: readonly number[], next: () => number): Float64Array {
  const length = shape.reduce((product, size) => product * size, 1);
  const { fanIn, fanOut } = fansOf(shape);
  const filled = (value: number): Float64Array => new Float64Array(length).fill(value);
  const spread = (limit: number): Float64Array => Float64Array.from({ length }, () => limit * (2 * next() - 1));
  const bell = (deviation: number): Float64Array => Float64Array.from({ length }, () => deviation * drawNormal(next));
  switch (init.kind) {
    case "zeros":
      return filled(0);
    case "ones":
      return filled(1);
    case "constant":
      return filled(init.value);
    case "uniform":
      return spread(init.limit);
    case "normal":
      return bell(init.deviation);
    case "truncatedNormal":
      return Float64Array.from({ length }, () => init.deviation * drawWithinTwo(next));
    case "lecunUniform":
      return spread(Math.sqrt(3 / fanIn));
    case "lecunNormal":
      return bell(Math.sqrt(1 / fanIn));
    case "glorotUniform":
      return spread(Math.sqrt(6 / (fanIn + fanOut)));
    case "glorotNormal":
      return bell(Math.sqrt(2 / (fanIn + fanOut)));
    case "heUniform":
      return spread(Math.sqrt(6 / fanIn));
    case "heNormal":
      return bell(Math.sqrt(2 / fanIn));
    case "orthogonal":
      return drawOrthogonal(fanIn, length / fanIn, init.gain, next);
    case "identity":
      return Float64Array.from({ length }, (_, index) => (Math.floor(index / fanOut) === index % fanOut ? init.gain : 0));
    case "ringDecay":
      return Float64Array.from({ length }, () =>
        Math.log(-0.5 * Math.log(inside(init.rMin ** 2 + (init.rMax ** 2 - init.rMin ** 2) * next()))),
      );
    case "ringPhase":
      return Float64Array.from({ length }, () => Math.log(init.maxPhase * inside(next())));
  }
}

/** Away from 0 and 1, whose logarithms no weight can hold. */
function inside(share: number): number {
  return Math.min(Math.max(share, 2 ** -24), 1 - 2 ** -24);
}

/** The columns are the outputs; all leading axes together are the inputs. A vector has both fans equal to its length. */
function fansOf(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const fanOut = shape.at(-1) ?? 1;
  const leading = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return { fanIn: shape.length < 2 ? fanOut : leading, fanOut };
}

/** Box & Muller 1958; 1 - u keeps the logarithm finite. */
function drawNormal(next: () => number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - next()));
  return radius * Math.cos(2 * Math.PI * next());
}

/** A normal draw of absolute value at most 2. */
function drawWithinTwo(next: () => number): number {
  for (;;) {
    const drawn = drawNormal(next);
    if (Math.abs(drawn) <= 2) return drawn;
  }
}

/** Gram-Schmidt of normal draws along the shorter side, run twice per vector because one pass loses orthogonality in large matrices. */
function drawOrthogonal(rows: number, columns: number, gain: number, next: () => number): Float64Array {
  const count = Math.min(rows, columns);
  const size = Math.max(rows, columns);
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length: size }, () => drawNormal(next));
    for (let pass = 0; pass < 2; pass++) for (const known of vectors) addScaled(vector, known, -inner(vector, known));
    const length = Math.sqrt(inner(vector, vector));
    if (length < 1e-8) continue;
    vectors.push(vector.map((value) => value / length));
  }
  const tall = rows >= columns;
  return Float64Array.from({ length: rows * columns }, (_, index) => {
    const row = Math.floor(index / columns);
    const column = index % columns;
    return gain * (tall ? vectors[column]![row]! : vectors[row]![column]!);
  });
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
