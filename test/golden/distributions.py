# Densities, gradients and quantiles of the distributions that networks forecast, from scipy and torch in float64.
# Prints test/golden/distributions.json: python3 test/golden/distributions.py > test/golden/distributions.json
import json
import numpy as np
import torch
from scipy import special, stats

torch.set_default_dtype(torch.float64)
levels = [1e-6, 0.001, 0.025, 0.1, 0.3, 0.5, 0.7, 0.9, 0.975, 0.999, 1 - 1e-6]


def nll(log_probability, y, parameters):
    leaves = [torch.tensor(p, requires_grad=True) for p in parameters]
    value = -log_probability(torch.tensor(y), *leaves)
    value.backward()
    return float(value), [float(leaf.grad) for leaf in leaves]


def gaussian(y, mean, deviation):
    return torch.distributions.Normal(mean, deviation).log_prob(y)


def student(y, location, scale, freedom):
    return torch.distributions.StudentT(freedom, location, scale).log_prob(y)


def negative_binomial(y, mean, dispersion):
    r = 1 / dispersion
    return (
        torch.lgamma(y + r) - torch.lgamma(r) - torch.lgamma(y + 1)
        - r * torch.log1p(dispersion * mean) + y * (torch.log(dispersion * mean) - torch.log1p(dispersion * mean))
    )


def scipy_value(name, y, parameters):
    if name == "gaussianNll":
        return -stats.norm.logpdf(y, *parameters)
    if name == "studentTNll":
        return -stats.t.logpdf(y, parameters[2], parameters[0], parameters[1])
    mean, dispersion = parameters
    return -stats.nbinom.logpmf(y, 1 / dispersion, 1 / (1 + dispersion * mean))


cases = {
    "gaussianNll": (gaussian, [(0.3, (0.1, 0.5)), (-4.0, (1.5, 2.5)), (0.0, (0.0, 1e-3)), (7.0, (-1.0, 0.4))]),
    "studentTNll": (
        student,
        [(0.3, (0.1, 0.5, 3.0)), (-4.0, (1.5, 2.5, 2.2)), (9.0, (0.0, 0.5, 0.7)), (1.0, (0.2, 1.0, 40.0)), (2.0, (0.0, 1.0, 500.0))],
    ),
    "negativeBinomialNll": (
        negative_binomial,
        [(0.0, (0.4, 0.7)), (3.0, (2.5, 0.3)), (12.0, (1.0, 5.0)), (40.0, (35.0, 0.01)), (250.0, (300.0, 1.5)), (7.0, (1e-3, 20.0))],
    ),
}
likelihoods = {}
for name, (function, given) in cases.items():
    rows = []
    for y, parameters in given:
        value, gradient = nll(function, y, parameters)
        exact = float(scipy_value(name, y, parameters))
        assert abs(value - exact) < 1e-8 * max(1, abs(exact)), (name, y, parameters, value, exact)
        rows.append({"y": y, "parameters": parameters, "nll": exact, "gradient": gradient})
    likelihoods[name] = rows

student_rows = [
    {"freedom": v, "quantiles": stats.t.ppf(levels, v).tolist()} for v in [0.7, 1.0, 2.0, 2.5, 3.7, 8.0, 30.0, 400.0, 1e5]
]
counts = [
    {"mean": m, "dispersion": a, "quantiles": stats.nbinom.ppf(levels, 1 / a, 1 / (1 + a * m)).astype(int).tolist()}
    for m, a in [(0.02, 3.0), (0.4, 0.7), (3.0, 0.01), (25.0, 0.5), (25.0, 12.0), (900.0, 0.2), (40000.0, 1.1), (2e5, 1e-4)]
]
betas = [
    {"a": a, "b": b, "x": x, "value": float(special.betainc(a, b, x))}
    for a in [0.05, 0.5, 3.0, 80.0]
    for b in [0.5, 2.0, 450.0]
    for x in [1e-5, 0.01, 0.3, 0.9, 0.9999]
]
print(
    json.dumps(
        {
            "levels": levels,
            "likelihoods": likelihoods,
            "normal": stats.norm.ppf(levels).tolist(),
            "student": student_rows,
            "counts": counts,
            "beta": betas,
        },
        indent=1,
    )
)
