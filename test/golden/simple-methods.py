# Forecasts of the simple methods on the airline passengers, written from their papers with numpy and scipy alone.
# Prints test/golden/simple-methods.json: python3 test/golden/simple-methods.py > test/golden/simple-methods.json
import csv, json
import numpy as np
from scipy.optimize import minimize

rows = list(csv.reader(open("data/airline-passengers.csv")))[1:]
y = np.array([float(r[1]) for r in rows])[:120]
m, H = 12, 24


def indices(y, m):
    weights = np.r_[0.5, np.ones(m - 1), 0.5] / m
    trend = np.convolve(y, weights, "valid")
    ratio = np.full(len(y), np.nan)
    ratio[m // 2 : len(y) - m // 2] = y[m // 2 : len(y) - m // 2] / trend
    index = np.array([np.nanmean(ratio[i::m]) for i in range(m)])
    return index / index.mean()


def acf(y, lag):
    d = y - y.mean()
    return (d[lag:] * d[:-lag]).sum() / (d * d).sum()


limit = 1.645 / np.sqrt(len(y)) * np.sqrt(1 + 2 * sum(acf(y, k) ** 2 for k in range(1, m)))
assert abs(acf(y, m)) > limit
index = indices(y, m)
ahead = index[(len(y) + np.arange(H)) % m]
z = y / index[np.arange(len(y)) % m]


def errors(z, alpha, beta, phi, level, slope):
    out = []
    for value in z:
        base = level + phi * slope
        e = value - base
        out.append(e)
        level, slope = base + alpha * e, phi * slope + beta * e
    return np.array(out), level, slope


def exponential(z, kind, H):
    def unpack(p):
        alpha = p[0]
        beta = 0 if kind == "ses" else alpha * p[1]
        phi = p[2] if kind == "damped" else 1
        return alpha, beta, phi

    # First level and slope by least squares for every trial: the errors are linear in them.
    def solve(p):
        w = unpack(p)
        e = errors(z, *w, 0, 0)[0]
        columns = [errors(z, *w, 1, 0)[0] - e] + ([] if kind == "ses" else [errors(z, *w, 0, 1)[0] - e])
        start = np.linalg.lstsq(np.array(columns).T, -e, rcond=None)[0]
        level, slope = start[0], (0 if kind == "ses" else start[1])
        final = errors(z, *w, level, slope)
        return (final[0] ** 2).sum(), final[1], final[2], w[2]

    bounds = [(1e-4, 0.9999), (1e-4, 0.9999), (0.8, 0.98)][: {"ses": 1, "holt": 2, "damped": 3}[kind]]
    best = min(
        (
            minimize(lambda p: solve(p)[0] / 1e4, start[: len(bounds)], bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-10})
            for start in ([0.2, 0.1, 0.9], [0.8, 0.05, 0.97], [0.5, 0.5, 0.85])
        ),
        key=lambda r: r.fun,
    )
    _, level, slope, phi = solve(best.x)
    return level + np.cumsum(phi ** np.arange(1, H + 1)) * slope


def theta(z, H):
    t = np.arange(len(z))
    slope, level = np.polyfit(t, z, 1)
    curve = exponential(2 * z - (level + slope * t), "ses", H)
    return (curve + level + slope * (len(z) + np.arange(H))) / 2


parts = {kind: exponential(z, kind, H) for kind in ("ses", "holt", "damped")}
result = {name: (value * ahead).tolist() for name, value in parts.items()}
result["comb"] = (sum(parts.values()) / 3 * ahead).tolist()
result["theta"] = (theta(z, H) * ahead).tolist()
result["naive2"] = (z[-1] * ahead).tolist()
print(json.dumps({name: [round(v, 4) for v in values] for name, values in result.items()}))
