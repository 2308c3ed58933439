"""Figures that the tests of training compare with, computed by PyTorch 1.13, scikit-learn 1.2 and NumPy in float64.

Run with `python3 test/golden/training.py`; it writes training.json beside itself. The tests need neither.
"""

import json
import pathlib

import numpy as np
import sklearn.metrics as skm
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(20240607)


def listed(value):
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    return np.asarray(value).tolist()


# Ten steps on fixed gradients, which shows every slot at work.
start = rng.normal(size=(3, 2))
gradients = rng.normal(size=(10, 3, 2)) * np.array([1.0, 1e-3, 10.0])[:, None]
gradients[3] = 0


def trajectory(make, clip=None):
    w = torch.tensor(start, requires_grad=True)
    optimizer = make([w])
    points = []
    for g in gradients:
        w.grad = torch.tensor(g)
        if clip is not None:
            torch.nn.utils.clip_grad_norm_([w], clip)
        optimizer.step()
        points.append(listed(w))
    return points


def lion(lr, b1, b2, decay):
    """Chen et al. 2023, algorithm 2."""
    w, m, points = start.copy(), np.zeros_like(start), []
    for g in gradients:
        c = b1 * m + (1 - b1) * g
        w = w - lr * (np.sign(c) + decay * w)
        m = b2 * m + (1 - b2) * g
        points.append(listed(w))
    return points


def nadam(lr, b1, b2, eps, psi):
    """Dozat 2016. PyTorch 1.13 takes mu of the step twice into the product of the next one, which later versions corrected."""
    w, m, v, product, points = start.copy(), np.zeros_like(start), np.zeros_like(start), 1.0, []
    for t, g in enumerate(gradients, 1):
        mu, mu_next = (b1 * (1 - 0.5 * 0.96 ** (step * psi)) for step in (t, t + 1))
        product *= mu
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        root = np.sqrt(v / (1 - b2**t)) + eps
        w = w - lr * (1 - mu) / (1 - product) * g / root - lr * mu_next / (1 - product * mu_next) * m / root
        points.append(listed(w))
    return points


O = torch.optim
optimizers = {
    "sgd": trajectory(lambda p: O.SGD(p, lr=0.05)),
    "sgdMomentum": trajectory(lambda p: O.SGD(p, lr=0.05, momentum=0.9)),
    "sgdNesterov": trajectory(lambda p: O.SGD(p, lr=0.05, momentum=0.9, nesterov=True)),
    "rmsprop": trajectory(lambda p: O.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-7)),
    "rmspropAll": trajectory(lambda p: O.RMSprop(p, lr=0.01, alpha=0.95, eps=1e-7, momentum=0.9, centered=True)),
    "adagrad": trajectory(lambda p: O.Adagrad(p, lr=0.05, eps=1e-7)),
    "adagradInitial": trajectory(lambda p: O.Adagrad(p, lr=0.05, eps=1e-7, initial_accumulator_value=0.1)),
    "adadelta": trajectory(lambda p: O.Adadelta(p, lr=1.0, rho=0.95, eps=1e-6)),
    "adam": trajectory(lambda p: O.Adam(p, lr=1e-3, eps=1e-7)),
    "adamClipped": trajectory(lambda p: O.Adam(p, lr=1e-2, eps=1e-7), clip=1.0),
    "adamw": trajectory(lambda p: O.AdamW(p, lr=1e-2, eps=1e-7, weight_decay=0.1)),
    "nadam": nadam(2e-3, 0.9, 0.999, 1e-7, 0.004),
    "amsgrad": trajectory(lambda p: O.Adam(p, lr=1e-3, eps=1e-7, amsgrad=True)),
    "lion": lion(1e-3, 0.9, 0.99, 0.1),
}


def rates(make, steps, lr):
    w = torch.zeros(1, requires_grad=True)
    optimizer = O.SGD([w], lr=lr)
    schedule = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return values


