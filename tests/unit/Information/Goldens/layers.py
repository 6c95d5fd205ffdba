"""Makes layers.json: spectra by NumPy's SVD (1.24.2) of a 40 x 12 matrix that layers.json holds too, and the numerical ranks of a small
ReLU network's Jacobians by central differences in double precision.

Run in this folder: python3 layers.py
"""
import json

import numpy as np

r = np.random.RandomState(3)
a = np.round(r.randn(40, 5) @ r.randn(5, 12) + 0.1 * r.randn(40, 12) + 0.5, 6)
s = np.linalg.svd(a, compute_uv=False)
p = s / s.sum() + 1e-7
q = s**2 / (s**2).sum()
l = np.linalg.eigvalsh(np.cov(a.T, bias=True))[::-1]
k = np.arange(1, 13)

w1, w2 = np.round(r.randn(6, 4), 3), np.round(r.randn(5, 6), 3)
x = np.round(r.randn(10, 4), 3)
f = lambda v: w2 @ np.maximum(w1 @ v, 0)
ranks = []
for v in x:
    h = 1e-6
    j = np.stack([(f(v + h * e) - f(v - h * e)) / (2 * h) for e in np.eye(4)], 1)
    ranks.append(int(np.linalg.matrix_rank(j, tol=1e-3 * np.linalg.norm(j, 2))))

json.dump({
    "a": a.ravel().tolist(),
    "rankme": np.exp(-(p * np.log(p)).sum()),
    "stable_rank": (s**2).sum() / s[0]**2,
    "participation": l.sum()**2 / (l**2).sum(),
    "alpha_req": -np.polyfit(np.log(k), np.log(l), 1)[0],
    "von_neumann_bits": -(q * np.log2(q)).sum(),
    "quadratic_bits": -np.log2((q**2).sum()),
    "w1": w1.ravel().tolist(), "w2": w2.ravel().tolist(), "x": x.ravel().tolist(), "ranks": ranks,
}, open("layers.json", "w"), indent=1)
