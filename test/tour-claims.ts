// What the pages of the tour claim, as bounds on the figures of their programs: wide enough for every machine, far from the opposite.
import assert from "node:assert/strict";

type Figures = Readonly<Record<string, number>>;

/** Each figure lies within [low, high]; every figure is looked at. */
function within(figures: Figures, bounds: Readonly<Record<string, readonly [low: number, high: number]>>): void {
  assert.deepEqual(Object.keys(figures).sort(), Object.keys(bounds).sort());
  for (const [name, [low, high]] of Object.entries(bounds)) {
    const value = figures[name]!;
    assert.ok(value >= low && value <= high, `${name}: ${value} is not within ${low} and ${high}`);
  }
}

/** By program: throws unless its page is right. */
export const claims: Readonly<Record<string, (figures: Figures) => void>> = {
  "01-recurrent-layer": (figures) => {
    within(figures, { difference: [0, 1e-6], trained: [0, 0.2], same: [0.3, 0.4] });
  },
  "02-deep-network": (figures) => {
    within(figures, {
      "minGRU, 1 layer": [0.5, 0.65],
      "minGRU, 2 layers": [0.2, 0.5],
      "minGRU, 3 layers": [0, 0.25],
      "simple RNN, 1 layer": [0, 0.08],
    });
  },
  "03-gradient-descent": (figures) => {
    within(figures, {
      "all 256 rows": [0.1, 0.2],
      "32 rows": [0.01, 0.04],
      "4 rows": [0, 0.008],
      sgd: [0.01, 0.04],
      momentum: [0, 0.008],
      rmsprop: [0, 0.008],
      adam: [0, 0.003],
      nadam: [0, 0.003],
    });
  },
  "04-vanishing-gradients": (figures) => {
    within(figures, {
      shrinking: [0.8 ** 40 * 0.999, 0.8 ** 40 * 1.001],
      stretching: [1.2 ** 40 * 0.999, 1.2 ** 40 * 1.001],
      tanhAt1: [1e-3, 0.2],
      usual: [0, 1e-8],
      near: [0, 0.1],
      far: [0.8, 1.5],
    });
  },
  "05-activation": (figures) => {
    within(figures, {
      "sigmoid gradient": [0, 1e-20],
      "tanh gradient": [1e-3, 0.1],
      "relu gradient": [0.3, 1.5],
      "leakyRelu gradient": [0.3, 1.5],
      "sigmoid loss": [0.12, 0.25],
      "tanh loss": [0.1, 0.25],
      "relu loss": [0, 0.1],
      "leakyRelu loss": [0, 0.1],
    });
  },
  "06-gates": (figures) => {
    within(figures, {
      "simple RNN gradient": [0, 1e-8],
      "LSTM, forget bias 1 gradient": [1e-2, 0.2],
      "LSTM, forget bias 4 gradient": [0.3, 10],
      "GRU gradient": [0, 1e-4],
      "GRU, biases 1 gradient": [1e-2, 1],
      "simple RNN loss": [0.7, 2],
      "LSTM, forget bias 1 loss": [0, 0.05],
      "LSTM, forget bias 4 loss": [0, 0.05],
      "GRU loss": [0.7, 2],
      "GRU, biases 1 loss": [0, 0.1],
    });
  },
  "07-clipping": (figures) => {
    within(figures, {
      "steps until lost": [1, 100],
      "largest error, not clipped": [1e3, Number.POSITIVE_INFINITY],
      "steps, clipped": [640, 640],
      "last errors, clipped": [0, 0.22],
    });
  },
  "08-initialisation": (figures) => {
    within(figures, {
      "normal, 0.05 gradient": [0, 1e-18],
      "uniform 1/√units gradient": [0, 1e-6],
      "Glorot gradient": [1e-2, 10],
      "orthogonal gradient": [1e-2, 1],
      "identity gradient": [1e-2, 1],
      "normal, 0.05 loss": [0.8, 1.3],
      "uniform 1/√units loss": [0.8, 1.3],
      "Glorot loss": [0, 0.05],
      "orthogonal loss": [0, 0.05],
      "identity loss": [0, 0.05],
    });
  },
  "09-normalisation": (figures) => {
    within(figures, {
      "plain, 0.05 gradient": [0, 1e-12],
      "normalised, 0.05 gradient": [0.5, 20],
      "plain, 0.8 gradient": [1e3, 1e7],
      "normalised, 0.8 gradient": [0.5, 20],
      "plain, 0.05 loss": [0.1, 1.3],
      "normalised, 0.05 loss": [0, 0.02],
      "plain, 0.8 loss": [0.9, 3],
      "normalised, 0.8 loss": [0, 0.8],
    });
    assert.ok(Math.abs(figures["normalised, 0.8 gradient"]! / figures["normalised, 0.05 gradient"]! - 1) < 0.05);
  },
  "10-regularisation": (figures) => {
    within(figures, {
      "none seen": [0, 1e-3],
      "none unseen": [0.13, 0.2],
      "dropout seen": [0, 0.3],
      "dropout unseen": [0, 0.13],
      "recurrent dropout seen": [0, 0.1],
      "recurrent dropout unseen": [0, 0.13],
      "zoneout seen": [0, 0.1],
      "zoneout unseen": [0, 0.13],
      "weight decay seen": [0, 0.1],
      "weight decay unseen": [0, 0.13],
    });
    for (const [name, error] of Object.entries(figures)) if (/[^e] unseen/.test(name)) assert.ok(error < figures["none unseen"]!, name);
  },
  "11-skip-connections": (figures) => {
    within(figures, {
      "plain gradient": [0, 0.05],
      "residual gradient": [1, 50],
      "highway gradient": [0.05, 1],
      "plain loss": [0.15, 0.25],
      "residual loss": [0, 0.08],
      "highway loss": [0, 0.08],
    });
  },
  "12-rnn-and-cnn": (figures) => {
    within(figures, {
      "GRU motif": [0.15, 0.4],
      "convolutions motif": [0, 0.05],
      "GRU 40": [0, 0.05],
      "convolutions 20": [0, 0.2],
      "convolutions 40": [0.7, 2],
    });
  },
  "13-attention": (figures) => {
    within(figures, { "last state": [0.8, 3], attention: [0, 0.05], hit: [0.7, 1] });
  },
  "14-long-memory": (figures) => {
    within(figures, {
      "GRU gradient": [0, 1e-9],
      "GRU, biases 1 gradient": [1e-3, 0.5],
      "LRU, |λ| 0 to 0.9 gradient": [0, 1e-4],
      "LRU, |λ| 0.9 to 0.999 gradient": [0.05, 1],
      "GRU loss": [0.8, 1.5],
      "GRU, biases 1 loss": [0, 0.05],
      "LRU, |λ| 0 to 0.9 loss": [0.8, 2],
      "LRU, |λ| 0.9 to 0.999 loss": [0, 0.15],
    });
  },
  "15-missing-values": (figures) => {
    within(figures, {
      best: [0.39, 0.41],
      "holes are 0": [0.52, 0.65],
      "0, and said so": [0.52, 0.7],
      "last value": [0.52, 0.65],
      "GRU-D": [0.42, 0.52],
    });
  },
};