S = torch.optim.lr_scheduler
schedules = {
    "step": rates(lambda o: S.StepLR(o, step_size=7, gamma=0.3), 30, 0.1),
    "exponential": rates(lambda o: S.ExponentialLR(o, gamma=0.9), 30, 0.1),
    "cosine": rates(lambda o: S.CosineAnnealingLR(o, T_max=20, eta_min=0.01), 21, 0.1),
    "restarts": rates(lambda o: S.CosineAnnealingWarmRestarts(o, T_0=7, eta_min=0.01), 40, 0.1),
    "growing": rates(lambda o: S.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2, eta_min=0.01), 60, 0.1),
    "oneCycle": rates(lambda o: S.OneCycleLR(o, max_lr=0.1, total_steps=30), 29, 0.1),
}

# Losses, element by element.
y, p = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)) * 2
p[0, 0] = y[0, 0]
logits = rng.normal(size=(5, 4)) * 3
logits[0] = [300, -300, 0, 1]
classes = rng.integers(0, 4, size=5)
shares = rng.dirichlet(np.ones(4), size=5)
shares[1] = [0, 1, 0, 0]
marks = rng.integers(0, 2, size=(5, 4)).astype(float)
counts = rng.poisson(2.0, size=(4, 3)).astype(float)
t = torch.tensor
lsm = F.log_softmax(t(logits), dim=-1)
probabilities = torch.softmax(t(logits[1:]), dim=-1)


def pinball(q):
    e = y - p
    return np.maximum(q * e, (q - 1) * e)


losses = {
    "mse": F.mse_loss(t(p), t(y), reduction="none"),
    "mae": F.l1_loss(t(p), t(y), reduction="none"),
    "huber": F.huber_loss(t(p), t(y), reduction="none"),
    "huber2": F.huber_loss(t(p), t(y), reduction="none", delta=0.5),
    "logCosh": np.log(np.cosh(p - y)),
    "quantile": pinball(0.9),
    "quantiles": pinball(np.array([0.1, 0.5, 0.9])),
    "poisson": np.exp(p) - counts * p,
    "poissonRates": F.poisson_nll_loss(t(np.exp(p)), t(counts), log_input=False, reduction="none", eps=1e-7),
    "poissonLogits": F.poisson_nll_loss(t(p), t(counts), log_input=True, reduction="none"),
    "binaryCrossEntropy": F.binary_cross_entropy_with_logits(t(logits), t(marks), reduction="none"),
    "binarySmoothed": F.binary_cross_entropy_with_logits(t(logits), t(marks * 0.9 + 0.05), reduction="none"),
    "binaryProbabilities": F.binary_cross_entropy(torch.sigmoid(t(logits[1:])), t(marks[1:]), reduction="none"),
    "categoricalCrossEntropy": F.cross_entropy(t(logits), t(shares), reduction="none"),
    "categoricalSmoothed": F.cross_entropy(t(logits), t(shares), reduction="none", label_smoothing=0.1),
    "categoricalProbabilities": -(t(shares[1:]) * probabilities.log()).sum(-1),
    "sparseCategoricalCrossEntropy": F.cross_entropy(t(logits), t(classes), reduction="none"),
    "sparseSmoothed": F.cross_entropy(t(logits), t(classes), reduction="none", label_smoothing=0.1),
    "klDivergence": F.kl_div(lsm, t(shares), reduction="none").sum(-1),
    "cosineSimilarity": -F.cosine_similarity(t(y), t(p), dim=-1),
}

