# Members beyond the simple methods on the airline passengers, written from their papers with numpy and scipy alone.
# Prints test/golden/arima.json: python3 test/golden/arima.py > test/golden/arima.json
import csv, json
import numpy as np
from scipy.optimize import minimize
from scipy.signal import lfilter

rows = list(csv.reader(open("data/airline-passengers.csv")))[1:]
y = np.log(np.array([float(r[1]) for r in rows])[:120])
H = 12


def polynomial(short, long, m):
    """(1 + sum a B^i)(1 + sum b B^(m j)) as coefficients by lag."""
    out = np.zeros(len(long) * m + 1)
    out[0] = 1
    for j, b in enumerate(long):
        out[(j + 1) * m] = b
    return np.convolve(out, np.r_[1, short])


def sides(theta, orders, m):
    p, q, P, Q = orders
    a, b, c, d = np.split(np.array(theta), np.cumsum([p, q, P]))
    return polynomial(-a, -c, m), polynomial(b, d, m)


def fit(w, orders, m, skipped):
    def squares(theta):
        ar, ma = sides(theta, orders, m)
        if np.any(np.abs(np.roots(ma[::-1])) < 1.001) or np.any(np.abs(np.roots(ar[::-1])) < 1.001):
            return 1e9
        return (lfilter(ar, ma, w)[skipped:] ** 2).sum()

    best = min(
        (minimize(squares, x, method="Nelder-Mead", options={"maxiter": 20000, "xatol": 1e-9, "fatol": 1e-13}) for x in [np.zeros(sum(orders)), np.full(sum(orders), -0.4), np.full(sum(orders), 0.3)]),
        key=lambda r: r.fun,
    )
    ar, ma = sides(best.x, orders, m)
    e = lfilter(ar, ma, w)
    x = list(w)
    e = list(e) + [0] * H
    for t in range(len(w), len(w) + H):
        x.append(-sum(c * x[t - k] for k, c in enumerate(ar) if k > 0 and t >= k) + sum(c * e[t - k] for k, c in enumerate(ma) if k > 0 and t >= k))
    return {"orders": dict(zip("pqPQ", orders)), "squares": best.fun, "ahead": x[-H:]}


w = np.diff(y[12:] - y[:-12])
w = (w - w.mean()) / w.std()
models = [fit(w, orders, 12, 3) for orders in [(0, 1, 0, 1), (1, 0, 1, 0), (2, 0, 0, 1)]]


# Seasonal indices shrunk by James and Stein's estimator (Miller & Williams 2003), additive on logarithms.
def shrunk(y, m):
    trend = np.convolve(y, np.r_[0.5, np.ones(m - 1), 0.5] / m, "valid")
    rest = np.full(len(y), np.nan)
    rest[m // 2 : len(y) - m // 2] = y[m // 2 : len(y) - m // 2] - trend
    index = np.array([np.nanmean(rest[i::m]) for i in range(m)])
    index -= index.mean()
    bends = np.diff(y - index[np.arange(len(y)) % m], 2)
    variance = (bends**2).mean() / 6 / (len(y) / m)
    between = (index**2).sum() / (m - 1)
    return (1 - (m - 3) / (m - 1) * variance / between) * index


noisy = y + 0.3 * np.sin(37.0 * np.arange(120) ** 2)
json.dump({"differenced": w.tolist(), "models": models, "noisy": noisy.tolist(), "shrunk": shrunk(noisy, 12).tolist()}, __import__("sys").stdout, indent=1)
print()
