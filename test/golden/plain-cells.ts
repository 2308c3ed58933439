// Every built-in cell again, with loops over numbers, written from the papers' formulas: the golden values of the tests.

/** A matrix or vector by rows: weights as stored, gates side by side in the columns. */
export interface PlainWeight {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export type PlainWeights = Readonly<Record<string, PlainWeight>>;
export type PlainState = Readonly<Record<string, readonly number[]>>;

/** One step of one row: x [I] and the state to the next state. */
export type PlainStep = (x: readonly number[], state: PlainState, w: PlainWeights, H: number) => PlainState;

/** A cell by loops. */
export interface PlainCell {
  /** Sizes of the states for H units and a projection to P. */
  readonly states: (H: number, P: number) => Readonly<Record<string, number>>;
  readonly step: PlainStep;
}

const logistic = (a: number): number => 1 / (1 + Math.exp(-a));

/** sum over k of v[k] · W[k, column]. */
function column(v: readonly number[], W: PlainWeight, at: number): number {
  const width = W.shape[1]!;
  let total = 0;
  for (let k = 0; k < v.length; k++) total += v[k]! * W.data[k * width + at]!;
  return total;
}

function numbers<R>(count: number, f: (index: number) => R): R[] {
  const out: R[] = [];
  for (let index = 0; index < count; index++) out.push(f(index));
  return out;
}

// Elman 1990: h(t) = f(W x(t) + U h(t-1) + b).
function elman(f: (a: number) => number): PlainCell {
  return {
    states: (H) => ({ h: H }),
    step: (x, { h }, w, H) => ({ h: numbers(H, (j) => f(column(x, w.W!, j) + column(h!, w.U!, j) + w.b!.data[j]!)) }),
  };
}

// Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; peepholes of Gers et al. 2002; projection of Sak et al. 2014.
// Columns i f g o; peephole columns i f o.
function lstm(hasPeephole: boolean, hasProjection: boolean): PlainCell {
  return {
    states: (H, P) => ({ h: hasProjection ? P : H, c: H }),
    step(x, { h, c }, w, H) {
      const a = (gate: number, j: number): number => {
        const at = gate * H + j;
        return column(x, w.W!, at) + column(h!, w.U!, at) + w.b!.data[at]!;
      };
      const peek = (gate: number, j: number): number => (hasPeephole ? w.peephole!.data[gate * H + j]! : 0);
      const cNext = numbers(H, (j) => {
        const i = logistic(a(0, j) + peek(0, j) * c![j]!);
        const f = logistic(a(1, j) + peek(1, j) * c![j]!);
        return f * c![j]! + i * Math.tanh(a(2, j));
      });
      const out = numbers(H, (j) => logistic(a(3, j) + peek(2, j) * cNext[j]!) * Math.tanh(cNext[j]!));
      if (!hasProjection) return { h: out, c: cNext };
      return { h: numbers(w.P!.shape[1]!, (p) => column(out, w.P!, p)), c: cNext };
    },
  };
}

// Cho et al. 2014, first version: the reset gate acts on the recurrent product. Columns r z n.
const gru: PlainCell = {
  states: (H) => ({ h: H }),
  step(x, { h }, w, H) {
    const fromX = (gate: number, j: number): number => column(x, w.W!, gate * H + j) + w.b!.data[gate * H + j]!;
    const fromH = (gate: number, j: number): number => column(h!, w.U!, gate * H + j) + w.bR!.data[gate * H + j]!;
    return {
      h: numbers(H, (j) => {
        const r = logistic(fromX(0, j) + fromH(0, j));
        const z = logistic(fromX(1, j) + fromH(1, j));
        const n = Math.tanh(fromX(2, j) + r * fromH(2, j));
        return z * h![j]! + (1 - z) * n;
      }),
    };
  },
};

// Cho et al. 2014, final version: the reset gate acts on the state before the product.
const gruResetBefore: PlainCell = {
  states: (H) => ({ h: H }),
  step(x, { h }, w, H) {
    const fromX = (gate: number, j: number): number => column(x, w.W!, gate * H + j) + w.b!.data[gate * H + j]!;
    const r = numbers(H, (j) => logistic(fromX(0, j) + column(h!, w.U!, j)));
    const reset = numbers(H, (j) => r[j]! * h![j]!);
    return {
      h: numbers(H, (j) => {
        const z = logistic(fromX(1, j) + column(h!, w.U!, H + j));
        const n = Math.tanh(fromX(2, j) + column(reset, w.Un!, j));
        return z * h![j]! + (1 - z) * n;
      }),
    };
  },
};

// Feng et al. 2024, minGRU in its sequential form: gate and candidate see the input alone. Columns z n.
const minGru: PlainCell = {
  states: (H) => ({ h: H }),
  step: (x, { h }, w, H) => ({
    h: numbers(H, (j) => {
      const z = logistic(column(x, w.W!, j) + w.b!.data[j]!);
      return (1 - z) * h![j]! + z * (column(x, w.W!, H + j) + w.b!.data[H + j]!);
    }),
  }),
};

// Feng et al. 2024, minLSTM in its sequential form: the two gates divided by their sum. Columns i f n.
const minLstm: PlainCell = {
  states: (H) => ({ h: H }),
  step: (x, { h }, w, H) => ({
    h: numbers(H, (j) => {
      const a = (gate: number): number => column(x, w.W!, gate * H + j) + w.b!.data[gate * H + j]!;
      const [i, f] = [logistic(a(0)), logistic(a(1))];
      return (f / (f + i)) * h![j]! + (i / (f + i)) * a(2);
    }),
  }),
};

// Orvieto et al. 2023: s(t) = λ s(t-1) + γ B x(t), y(t) = Re(C s(t)) + D x(t) with complex λ = exp(-exp(ν) + i exp(θ)). Columns re im.
const lru: PlainCell = {
  states: (H) => ({ h: H, re: H, im: H }),
  step(x, { re, im }, w, H) {
    const next = numbers(H, (j) => {
      const size = Math.exp(-Math.exp(w.nu!.data[j]!));
      const angle = Math.exp(w.theta!.data[j]!);
      const gamma = Math.sqrt(1 - size * size);
      const [a, b] = [size * Math.cos(angle), size * Math.sin(angle)];
      return [a * re![j]! - b * im![j]! + gamma * column(x, w.B!, j), a * im![j]! + b * re![j]! + gamma * column(x, w.B!, H + j)] as const;
    });
    const [real, imaginary] = [next.map(([part]) => part), next.map(([, part]) => part)];
    const h = numbers(H, (j) => column(real, w.C!, j) - column(imaginary, w.C!, H + j) + column(x, w.D!, j));
    return { h, re: real, im: imaginary };
  },
};

// Che et al. 2018, equations 4 to 6 and 10: NaN is missing, steps are 1 apart; the GRU sees [x, mask].
const gruD: PlainCell = {
  states: (H) => ({ h: H, last: 0, since: 0 }),
  step(x, { h, last, since }, w, H) {
    const fade = (rate: number): number => Math.exp(-Math.max(0, rate));
    const gap = since!.map((time) => time + 1);
    const seen = x.map((value) => !Number.isNaN(value));
    const filled = x.map((value, i) => {
      const keep = fade(w.inputDecay!.data[i]! * gap[i]! + w.inputDecayBias!.data[i]!);
      return seen[i] ? value : keep * last![i]! + (1 - keep) * w.inputMean!.data[i]!;
    });
    const faded = numbers(H, (j) => fade(column(gap, w.hDecay!, j) + w.hDecayBias!.data[j]!) * h![j]!);
    const next = gru.step([...filled, ...seen.map(Number)], { h: faded }, w, H);
    return { ...next, last: x.map((value, i) => (seen[i] ? value : last![i]!)), since: gap.map((time, i) => (seen[i] ? 0 : time)) };
  },
};

// Li et al. 2018: h(t) = relu(W x(t) + u h(t-1) + b), u by unit.
const indRnn: PlainCell = {
  states: (H) => ({ h: H }),
  step: (x, { h }, w, H) => ({ h: numbers(H, (j) => Math.max(0, column(x, w.W!, j) + w.u!.data[j]! * h![j]! + w.b!.data[j]!)) }),
};

// Chang et al. 2019: h(t) = h(t-1) + e tanh((U - U' - g I) h(t-1) + W x(t) + b), e = 0.1 and g = 0.01; states are rows here.
const antisymmetric: PlainCell = {
  states: (H) => ({ h: H }),
  step: (x, { h }, w, H) => ({
    h: numbers(H, (j) => {
      const turned = h!.reduce((total, value, k) => total + value * (w.U!.data[k * H + j]! - w.U!.data[j * H + k]!), 0);
      return h![j]! + 0.1 * Math.tanh(column(x, w.W!, j) + turned - 0.01 * h![j]! + w.b!.data[j]!);
    }),
  }),
};

/** Mean 0 and variance 1, with 1e-5 added to the variance. */
function normalised(values: readonly number[]): number[] {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const spread = values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
  return values.map((value) => (value - mean) / Math.sqrt(spread + 1e-5));
}

// Ba, Kiros & Hinton 2016, equations 20 to 22; columns i f g o.
const normedLstm: PlainCell = {
  states: (H) => ({ h: H, c: H }),
  step(x, { h, c }, w, H) {
    const fromX = normalised(numbers(4 * H, (at) => column(x, w.W!, at)));
    const fromH = normalised(numbers(4 * H, (at) => column(h!, w.U!, at)));
    const a = (gate: number, j: number): number => {
      const at = gate * H + j;
      return fromX[at]! * w.gainX!.data[at]! + fromH[at]! * w.gainH!.data[at]! + w.b!.data[at]!;
    };
    const cNext = numbers(H, (j) => logistic(a(1, j)) * c![j]! + logistic(a(0, j)) * Math.tanh(a(2, j)));
    const seen = normalised(cNext);
    return { h: numbers(H, (j) => logistic(a(3, j)) * Math.tanh(seen[j]! * w.gainC!.data[j]! + w.bC!.data[j]!)), c: cNext };
  },
};

/** The plain twin of each built-in cell by the cell's name. */
export const plainCells: Readonly<Record<string, PlainCell>> = {
  "elman-tanh": elman(Math.tanh),
  "elman-sigmoid": elman(logistic),
  "elman-relu": elman((a) => Math.max(a, 0)),
  "elman-leaky-relu": elman((a) => (a > 0 ? a : 0.01 * a)),
  lstm: lstm(false, false),
  "peephole-lstm": lstm(true, false),
  "projected-lstm": lstm(false, true),
  "projected-peephole-lstm": lstm(true, true),
  gru,
  "gru-with-decay": gruD,
  "gru-reset-before": gruResetBefore,
  "min-gru": minGru,
  "min-lstm": minLstm,
  lru,
  "ind-rnn": indRnn,
  "antisymmetric-rnn": antisymmetric,
  "normed-lstm": normedLstm,
};

/** Sequences as numbers: x [B][T][I], one length per row. */
export interface PlainRun {
  readonly x: readonly (readonly (readonly number[])[])[];
  readonly lengths: readonly number[];
  readonly initial: readonly PlainState[];
  readonly backwards?: boolean;
}

/** States after every step [B][T] (null in padding) and the final states [B]. */
export function runPlain(
  cell: PlainCell,
  weights: PlainWeights,
  H: number,
  run: PlainRun,
): { readonly steps: (PlainState | null)[][]; readonly final: PlainState[] } {
  const steps: (PlainState | null)[][] = [];
  const final: PlainState[] = [];
  run.x.forEach((sequence, row) => {
    const states: (PlainState | null)[] = sequence.map(() => null);
    let state = run.initial[row]!;
    const length = run.lengths[row]!;
    for (let k = 0; k < length; k++) {
      const t = run.backwards === true ? length - 1 - k : k;
      state = cell.step(sequence[t]!, state, weights, H);
      states[t] = state;
    }
    steps.push(states);
    final.push(state);
  });
  return { steps, final };
}