# Metrics of scikit-learn on random cases, with ties and weights.
cases = []
for index in range(6):
    n, k = 60, 4
    truth = rng.integers(0, k, size=n)
    scores = np.round(rng.normal(size=(n, k)) + 1.0 * np.eye(k)[truth], 1 if index % 2 else 6)
    soft = torch.softmax(t(scores), dim=-1).numpy()
    label = rng.integers(0, 2, size=n)
    score = np.round(rng.random(n) * 0.6 + 0.4 * label, 1 if index % 2 else 6)
    several = rng.integers(0, 2, size=(n, 3))
    severally = np.round(rng.random((n, 3)) * 0.7 + 0.3 * several, 1 if index % 2 else 6)
    target = rng.normal(size=(n, 2)) * [1, 5] + [0, 1000]
    guess = target + rng.normal(size=(n, 2)) * [0.5, 2]
    w = None if index < 3 else np.round(rng.random(n) * 3, 2)
    said, saids = score > 0.5, severally > 0.5
    weighted = (lambda v: float(np.average(v, weights=w)))
    onehot = np.eye(k)[truth]
    cases.append(
        {
            "weights": None if w is None else listed(w),
            "truth": listed(truth), "scores": listed(scores), "label": listed(label), "score": listed(score),
            "several": listed(several), "severally": listed(severally), "target": listed(target), "guess": listed(guess),
            "classes": {
                "accuracy": skm.accuracy_score(truth, scores.argmax(-1), sample_weight=w),
                "topKAccuracy": skm.top_k_accuracy_score(truth, scores, k=2, sample_weight=w),
                "auroc": float(np.mean([skm.roc_auc_score(onehot[:, c], soft[:, c], sample_weight=w) for c in range(k)])),
                "auprc": float(np.mean([skm.average_precision_score(onehot[:, c], soft[:, c], sample_weight=w) for c in range(k)])),
                "f1Macro": skm.f1_score(truth, scores.argmax(-1), average="macro", sample_weight=w),
                "f1Micro": skm.f1_score(truth, scores.argmax(-1), average="micro", sample_weight=w),
                "perplexity": float(np.exp(skm.log_loss(truth, soft, sample_weight=w, labels=range(k)))),
            },
            "binary": {
                "accuracy": skm.accuracy_score(label, said, sample_weight=w),
                "auroc": skm.roc_auc_score(label, score, sample_weight=w),
                "auprc": skm.average_precision_score(label, score, sample_weight=w),
                "f1Macro": skm.f1_score(label, said, average="macro", sample_weight=w),
                "f1Micro": skm.f1_score(label, said, average="micro", sample_weight=w),
            },
            "labels": {
                "auroc": skm.roc_auc_score(several, severally, average="macro", sample_weight=w),
                "auprc": skm.average_precision_score(several, severally, average="macro", sample_weight=w),
                "f1Macro": skm.f1_score(several, saids, average="macro", sample_weight=w),
                "f1Micro": skm.f1_score(several, saids, average="micro", sample_weight=w),
            },
            "numbers": {
                "mae": skm.mean_absolute_error(target, guess, sample_weight=w),
                "mse": skm.mean_squared_error(target, guess, sample_weight=w),
                "rmse": float(np.sqrt(skm.mean_squared_error(target, guess, sample_weight=w))),
                "r2": skm.r2_score(target, guess, sample_weight=w),
                "smape": weighted((200 * np.abs(target - guess) / (np.abs(target) + np.abs(guess))).mean(-1)),
                "mase": weighted(np.abs(target - guess).mean(-1)) / float(np.mean(np.abs(target[3:, 1] - target[:-3, 1]))),
            },
        }
    )

document = {
    "start": listed(start), "gradients": listed(gradients), "optimizers": optimizers, "schedules": schedules,
    "y": listed(y), "p": listed(p), "logits": listed(logits), "classes": listed(classes), "shares": listed(shares),
    "marks": listed(marks), "counts": listed(counts),
    "losses": {name: listed(value) for name, value in losses.items() if name != "poisson"}, "cases": cases,
}
target = pathlib.Path(__file__).with_name("training.json")
target.write_text(json.dumps(document, separators=(",", ":")) + "\n")
print(target, target.stat().st_size)
